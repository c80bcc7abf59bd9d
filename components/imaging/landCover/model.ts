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
import { LAND_COVER_CLASSES } from '../../../fsw/learning';
import { Specimens } from '../../learning/ports';
import { InferRequest, InferResult, ModelVersion } from '../../payload/ports';
import { CaptureEnd, MappedStrip, ScreenedStrip } from '../ports';
import { askingConfig } from '../stripLine';
import type { State } from './mapping';

export const landCoverModel = defineComponent({
  kind: 'active',
  doc: 'Asks the land-cover network about the clear tiles of each strip and hands it on with its map.',
  ports: {
    screenedIn: input.async(ScreenedStrip, { onFull: 'block' }),
    captureEndIn: input.async(CaptureEnd, { onFull: 'block' }),
    infer: output(InferRequest),
    inferred: input.async(InferResult, { priority: 1 }),
    mappedOut: output(MappedStrip),
    captureEndOut: output(CaptureEnd),
    specimensOut: output(Specimens, { optional: true }),
    versionOf: output(ModelVersion, { optional: true }),
  },
  events: {
    NotClaimed: {
      id: 0,
      severity: 'activity-high',
      args: { capture: U32, code: string(32), reason: string(160) },
      format: 'capture {capture}: land cover is not claimed: {code}: {reason}',
      throttle: 20,
      doc: 'The network is for another sensor or resolution; its strips go on without a map. Once a capture.',
    },
    MappingFailed: {
      id: 1,
      severity: 'warning-high',
      args: { capture: U32, strip: U16, tiles: U16, reason: string(80) },
      format: 'capture {capture}, strip {strip}: {tiles} tiles were not mapped: {reason}',
      throttle: 20,
      doc: 'No usable answer came for these tiles; the strip goes on with those that were answered.',
    },
    StripRedone: {
      id: 2,
      severity: 'activity-low',
      args: { capture: U32, strip: U16 },
      format: 'capture {capture}, strip {strip} was mapped again, for its first result was suspect',
      throttle: 50,
      doc: 'Radiation had hit a live copy of the network; the result that was used is beyond doubt.',
    },
  },
  telemetry: {
    TilesMapped: { id: 0, type: U32, update: 'on-change', doc: 'Tiles mapped since boot.' },
    TilesUnclear: { id: 1, type: U32, update: 'on-change', doc: 'Tiles clouded or without data since boot.' },
    TilesFailed: {
      id: 2,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Clear tiles without a usable answer since boot.',
    },
    StripsHeld: {
      id: 3,
      type: U8,
      update: 'on-change',
      doc: 'Strips that wait for an answer or for their turn.',
    },
    TilesDry: { id: 4, type: U32, update: 'on-change', doc: 'Mapped tiles without water, by their index.' },
  },
  params: {
    MaxUnclearShare: {
      id: 0,
      type: F32,
      default: 0.2,
      min: 0,
      max: 1,
      doc: 'A tile is asked about when no more than this share of it is clouded or unknown.',
    },
    MinWaterShare: {
      id: 1,
      type: F32,
      default: 0.02,
      min: 0,
      max: 1,
      doc: 'A tile with a smaller share of water by its index (NDWI above 0) is no class of water; 0 lets the network say.',
    },
  },
  config: {
    waterClasses: {
      type: string(80),
      default: 'River,SeaLake',
      doc: 'Classes that need water in the tile, comma separated.',
    },
    model: { type: string(40), default: 'land-cover', doc: 'Name of the network in the model store.' },
    classes: {
      type: string(160),
      default: LAND_COVER_CLASSES.join(','),
      doc: "The network's classes in order, comma separated.",
    },
    batch: { type: U16, default: 32, min: 1, max: 512, doc: 'The most tiles of one question.' },
    whiteReflectance: {
      type: F32,
      default: 0.275,
      min: 0.001,
      doc: 'Reflectance that becomes 255; EuroSAT clips Sentinel-2 at 2750 of 10,000.',
    },
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

export type Mapper = SelfOf<typeof landCoverModel, State>;
