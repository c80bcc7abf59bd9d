import {
  defineComponent,
  enumeration,
  F32,
  input,
  output,
  type SelfOf,
  string,
  U8,
  U16,
  U32,
} from '../../../fsw/framework';
import { CaptureEnd, Strip } from '../ports';
import type { Shift } from './estimate';

/** ESTIMATE: from the pictures; FIXED: by `FixedShifts`; OFF: bands stay as they are. */
export const AlignMode = enumeration('Imaging.AlignMode', { ESTIMATE: 0, FIXED: 1, OFF: 2 });

export const bandAlignerModel = defineComponent({
  kind: 'passive',
  doc: 'Estimates how far each band lies beside a reference band and moves it back.',
  ports: {
    stripIn: input.sync(Strip),
    captureEndIn: input.sync(CaptureEnd),
    stripOut: output(Strip),
    captureEndOut: output(CaptureEnd),
  },
  events: {
    BandsShifted: {
      id: 0,
      severity: 'activity-low',
      args: { capture: U32, strip: U16, shifts: string(200) },
      format: 'capture {capture}, strip {strip}: bands moved by {shifts}',
      throttle: 50,
      doc: 'Bands were resampled, by other shifts than in the strip before; finest pixels, right and down.',
    },
    ShiftNotTrusted: {
      id: 1,
      severity: 'warning-low',
      args: { capture: U32, strip: U16, bands: string(120) },
      format: 'capture {capture}, strip {strip}: the shift of {bands} is not trusted',
      throttle: 20,
      doc: 'Too few windows show features that agree (water, cloud): the last shift of the capture is used, or none. Once a band and capture.',
    },
    ShiftsUnreadable: {
      id: 2,
      severity: 'warning-high',
      args: { text: string(120) },
      format: 'FixedShifts is not "band right down; …": {text}',
      throttle: 5,
      doc: 'The parameter could not be read; what could be read of it is used.',
    },
  },
  telemetry: {
    StripsAligned: {
      id: 0,
      type: U32,
      update: 'on-change',
      doc: 'Strips in which a band was moved, since boot.',
    },
    BandsNotTrusted: {
      id: 1,
      type: U32,
      update: 'on-change',
      doc: 'Estimates that were not trusted, since boot.',
    },
    LargestShift: { id: 2, type: F32, unit: 'px', doc: 'The largest shift in use, finest pixels.' },
    LargestShiftBand: { id: 3, type: string(20), update: 'on-change', doc: 'The band of the largest shift.' },
  },
  params: {
    Mode: { id: 0, type: AlignMode, default: 'ESTIMATE', doc: 'Where shifts come from.' },
    FixedShifts: {
      id: 1,
      type: string(200),
      default: '',
      doc: 'Shift of each band, finest pixels right and down of the reference: "nir 0.5 -1.2; swir16 0 1".',
    },
    Threshold: {
      id: 2,
      type: F32,
      default: 0.5,
      min: 0,
      max: 100,
      unit: 'px',
      doc: 'A band is moved when it lies further away, in its own pixels: resampling blurs a little.',
    },
    Smoothing: {
      id: 3,
      type: F32,
      default: 0.5,
      min: 0.01,
      max: 1,
      doc: "A new estimate's weight against those of the capture's strips before.",
    },
    MinCorrelation: {
      id: 4,
      type: F32,
      default: 0.35,
      min: 0,
      max: 1,
      doc: 'A window counts from this correlation on.',
    },
  },
  config: {
    reference: {
      type: string(20),
      default: 'red',
      doc: 'The band that the others are laid over; else the first.',
    },
    windowPx: {
      type: U8,
      default: 48,
      min: 8,
      doc: 'Side of a window, pixels of the coarser band; smaller where a strip has fewer lines.',
    },
    reachPx: {
      type: U8,
      default: 6,
      min: 1,
      max: 32,
      doc: 'How far a band is looked for, pixels of the coarser band.',
    },
    windows: {
      type: U8,
      default: 8,
      min: 3,
      max: 64,
      doc: 'Windows that are correlated in a strip and band.',
    },
    maxReflectance: { type: F32, default: 0.35, doc: 'Brighter windows are cloud and are left out.' },
  },
});

export interface State {
  capture: number | undefined;
  /** By band: what is used for the capture so far. */
  readonly shifts: Map<string, Shift>;
  /** Bands that were said not to be trusted in this capture. */
  readonly doubted: Set<string>;
  reported: string;
  copy: Uint16Array;
  aligned: number;
  untrusted: number;
}

export type Aligner = SelfOf<typeof bandAlignerModel, State>;
