/** How a capture is cut into strips, and how a strip lies in a buffer. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { PooledBuffer, SpectralBand, Swath } from '../../../fsw/framework';
import type { BandStack } from '../ports';

const MAX_SIDE = 0xffff;

/** What a swath is; it stays so to its end. */
export interface Shape {
  readonly bands: readonly SpectralBand[];
  readonly width: number;
  /** Lines that go together: the least common multiple of all scales. */
  readonly grain: number;
}

/** Errors: HIGHRES_SHAPE. */
export function shapeOf({ bands, width }: Swath, imager: string): Result<Shape> {
  const wrong = (why: string) => fail('HIGHRES_SHAPE', { imager, why });
  if (bands.length === 0) return wrong('no bands');
  if (!Number.isInteger(width) || width < 1 || width > MAX_SIDE) return wrong(`a width of ${width}`);
  const odd = bands.find(({ scale }) => !Number.isInteger(scale) || scale < 1);
  if (odd) return wrong(`band ${odd.name} of scale ${odd.scale}`);
  const grain = bands.reduce((all, { scale }) => (all * scale) / commonDivisor(all, scale), 1);
  if (grain > MAX_SIDE) return wrong(`scales that go together every ${grain} lines`);
  return succeed({ bands: bands.map((band) => ({ ...band })), width, grain });
}

/** Errors: HIGHRES_SHAPE, when the swath isn't any more what it was. */
export function checkShape(shape: Shape, swath: Swath, imager: string): Result<void> {
  const same =
    swath.width === shape.width &&
    swath.bands.length === shape.bands.length &&
    shape.bands.every(({ name, scale }, i) => swath.bands[i].name === name && swath.bands[i].scale === scale);
  if (same) return succeed(undefined);
  const why = `${swath.bands.length} bands of width ${swath.width} after ${shape.bands.length} of ${shape.width}`;
  return fail('HIGHRES_SHAPE', { imager, why });
}

/** Counts of each band in `lines` lines. */
export function planeLengths({ bands, width }: Shape, lines: number): number[] {
  return bands.map(({ scale }) => Math.ceil(width / scale) * (lines / scale));
}

/** Bytes of a strip of `lines` lines. */
export function stripBytes(shape: Shape, lines: number): number {
  return 2 * planeLengths(shape, lines).reduce((sum, length) => sum + length, 0);
}

/** Planes over one buffer, one behind the other. */
export function stackOver(shape: Shape, lines: number, buffer: PooledBuffer): BandStack {
  const { buffer: memory, byteOffset } = buffer.bytes;
  let at = byteOffset;
  const planes = planeLengths(shape, lines).map((length) => {
    const plane = new Uint16Array(memory, at, length);
    at += length * 2;
    return plane;
  });
  return { bands: shape.bands, planes, release: () => void buffer.release() };
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
