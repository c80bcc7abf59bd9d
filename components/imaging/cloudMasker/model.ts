import {
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
import { CaptureEnd, ScreenedStrip, Strip } from '../ports';
import { askingConfig } from '../stripLine';
import type { State } from './masking';

export const cloudMaskerModel = defineComponent({
  kind: 'active',
  doc: 'Asks the cloud network about each strip and hands it on with its cloud mask.',
  ports: {
    stripIn: input.async(Strip, { onFull: 'block' }),
    captureEndIn: input.async(CaptureEnd, { onFull: 'block' }),
    infer: output(InferRequest),
    inferred: input.async(InferResult, { priority: 1 }),
    screenedOut: output(ScreenedStrip),
    captureEndOut: output(CaptureEnd),
  },
  events: {
    SensorUnfit: {
      id: 0,
      severity: 'warning-low',
      args: { capture: U32, code: string(32), reason: string(160) },
      format: 'capture {capture}: clouds by brightness, for the network does not fit: {code}: {reason}',
      throttle: 20,
      doc: 'The sensor lacks a band of the cloud network, or its pixels have another size. Once a capture.',
    },
    MaskWeaker: {
      id: 1,
      severity: 'warning-high',
      args: { capture: U32, strip: U16, reason: string(80) },
      format: 'capture {capture}, strip {strip}: clouds by brightness: {reason}',
      throttle: 20,
      doc: 'No usable answer came for a strip; its mask is made by the haze-optimised index, which is weaker.',
    },
    TilesNotAsked: {
      id: 2,
      severity: 'activity-low',
      args: { capture: U32, strip: U16, empty: U16, saturated: U16 },
      format: 'capture {capture}, strip {strip}: {empty} tiles without data, {saturated} saturated',
      throttle: 50,
      doc: 'Nothing can be said of these tiles; their cells of the mask are not a number.',
    },
    StripRedone: {
      id: 3,
      severity: 'activity-low',
      args: { capture: U32, strip: U16 },
      format: 'capture {capture}, strip {strip} was screened again, for its first result was suspect',
      throttle: 50,
      doc: 'Radiation had hit a live copy of the network; the result that was used is beyond doubt.',
    },
  },
  telemetry: {
    StripsScreened: {
      id: 0,
      type: U32,
      update: 'on-change',
      doc: 'Strips screened by the network since boot.',
    },
    StripsWeaker: {
      id: 1,
      type: U32,
      update: 'on-change',
      doc: 'Strips whose mask was made by brightness alone since boot.',
    },
    EmptyTiles: { id: 2, type: U32, update: 'on-change', doc: 'Tiles without data since boot.' },
    SaturatedTiles: { id: 3, type: U32, update: 'on-change', doc: 'Saturated tiles since boot.' },
    CloudFraction: {
      id: 4,
      type: F32,
      doc: 'Clouded share of the latest strip; not a number when nothing is known.',
    },
    StripsHeld: {
      id: 5,
      type: U8,
      update: 'on-change',
      doc: 'Strips that wait for an answer or for their turn.',
    },
  },
  params: {
    SkipShare: {
      id: 0,
      type: F32,
      default: 0.9,
      min: 0.01,
      max: 1,
      doc: 'A tile is not asked about when this share of it has no data or is saturated.',
    },
  },
  config: {
    model: { type: string(40), default: 'cloud-mask', doc: 'Name of the network in the model store.' },
    output: { type: string(40), default: 'cloud', doc: "Name of the network's output." },
    tileCells: { type: U16, default: 96, min: 8, max: 512, doc: 'Side of a tile, cells of 20 m or 30 m.' },
    batch: { type: U16, default: 24, min: 1, max: 512, doc: 'The most tiles of one question.' },
    saturatedCount: {
      type: U16,
      default: 65_535,
      min: 1,
      doc: 'A count from which on a pixel is saturated.',
    },
    minGsdM: { type: F32, default: 15, min: 0, unit: 'm', doc: 'The finest cells that the network is for.' },
    maxGsdM: {
      type: F32,
      default: 40,
      min: 0,
      unit: 'm',
      doc: 'The coarsest cells that the network is for.',
    },
    ...askingConfig,
  },
});

export type Masker = SelfOf<typeof cloudMaskerModel, State>;
