/** What `index.ts` asks of pictures, crops and scenes. */
import { type Failed, fail } from '../../fsw/errors';
import { beyond, outside, shared, short } from '../checks';
import type { NetworkInput, Picture, Scene } from '.';

/** The longest side of a picture. */
export const MAX_SIDE = 65_536;
/** The most channels of a picture: Sentinel-2 has 13 bands. */
export const MAX_CHANNELS = 13;
/** The most pixels, along one axis, that become one: with more, 14-bit weights would be too coarse. */
export const MAX_SHRINK = 64;

export function badPreprocess(
  picture: Picture,
  crops: Uint32Array,
  { width, height, mean, std }: NetworkInput,
  out: Float32Array,
): Failed | undefined {
  const { channels } = picture;
  const kernel = 'preprocess';
  const bad =
    outside(kernel, "the network's width", width, 1, MAX_SIDE) ??
    outside(kernel, "the network's height", height, 1, MAX_SIDE) ??
    badPicture(kernel, picture, crops, out) ??
    short(kernel, 'mean', mean, channels) ??
    short(kernel, 'std', std, channels) ??
    short(kernel, 'out', out, (crops.length / 4) * channels * width * height) ??
    shared(kernel, 'mean', mean, 'out', out) ??
    shared(kernel, 'std', std, 'out', out);
  if (bad) return bad;
  for (let c = 0; c < channels; c++) {
    const wrong = beyond(kernel, 'mean', mean[c], -1e6, 1e6) ?? beyond(kernel, 'std', std[c], 1e-6, 1e6);
    if (wrong) return wrong;
  }
  for (let crop = 0; crop * 4 < crops.length; crop++) {
    const [wide, high] = [crops[crop * 4 + 2], crops[crop * 4 + 3]];
    if (wide > width * MAX_SHRINK)
      return fail('IMAGE_SHRINK', { crop, from: wide, to: width, max: MAX_SHRINK });
    if (high > height * MAX_SHRINK)
      return fail('IMAGE_SHRINK', { crop, from: high, to: height, max: MAX_SHRINK });
  }
  return undefined;
}

export function badPicture(
  kernel: string,
  { data, width, height, channels }: Picture,
  crops: Uint32Array,
  out: Float32Array,
): Failed | undefined {
  const bad =
    outside(kernel, 'width', width, 1, MAX_SIDE) ??
    outside(kernel, 'height', height, 1, MAX_SIDE) ??
    outside(kernel, 'channels', channels, 1, MAX_CHANNELS) ??
    outside(kernel, 'crops', crops.length / 4, 0, 2 ** 30) ??
    short(kernel, 'data', data, width * height * channels) ??
    shared(kernel, 'data', data, 'out', out) ??
    shared(kernel, 'crops', crops, 'out', out);
  if (bad) return bad;
  for (let at = 0; at < crops.length; at += 4) {
    const [left, top, wide, high] = [crops[at], crops[at + 1], crops[at + 2], crops[at + 3]];
    if (left + wide > width || top + high > height || wide === 0 || high === 0)
      return fail('IMAGE_CROP', {
        crop: at / 4,
        left,
        top,
        width: wide,
        height: high,
        frame: `${width}x${height}`,
      });
  }
  return undefined;
}

export function badScene(
  kernel: string,
  { data, bands, pixels }: Scene,
  used: ArrayLike<number>,
  out: Float32Array,
): Failed | undefined {
  const bad =
    outside(kernel, 'bands', bands, 1, 256) ??
    outside(kernel, 'pixels', pixels, 1, 2 ** 30) ??
    short(kernel, 'data', data, bands * pixels) ??
    shared(kernel, 'data', data, 'out', out);
  if (bad) return bad;
  for (let i = 0; i < used.length; i++) {
    const wrong = outside(kernel, 'band', used[i], 0, bands - 1);
    if (wrong) return wrong;
  }
  return undefined;
}
