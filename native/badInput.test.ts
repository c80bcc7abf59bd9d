import { describe, expect, it } from 'vitest';
import type { ErrorCode, Result } from '../fsw/errors';
import { native } from './addon';
import * as bitsRoom from './bits';
import * as imageRoom from './image';
import { noAddon, whyNoAddon } from './reference/compare';
import * as tensorRoom from './tensor';

const picture = { data: new Uint8Array(10 * 8 * 3), width: 10, height: 8, channels: 3 };
const input = { width: 4, height: 4, mean: new Float32Array(3), std: new Float32Array(3).fill(1) };
const scene = { data: new Uint16Array(3 * 20), bands: 3, pixels: 20, layout: 'planar' as const };
const mosaic = { data: new Uint8Array(10 * 8), width: 10, height: 8, pattern: 'RGGB' as const };
const boxes = { corners: new Float32Array(8), scores: new Float32Array(2), classes: new Uint32Array(2) };
const indices = { blue: 0, red: 1, reflectance: 1e-4 };
const whole = Uint32Array.of(0, 0, 10, 8);
const filled = <T extends { fill(value: number): T }>(out: T) => out.fill(9);

type Case = readonly [
  why: string,
  code: ErrorCode,
  run: (out: Float32Array, small: Uint8Array) => Result<unknown>,
];

const imageCases = ({
  preprocess,
  meanLevels,
  normalisedDifference,
  cloudIndex,
  debayer,
}: typeof imageRoom.image): Case[] => [
  ['a crop of no pixels', 'IMAGE_CROP', (out) => preprocess(picture, Uint32Array.of(0, 0, 0, 4), input, out)],
  [
    'a crop over the right edge',
    'IMAGE_CROP',
    (out) => preprocess(picture, Uint32Array.of(7, 0, 4, 4), input, out),
  ],
  [
    'a crop under the frame',
    'IMAGE_CROP',
    (out) => preprocess(picture, Uint32Array.of(0, 9, 1, 1), input, out),
  ],
  [
    'a crop whose edge wraps around 32 bits',
    'IMAGE_CROP',
    (out) => preprocess(picture, Uint32Array.of(0xffffffff, 0, 2, 2), input, out),
  ],
  [
    'a bad crop after a good one',
    'IMAGE_CROP',
    (out) => preprocess(picture, Uint32Array.of(0, 0, 2, 2, 0, 0, 11, 1), input, out),
  ],
  ['a crop of three numbers', 'KERNEL_SIZE', (out) => preprocess(picture, whole.subarray(1), input, out)],
  [
    'a crop that shrinks too far',
    'IMAGE_SHRINK',
    (out) => {
      const wide = { data: new Uint8Array(600), width: 600, height: 1, channels: 1 };
      return preprocess(wide, Uint32Array.of(0, 0, 600, 1), { ...input, height: 1 }, out);
    },
  ],
  ['a frame of no width', 'KERNEL_SIZE', (out) => preprocess({ ...picture, width: 0 }, whole, input, out)],
  ['half a pixel', 'KERNEL_SIZE', (out) => preprocess({ ...picture, height: 1.5 }, whole, input, out)],
  ['a huge frame', 'KERNEL_SIZE', (out) => preprocess({ ...picture, width: 2 ** 40 }, whole, input, out)],
  ['14 channels', 'KERNEL_SIZE', (out) => preprocess({ ...picture, channels: 14 }, whole, input, out)],
  ['a network of no width', 'KERNEL_SIZE', (out) => preprocess(picture, whole, { ...input, width: 0 }, out)],
  [
    'a deviation of zero',
    'KERNEL_SIZE',
    (out) => preprocess(picture, whole, { ...input, std: Float32Array.of(1, 0, 1) }, out),
  ],
  [
    'a mean that is no number',
    'KERNEL_SIZE',
    (out) => preprocess(picture, whole, { ...input, mean: Float32Array.of(0, 0, Number.NaN) }, out),
  ],
  [
    'too few deviations',
    'KERNEL_BUFFER',
    (out) => preprocess(picture, whole, { ...input, std: Float32Array.of(1, 1) }, out),
  ],
  [
    'a truncated frame',
    'KERNEL_BUFFER',
    (out) => preprocess({ ...picture, data: picture.data.subarray(1) }, whole, input, out),
  ],
  ['a short output', 'KERNEL_BUFFER', (out) => preprocess(picture, whole, input, out.subarray(0, 47))],
  [
    'an output over the frame',
    'KERNEL_SHARED',
    (out) => preprocess({ ...picture, data: new Uint8Array(out.buffer) }, whole, input, out),
  ],
  ['the mean of no pixels', 'IMAGE_CROP', (out) => meanLevels(picture, Uint32Array.of(1, 1, 1, 0), out)],
  ['a mean too many', 'KERNEL_BUFFER', (out) => meanLevels(picture, whole, out.subarray(1, 1))],
  ['no such band', 'KERNEL_SIZE', (out) => normalisedDifference(scene, Uint32Array.of(0, 3), out)],
  ['half a pair', 'KERNEL_SIZE', (out) => normalisedDifference(scene, Uint32Array.of(0), out)],
  [
    'a short plane',
    'KERNEL_BUFFER',
    (out) => normalisedDifference(scene, Uint32Array.of(0, 1), out.subarray(0, 19)),
  ],
  [
    'too few samples',
    'KERNEL_BUFFER',
    (out) => normalisedDifference({ ...scene, pixels: 21 }, Uint32Array.of(0, 1), out),
  ],
  ['no pixels', 'KERNEL_SIZE', (out) => cloudIndex({ ...scene, pixels: 0 }, indices, out)],
  ['no reflectance', 'KERNEL_SIZE', (out) => cloudIndex(scene, { ...indices, reflectance: Number.NaN }, out)],
  ['half a band', 'KERNEL_SIZE', (out) => cloudIndex(scene, { ...indices, red: 0.5 }, out)],
  ['a mosaic one pixel wide', 'KERNEL_SIZE', (_, rgb) => debayer({ ...mosaic, width: 1 }, rgb)],
  ['a truncated mosaic', 'KERNEL_BUFFER', (_, rgb) => debayer({ ...mosaic, height: 9 }, rgb)],
  ['a short picture', 'KERNEL_BUFFER', (_, rgb) => debayer(mosaic, rgb.subarray(0, 239))],
  [
    'a picture of other levels',
    'KERNEL_SIZE',
    (_, rgb) => debayer<Uint8Array | Uint16Array>({ ...mosaic, data: new Uint16Array(80) }, rgb),
  ],
  ['a picture over its mosaic', 'KERNEL_SHARED', (_, rgb) => debayer({ ...mosaic, data: rgb }, rgb)],
];

const tensorCases = ({ nms, quantise, dequantise }: typeof tensorRoom.tensor): Case[] => [
  [
    'an unfinished box',
    'KERNEL_SIZE',
    (out) => nms({ ...boxes, corners: new Float32Array(7) }, 0.5, view(out)),
  ],
  ['a score too few', 'KERNEL_SIZE', (out) => nms({ ...boxes, scores: new Float32Array(1) }, 0.5, view(out))],
  [
    'a class too many',
    'KERNEL_SIZE',
    (out) => nms({ ...boxes, classes: new Uint32Array(3) }, 0.5, view(out)),
  ],
  ['a threshold over one', 'KERNEL_SIZE', (out) => nms(boxes, 1.5, view(out))],
  ['a threshold that is no number', 'KERNEL_SIZE', (out) => nms(boxes, Number.NaN, view(out))],
  [
    'kept over scores',
    'KERNEL_SHARED',
    (out) => nms({ ...boxes, scores: out.subarray(0, 2) }, 0.5, view(out)),
  ],
  ['too few bytes', 'KERNEL_BUFFER', (out) => quantise(new Float32Array(40), new Int8Array(39), out)],
  [
    'too few scales',
    'KERNEL_BUFFER',
    (out) => quantise(new Float32Array(33), new Int8Array(40), out.subarray(0, 1)),
  ],
  [
    'scales over bytes',
    'KERNEL_SHARED',
    (out) => quantise(new Float32Array(8), new Int8Array(out.buffer), out),
  ],
  [
    'fewer bytes than values',
    'KERNEL_BUFFER',
    (out) => dequantise(new Int8Array(9), new Float32Array(9), out),
  ],
  [
    'values over bytes',
    'KERNEL_SHARED',
    (out) => dequantise(new Int8Array(out.buffer), new Float32Array(9), out),
  ],
];

const bitsCases = ({ packRecords, unpackRecords, crc16Frames }: typeof bitsRoom.bits): Case[] => [
  ['a schema without fields', 'KERNEL_SIZE', (_, out) => packRecords(new Int8Array(0), whole, out)],
  ['a field of no bits', 'KERNEL_SIZE', (_, out) => packRecords(Int8Array.of(3, 0), whole, out)],
  ['a field of 33 bits', 'KERNEL_SIZE', (_, out) => packRecords(Int8Array.of(33), whole, out)],
  ['a signed field of 128 bits', 'KERNEL_SIZE', (_, out) => packRecords(Int8Array.of(-128), whole, out)],
  ['an unfinished record', 'KERNEL_SIZE', (_, out) => packRecords(Int8Array.of(3, 4, 5), whole, out)],
  ['a value too large', 'BITS_VALUE', (_, out) => packRecords(Int8Array.of(4, 3), whole, out)],
  [
    'a buffer too short',
    'KERNEL_BUFFER',
    (_, out) => packRecords(Int8Array.of(9), whole, out.subarray(0, 7)),
  ],
  [
    'bytes over values',
    'KERNEL_SHARED',
    (_, out) => packRecords(Int8Array.of(9), new Uint32Array(out.buffer), out),
  ],
  [
    'too few bytes',
    'KERNEL_BUFFER',
    (out) => unpackRecords(Int8Array.of(32), new Uint8Array(191), view(out)),
  ],
  ['frames of no size', 'KERNEL_SIZE', (out) => crc16Frames(picture.data, 0, new Uint16Array(out.buffer))],
  [
    'fewer bytes than frames',
    'KERNEL_BUFFER',
    (out) => crc16Frames(picture.data, 121, new Uint16Array(out.buffer, 0, 2)),
  ],
  ['CRCs over frames', 'KERNEL_SHARED', (_, out) => crc16Frames(out, 2, new Uint16Array(out.buffer, 0, 4))],
];

function view(out: Float32Array): Uint32Array {
  return new Uint32Array(out.buffer, out.byteOffset, out.length);
}

describe.each([
  ['image', [...imageCases(imageRoom.image), ...imageCases(imageRoom.reference)]],
  ['tensor', [...tensorCases(tensorRoom.tensor), ...tensorCases(tensorRoom.reference)]],
  ['bits', [...bitsCases(bitsRoom.bits), ...bitsCases(bitsRoom.reference)]],
])('the kernels of %s, the addon where it is and the reference', (_, cases) => {
  it.each(cases)('refuse %s (%s) and write nothing', (_, code, run) => {
    const out = filled(new Float32Array(96));
    const small = filled(new Uint8Array(240));
    const done = run(out, small);
    expect(done.ok ? 'it was done' : done.error.code).toBe(code);
    if (!done.ok) expect(done.error.text).not.toContain('undefined');
    expect(out.every((value) => value === 9)).toBe(true);
    expect(small.every((value) => value === 9)).toBe(true);
  });
});

describe('the addon by itself', () => {
  it.skipIf(noAddon)(`refuses what would make a kernel read or write beyond a buffer${whyNoAddon}`, () => {
    const { addon } = native;
    if (addon === undefined) return;
    const [short, out, words] = [new Uint8Array(3), new Float32Array(4), new Uint32Array(4)];
    const pages = new Uint8Array(4096);
    const { mean, std } = input;
    const refused: (() => unknown)[] = [
      () => addon.preprocess(short, 2, 2, 3, whole, 1, 1, mean, std, out),
      () => addon.preprocess(picture.data, 10, 8, 3, Uint32Array.of(9, 9, 9, 9), 1, 1, mean, std, out),
      () => addon.preprocess(picture.data, 10, 8, 3, whole, 2, 2, mean, std, out),
      () => addon.preprocess(picture.data, 10, 8, 3, whole, 1, 1, new Float32Array(2), std, out),
      () => addon.meanLevels(short, 1, 1, 1, Uint32Array.of(0, 0, 1, 1), out.subarray(4)),
      () => addon.normalisedDifferenceU8(short, 3, 1, false, Uint32Array.of(0, 3), out),
      () => addon.cloudIndexF32(out, 2, 3, false, 0, 1, 1, new Float32Array(3)),
      () => addon.debayerU8(short, 2, 2, 0, 0, new Uint8Array(12)),
      () => addon.debayerU8(short, 1, 3, 0, 0, new Uint8Array(9)),
      () => addon.nms(out, new Float32Array(2), new Uint32Array(1), 0.5, words),
      () => addon.quantise(out, new Int8Array(3), new Float32Array(1)),
      () => addon.dequantise(new Int8Array(4), new Float32Array(0), out),
      () => addon.packRecords(Int8Array.of(32), words, short),
      () => addon.packRecords(Int8Array.of(0), words, short),
      () => addon.unpackRecords(Int8Array.of(33), short, words),
      () => addon.unpackRecords(Int8Array.of(8), short, words),
      () => addon.crc16Frames(short, 2, new Uint16Array(2)),
      () => addon.crc16Frames(short, 0, new Uint16Array(2)),
      () => addon.eccSecdedEncode(pages, pages.subarray(0, 512)),
      () => addon.eccSecdedScrub(pages, pages.subarray(0, 512)),
      () => addon.eccWordScrub(pages, pages.subarray(0, 512)),
    ];
    for (const call of refused) expect(call).toThrowError(expect.objectContaining({ code: 'InvalidArg' }));
  });
});
