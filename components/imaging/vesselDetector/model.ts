import {
  bool,
  defineComponent,
  F32,
  input,
  output,
  type SelfOf,
  string,
  U8,
  U16,
  U32,
} from '../../../fsw/framework';
import { InferRequest, InferResult } from '../../payload/ports';
import { AnalysedStrip, CaptureEnd, MappedStrip } from '../ports';
import { askingConfig } from '../stripLine';
import type { State } from './detection';

export const vesselDetectorModel = defineComponent({
  kind: 'active',
  doc: 'Asks the vessel network about the water of each strip and hands it on with the vessels in it.',
  ports: {
    mappedIn: input.async(MappedStrip, { onFull: 'block' }),
    captureEndIn: input.async(CaptureEnd, { onFull: 'block' }),
    infer: output(InferRequest),
    inferred: input.async(InferResult, { priority: 1 }),
    analysedOut: output(AnalysedStrip),
    captureEndOut: output(CaptureEnd),
  },
  events: {
    NotClaimed: {
      id: 0,
      severity: 'activity-high',
      args: { capture: U32, code: string(32), reason: string(160) },
      format: 'capture {capture}: vessels are not looked for: {code}: {reason}',
      throttle: 20,
      doc: 'The network is for another sensor or resolution; its strips go on without vessels. Once a capture.',
    },
    DetectionFailed: {
      id: 1,
      severity: 'warning-high',
      args: { capture: U32, strip: U16, tiles: U16, reason: string(80) },
      format: 'capture {capture}, strip {strip}: {tiles} tiles were not searched: {reason}',
      throttle: 20,
      doc: 'No usable answer came for these tiles; the strip goes on with what was found in the others.',
    },
    StripRedone: {
      id: 2,
      severity: 'activity-low',
      args: { capture: U32, strip: U16 },
      format: 'capture {capture}, strip {strip} was searched again, for its first result was suspect',
      throttle: 50,
      doc: 'Radiation had hit a live copy of the network; the result that was used is beyond doubt.',
    },
    StripsMissing: {
      id: 3,
      severity: 'warning-low',
      args: { capture: U32, strip: U16, line: U32, expected: U32 },
      format: 'capture {capture}, strip {strip} begins at line {line}, {expected} was expected',
      throttle: 20,
      doc: 'A strip between was lost: this one is searched as the first of a capture.',
    },
  },
  telemetry: {
    TilesSearched: { id: 0, type: U32, update: 'on-change', doc: 'Tiles searched since boot.' },
    TilesSkipped: {
      id: 1,
      type: U32,
      update: 'on-change',
      doc: 'Tiles without water, clouded or without data since boot.',
    },
    TilesFailed: {
      id: 2,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Tiles without a usable answer since boot.',
    },
    VesselsFound: { id: 3, type: U32, update: 'on-change', doc: 'Vessels found since boot.' },
    StripsHeld: {
      id: 4,
      type: U8,
      update: 'on-change',
      doc: 'Strips that wait for an answer or for their turn.',
    },
  },
  params: {
    ScoreThreshold: {
      id: 0,
      type: F32,
      default: 0.5,
      min: 0.01,
      max: 1,
      doc: 'A vessel is one from this probability on.',
    },
    WaterOnly: {
      id: 1,
      type: bool,
      default: true,
      doc: 'Search only where water is, if the sensor can tell.',
    },
    WaterThreshold: {
      id: 2,
      type: F32,
      default: 0,
      min: -1,
      max: 1,
      doc: 'A pixel is water where (green − near infrared) / (green + near infrared) is greater.',
    },
    MinWaterShare: {
      id: 3,
      type: F32,
      default: 0.02,
      min: 0,
      max: 1,
      doc: 'A tile is searched when at least this share of it is water.',
    },
    MaxUnclearShare: {
      id: 4,
      type: F32,
      default: 0.5,
      min: 0,
      max: 1,
      doc: 'A tile is searched when no more than this share of it is clouded or unknown.',
    },
  },
  config: {
    model: { type: string(40), default: 'vessel-detector', doc: 'Name of the network in the model store.' },
    batch: { type: U16, default: 24, min: 1, max: 512, doc: 'The most tiles of one question.' },
    blackReflectance: { type: F32, default: 0, doc: 'Reflectance that becomes 0 for the network.' },
    whiteReflectance: { type: F32, default: 0.275, min: 0.001, doc: 'Reflectance that becomes 255 for it.' },
    minGsdM: { type: F32, default: 8, min: 0, unit: 'm', doc: 'The finest pixels that the network is for.' },
    maxGsdM: {
      type: F32,
      default: 12,
      min: 0,
      unit: 'm',
      doc: 'The coarsest pixels that the network is for.',
    },
    ...askingConfig,
  },
});

export type Detector = SelfOf<typeof vesselDetectorModel, State>;
