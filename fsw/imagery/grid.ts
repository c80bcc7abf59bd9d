/** The one grid on which the bands of a scene lie, whatever their resolutions and corners. */
import { fail, type Result, succeed } from '../errors';
import { type Affine, toMap, toPixel } from './georeference';
import type { Raster } from './raster';

/** A band in the scene: pixels of the finest bands per pixel, and which of its pixels is the scene's first. */
export interface Placement {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

export interface Grid {
  /** Finest pixels, multiples of every scale. */
  readonly width: number;
  readonly lines: number;
  readonly placement: readonly Placement[];
  /** From finest pixels of the scene to the map. */
  readonly affine?: Affine;
}

/** A pixel edge is on the grid when it is this near, in finest pixels. */
const ON_GRID = 0.01;
/** 60 m over 10 m is 6. */
const MAX_SCALE = 32;

/**
 * Cuts all bands to what every one covers, at the first corner that lies on the edges of all: no pixel is resampled.
 * Errors: SCENE_MIXED where reference systems differ, pixels are no whole multiple of the finest, edges don't meet, or some
 * files know their place and others don't.
 */
export function gridOf(rasters: readonly Raster[]): Result<Grid> {
  const finest = rasters.reduce((a, b) => (b.width > a.width ? b : a));
  const placed: { scale: number; x: number; y: number; raster: Raster }[] = [];
  for (const raster of rasters) {
    const at = offsetOn(finest, raster);
    if (!at.ok) return at;
    placed.push({ ...at.value, raster });
  }
  const step = placed.reduce((all, { scale }) => leastCommonMultiple(all, scale), 1);
  const axis = (edge: 'x' | 'y', side: 'width' | 'height') => {
    let start = Math.max(...placed.map((band) => band[edge]));
    const end = Math.min(...placed.map(({ [edge]: from, scale, raster }) => from + scale * raster[side]));
    // Edges of all bands meet once in every `step` pixels, or never.
    const meets = (at: number) => placed.every(({ [edge]: from, scale }) => (at - from) % scale === 0);
    for (let tries = 0; tries < step && !meets(start); tries++) start++;
    return { start, length: meets(start) ? Math.floor((end - start) / step) * step : 0 };
  };
  const [across, along] = [axis('x', 'width'), axis('y', 'height')];
  const narrow = across.length <= 0 ? across : along;
  if (narrow.length <= 0) return mixed(rasters[rasters.length - 1], finest, 'grid', 'of its pixels', 'grid');
  const { georeference } = finest;
  return succeed({
    width: across.length,
    lines: along.length,
    placement: placed.map(({ scale, x, y }) => ({
      scale,
      left: (across.start - x) / scale,
      top: (along.start - y) / scale,
    })),
    affine: georeference && {
      ...georeference.affine,
      ...toMap(georeference.affine, across.start, along.start),
    },
  });
}

/** Where a raster's corner lies on the finest one's grid, in whole finest pixels. */
function offsetOn(finest: Raster, raster: Raster): Result<{ scale: number; x: number; y: number }> {
  const [f, r] = [finest.georeference, raster.georeference];
  if (f === undefined || r === undefined) {
    if (f !== r)
      return mixed(raster, finest, 'georeference', r ? 'given' : 'absent', f ? 'given one' : 'absent one');
    const scale = Math.round(finest.width / raster.width);
    const fits = scale * raster.width === finest.width && scale * raster.height === finest.height;
    if (!fits) return mixed(raster, finest, 'size', sizeOf(raster), `size ${sizeOf(finest)}`);
    return succeed({ scale, x: 0, y: 0 });
  }
  if (f.epsg !== r.epsg) return mixed(raster, finest, 'reference system', `EPSG:${r.epsg}`, `EPSG:${f.epsg}`);
  const scale = Math.round(Math.hypot(r.affine.xx, r.affine.yx) / Math.hypot(f.affine.xx, f.affine.yx));
  const origin = toPixel(f.affine, r.affine);
  const far = toPixel(f.affine, toMap(r.affine, raster.width, raster.height));
  const [x, y] = [Math.round(origin.x), Math.round(origin.y)];
  const off = Math.max(
    Math.abs(origin.x - x),
    Math.abs(origin.y - y),
    Math.abs(far.x - x - scale * raster.width),
    Math.abs(far.y - y - scale * raster.height),
  );
  if (scale < 1 || scale > MAX_SCALE || !(off <= ON_GRID))
    return mixed(raster, finest, 'grid', `${pixelOf(r.affine)} at ${r.affine.x} ${r.affine.y}`, 'grid');
  return succeed({ scale, x, y });
}

function mixed(raster: Raster, other: Raster, what: string, found: string, expected: string) {
  return fail('SCENE_MIXED', { file: raster.file, what, found, expected, other: other.file });
}

const sizeOf = ({ width, height }: Raster) => `${width}x${height}`;
const pixelOf = ({ xx, yy }: Affine) => `of ${xx} x ${yy}`;

function leastCommonMultiple(a: number, b: number): number {
  const divisor = (p: number, q: number): number => (q === 0 ? p : divisor(q, p % q));
  return (a / divisor(a, b)) * b;
}
