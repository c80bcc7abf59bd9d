/** One picture file, read a window at a time. */
import { fail, type Result, succeed } from '../errors';
import type { Georeference } from './georeference';

/** Pixels of one file. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Raster {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  /** Values of a pixel: 1 for one band, 3 for RGB. */
  readonly samples: number;
  /** 16 at most; samples are unsigned. */
  readonly bits: number;
  /** Where its pixels lie on the map; absent where the file does not say. */
  readonly georeference?: Georeference;
  /**
   * Reads one sample of a window into `into` (at least width × height counts, row by row). What is held in memory at a
   * time is the window and the blocks of the file under it. Errors: IMAGERY_WINDOW, IMAGERY_TRUNCATED, IMAGERY_FORMAT.
   */
  read(sample: number, window: Window, into: Uint16Array): Promise<Result<void>>;
  close(): Promise<void>;
}

/** What a file may declare; more is refused before anything of that size is allocated. */
export const imageryLimits = {
  /** Pixels along one side. */
  sidePx: 65_536,
  /** Pixels of one strip, tile or picture that can only be decoded whole. */
  blockPx: 64 * 2 ** 20,
  samples: 16,
} as const;

/** What every reader checks of what a header declares. Errors: IMAGERY_SIZE, IMAGERY_FORMAT. */
export function checkSize(file: string, width: number, height: number, samples: number): Result<void> {
  for (const [what, value, max] of [
    ['its width', width, imageryLimits.sidePx],
    ['its height', height, imageryLimits.sidePx],
    ['the number of its samples', samples, imageryLimits.samples],
  ] as const) {
    if (!Number.isInteger(value) || value < 1)
      return fail('IMAGERY_FORMAT', { file, why: `${what} is ${value}` });
    if (value > max) return fail('IMAGERY_SIZE', { file, what, value, max });
  }
  return succeed(undefined);
}

/** Errors: IMAGERY_WINDOW. */
export function checkWindow(
  { file, width, height }: Pick<Raster, 'file' | 'width' | 'height'>,
  w: Window,
): Result<void> {
  const inside = w.left >= 0 && w.top >= 0 && w.left + w.width <= width && w.top + w.height <= height;
  if (inside) return succeed(undefined);
  return fail('IMAGERY_WINDOW', { file, top: w.top, bottom: w.top + w.height - 1, height });
}
