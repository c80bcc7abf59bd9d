/** Small bright targets painted into a scene at known places: the truth for where a detection lies. */
import { succeed } from '../../../fsw/errors';
import type { Place } from '../../../fsw/framework';
import type { Point, Scene } from '../../../fsw/imagery';

export interface Target {
  readonly place: Place;
  /** Its centre, finest pixels from the scene's upper left corner. */
  readonly at: Point;
}

export interface TargetShape {
  /** Finest pixels along and across its heading. */
  readonly lengthPx: number;
  readonly widthPx: number;
  /** Of the whole target, in every band. */
  readonly reflectance: number;
}

/** A vessel of 120 × 30 m at 10 m. */
export const VESSEL: TargetShape = { lengthPx: 12, widthPx: 3, reflectance: 0.35 };

/**
 * A grid of places, every `stepPx` finest pixels, at round thousandths of a degree so that nothing of the pixels' grid is in
 * them; none nearer to the edge than half a step. Empty for a scene that knows no place.
 */
export function targetGrid({ ground, width, lines }: Scene, stepPx: number): Target[] {
  if (ground === undefined) return [];
  const targets: Target[] = [];
  for (let y = stepPx / 2; y <= lines - stepPx / 2; y += stepPx)
    for (let x = stepPx / 2; x <= width - stepPx / 2; x += stepPx) {
      const near = ground.placeOf({ x, y });
      const place = { latDeg: round(near.latDeg), lonDeg: round(near.lonDeg) };
      targets.push({ place, at: ground.pointOf(place) });
    }
  return targets;
}

/** The scene with a target at each place, heading east or, every other one, north; a pixel is painted by the share that is covered. */
export function paintTargets(scene: Scene, targets: readonly Target[], shape: TargetShape = VESSEL): Scene {
  return {
    ...scene,
    async read(band, first, count, into) {
      const done = await scene.read(band, first, count, into);
      if (!done.ok) return done;
      const { scale, gain, offset } = scene.bands[band];
      const width = scene.width / scale;
      const counts = (shape.reflectance - offset) / gain;
      for (const [i, { at }] of targets.entries()) {
        const [w, h] = (i % 2 === 0 ? [shape.lengthPx, shape.widthPx] : [shape.widthPx, shape.lengthPx]).map(
          (px) => px / scale,
        );
        const [left, top] = [at.x / scale - w / 2, at.y / scale - h / 2];
        const last = Math.min(first + count - 1, Math.floor(top + h));
        for (let row = Math.max(first, Math.floor(top)); row <= last; row++)
          for (
            let column = Math.max(0, Math.floor(left));
            column <= Math.min(width - 1, Math.floor(left + w));
            column++
          ) {
            const share = overlap(column, left, w) * overlap(row, top, h);
            const pixel = (row - first) * width + column;
            into[pixel] = Math.round(into[pixel] * (1 - share) + counts * share);
          }
      }
      return succeed(undefined);
    },
  };
}

/** How much of a pixel from `pixel` to `pixel + 1` lies within `start` to `start + length`. */
function overlap(pixel: number, start: number, length: number): number {
  return Math.max(0, Math.min(pixel + 1, start + length) - Math.max(pixel, start));
}

function round(degrees: number): number {
  return Math.round(degrees * 1000) / 1000;
}
