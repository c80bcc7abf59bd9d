import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { fail, type Result, succeed } from '../../fsw/errors';

/** Most red that the night picture's ground has for its blue. */
const GROUND_RED_TO_BLUE = 0.25;

/** A map of the whole Earth in equirectangular projection, 180°W 90°N at its first pixel's corner. */
export interface EarthMap {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** The pictures of npm three-globe (NASA Blue Marble and its kin) as typed arrays. */
export interface Earth {
  /** Cloud-free ground by day, RGB. */
  readonly day: EarthMap;
  /** City lights on black, RGB. */
  readonly lights: EarthMap;
  /** Opacity of the clouds, 0..255. */
  readonly clouds: EarthMap;
  /** 255 is water, 0 land. */
  readonly water: EarthMap;
  /** Height of the land, 0..255, sea 0; the picture's own scale. */
  readonly elevation: EarthMap;
}

/** Decodes all five maps (about 0.5 s, 62 MB). Fails with `EARTH_MAP_MISSING` when one can't be read. */
export async function loadEarth(): Promise<Result<Earth>> {
  try {
    const examples = join(dirname(require.resolve('three-globe')), '..', 'example');
    const open = (name: string) => sharp(join(examples, name));
    const [day, night, clouds, water, elevation] = await Promise.all([
      decode(open('img/earth-blue-marble.jpg')),
      decode(open('img/earth-night.jpg')),
      decode(open('clouds/clouds.png').extractChannel('alpha')),
      decode(open('img/earth-water.png').extractChannel(0)),
      decode(open('img/earth-topology.png').extractChannel(0)),
    ]);
    return succeed({ day, lights: lightsOf(night), clouds, water, elevation });
  } catch (cause) {
    return fail('EARTH_MAP_MISSING', { why: cause instanceof Error ? cause.message : cause });
  }
}

async function decode(picture: sharp.Sharp): Promise<EarthMap> {
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { width: info.width, height: info.height, channels: info.channels, data: bytes };
}

/** The night picture less its painted moonlit ground, which is blue where lights are warm or white. */
function lightsOf(night: EarthMap): EarthMap {
  const data = new Uint8Array(night.data.length);
  for (let i = 0; i < data.length; i += 3) {
    const [red, green, blue] = [night.data[i], night.data[i + 1], night.data[i + 2]];
    const share = Math.max(red - GROUND_RED_TO_BLUE * blue, 0) / Math.max(red, 1);
    data[i] = red * share;
    data[i + 1] = green * share;
    data[i + 2] = blue * share;
  }
  return { ...night, data };
}

/**
 * Bilinear sample of every channel into `out`, 0..255. `u` is the longitude as a share of the turn from
 * 180°W (any value: it wraps), `v` the colatitude as a share of the way from the north to the south pole.
 */
export function sample(map: EarthMap, u: number, v: number, out: Float32Array): void {
  const { width, height, channels, data } = map;
  const x = (u - Math.floor(u)) * width - 0.5;
  const y = Math.min(Math.max(v * height - 0.5, 0), height - 1);
  const column = Math.floor(x);
  const row = Math.floor(y);
  const fx = x - column;
  const fy = y - row;
  const west = column < 0 ? width - 1 : column;
  const east = column + 1 >= width ? 0 : column + 1;
  const north = row * width;
  const south = (row + 1 < height ? row + 1 : row) * width;
  let nw = (north + west) * channels;
  let ne = (north + east) * channels;
  let sw = (south + west) * channels;
  let se = (south + east) * channels;
  for (let c = 0; c < channels; c++) {
    const upper = data[nw] + (data[ne] - data[nw]) * fx;
    const lower = data[sw] + (data[se] - data[sw]) * fx;
    out[c] = upper + (lower - upper) * fy;
    nw++;
    ne++;
    sw++;
    se++;
  }
}
