/** The ports of the high-resolution chain: from a place worth a look to what was found there. */
import {
  enumeration,
  F32,
  F64,
  port,
  reference,
  type SpectralBand,
  string,
  struct,
  Time,
  U16,
  U32,
} from '../../fsw/framework';

/** The longest name of a target. */
export const TargetName = string(40);

/** Orders one capture; the planner has made sure that it can be had. */
export const CaptureOrder = port('CaptureOrder', {
  ticket: U32,
  target: TargetName,
  latDeg: F64,
  lonDeg: F64,
  /** When the target is seen best; the camera opens its shutter then. */
  at: Time,
});
export const CaptureStatus = enumeration('Imaging.CaptureStatus', {
  DONE: 0,
  NO_IMAGERY: 1,
  FAILED: 2,
  ABORTED: 3,
});
/** How the capture with this ticket ended. */
export const CaptureDone = port('CaptureDone', { ticket: U32, status: CaptureStatus, strips: U16 });

/** One strip of a capture, without its pixels. */
export const StripInfo = struct('Imaging.StripInfo', {
  /** Counts captures since boot. */
  capture: U32,
  target: TargetName,
  /** From 0; all strips of a capture but the last have the same height. */
  strip: U16,
  /** Line of the capture that is this strip's first. */
  firstLine: U32,
  time: Time,
  /** Pixels of the finest bands. */
  width: U16,
  height: U16,
  /** Place of the strip's centre, heading of its up edge, ground sample distance of the finest bands; gsdM 0: nowhere known. */
  latDeg: F64,
  lonDeg: F64,
  headingDeg: F32,
  gsdM: F32,
});

/** The counts of one strip in every band. */
export interface BandStack {
  readonly bands: readonly SpectralBand[];
  /** One a band: `⌈width / scale⌉ × height / scale` counts, row by row, over one pooled buffer. */
  readonly planes: readonly Uint16Array[];
  release(): void;
}

/** Strips follow each other in order; after the last of a capture comes one call of `captureEnd`. */
export const Strip = port('Strip', { info: StripInfo, stack: reference<BandStack>('BandStack') });
/** No more strips of this capture: what was held for neighbours can be let go. `height`: lines in all. */
export const CaptureEnd = port('CaptureEnd', { capture: U32, target: TargetName, strips: U16, height: U32 });

/** Cloud by cell, row by row; a cell is `scale` finest pixels wide. */
export interface CloudMask {
  readonly scale: number;
  readonly width: number;
  readonly height: number;
  /** Probability, 0 to 1; NaN where nothing is known: no data, saturated. */
  readonly cloud: Float32Array;
  /** Share of the known cells that is clouded (probability of one half and more); NaN when none is known. */
  readonly fraction: number;
  /** Absent: by the network. `brightness`: by the haze-optimised index, which is weaker and no calibrated probability. */
  readonly by?: 'brightness';
}
export const ScreenedStrip = port('ScreenedStrip', {
  info: StripInfo,
  stack: reference<BandStack>('BandStack'),
  mask: reference<CloudMask>('CloudMask'),
});

/** Land cover of the tiles of one strip, row by row. */
export interface LandCoverMap {
  readonly columns: number;
  readonly rows: number;
  /** Side of a tile, finest pixels. */
  readonly tilePx: number;
  readonly classes: readonly string[];
  /** [tiles × classes]; all zero where a tile was not asked about (clouded, no data). */
  readonly probabilities: Float32Array;
  /** [tiles × 64]: where the network looked, 8 × 8 a tile, each tile's sum 1; empty when the model gives none. */
  readonly attention: Float32Array;
}
export const MappedStrip = port('MappedStrip', {
  info: StripInfo,
  stack: reference<BandStack>('BandStack'),
  mask: reference<CloudMask>('CloudMask'),
  /** Undefined where no model fits the sensor. */
  map: reference<LandCoverMap | undefined>('LandCoverMap'),
});

/** A vessel, in finest pixels of the capture (x across, y along from the capture's first line). */
export interface Vessel {
  readonly x: number;
  readonly y: number;
  readonly lengthPx: number;
  readonly widthPx: number;
  readonly score: number;
  readonly latDeg: number;
  readonly lonDeg: number;
}
/** All that was found in a strip; who receives it last releases the stack. */
export const AnalysedStrip = port('AnalysedStrip', {
  info: StripInfo,
  stack: reference<BandStack>('BandStack'),
  mask: reference<CloudMask>('CloudMask'),
  map: reference<LandCoverMap | undefined>('LandCoverMap'),
  vessels: reference<readonly Vessel[]>('Vessels'),
});
