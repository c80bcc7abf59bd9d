/** Imagers that scan: a line across the track at a time, in several spectral bands, at a place that they are turned to. */
import type { Result } from '../errors';
import type { GroundView } from './board';

/** One spectral band, by its common name in the STAC Electro-Optical extension: `blue`, `green`, `red`, `nir`, `swir16` … */
export interface SpectralBand {
  readonly name: string;
  /** Pixels of the finest bands that one pixel spans along each axis: 1, 2 (20 m of 10 m), 6 (60 m). */
  readonly scale: number;
  /** Top-of-atmosphere reflectance = count × gain + offset. */
  readonly gain: number;
  readonly offset: number;
}

/** A place on the ground, degrees (WGS-84). */
export interface Place {
  readonly latDeg: number;
  readonly lonDeg: number;
}

/** What a read says of the lines that it wrote. */
export interface Scan {
  /** Flight time of the first line, microseconds. */
  readonly atUs: number;
  /**
   * Where the strip lies: the place of its centre, the heading of its first line's side (the first line is the top of the
   * picture), the ground sample distance of the finest bands. Absent when the source has no georeference.
   */
  readonly view?: GroundView;
}

/** A capture under way: the lines come in order, once each. */
export interface Swath {
  readonly bands: readonly SpectralBand[];
  /** Pixels across, of the finest bands. */
  readonly width: number;
  /** Lines of the finest bands in the whole capture; undefined while the source can't know. */
  readonly lines: number | undefined;
  /**
   * Reads the next `lines` lines of the finest bands (a multiple of every scale) into one plane a band, in the order of
   * `bands`: `⌈width / scale⌉ × lines / scale` counts each, row by row. Errors: SWATH_END, SWATH_PLANES, those of the source.
   */
  read(lines: number, into: readonly Uint16Array[]): Promise<Result<Scan>>;
  close(): void;
}

export interface Pushbroom {
  /** Turned to `target` (straight down without one), begins a capture. Errors: PUSHBROOM_NOTHING_THERE, those of the source. */
  open(target?: Place): Promise<Result<Swath>>;
}
