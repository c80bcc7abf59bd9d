/** The model of `tileArchive`: what the ground can see and set. */
import {
  bool,
  defineComponent,
  F32,
  input,
  output,
  type SelfOf,
  string,
  TimedCom,
  U8,
  U16,
  U32,
  U64,
} from '../../../fsw/framework';
import { LAND_COVER_CLASSES, TileRecord } from '../../../fsw/learning';
import { ProductChunk } from '../../../fsw/products';
import { Specimens, TileFetch } from '../ports';
import type { Shelf } from './shelf';

export const tileArchiveModel = defineComponent({
  kind: 'active',
  doc: 'Keeps tiles on board for learning; their records go down, their pictures on command only.',
  ports: {
    specimensIn: input.async(Specimens),
    tileFetch: input.sync(TileFetch),
    productOut: output(TimedCom),
  },
  commands: {
    SEND_THUMBNAIL: {
      id: 0,
      args: { tile: U32, quality: U8 },
      doc: 'Send the picture of a kept tile as WebP of this quality, 1 to 100; from now on the tile goes last.',
    },
    SEND_RECORDS: {
      id: 1,
      args: { from: U32, count: U16 },
      doc: 'Send the records of kept tiles again, from this id on.',
    },
  },
  events: {
    ArchiveOpened: {
      id: 0,
      severity: 'activity-high',
      args: { tiles: U32, damaged: U32, model: string(40), classes: string(200) },
      format: '{tiles} tiles are kept, {damaged} were damaged; records are of {model}: {classes}',
      doc: 'At each boot: what earlier ones left, and how to read the records.',
    },
    NotKept: {
      id: 1,
      severity: 'warning-low',
      args: { code: string(24), reason: string(120) },
      format: 'a tile is not kept: {code}: {reason}',
      throttle: 5,
      doc: 'The disk is full or failed: the record went down, the tile is lost. Sent again once a tile was kept.',
    },
    TileDamaged: {
      id: 2,
      severity: 'warning-low',
      args: { tile: U32, reason: string(120) },
      format: 'tile {tile} is lost: {reason}',
      throttle: 20,
      doc: 'A kept tile was not as it was written, and is not kept any more.',
    },
    IdsLost: {
      id: 3,
      severity: 'warning-high',
      args: {},
      format: 'both files of ids were lost: ids go on far behind the last one known',
      doc: 'No id that the ground knows is given again.',
    },
    ThumbnailSent: {
      id: 4,
      severity: 'activity-low',
      args: { tile: U32, quality: U8, bytes: U16 },
      format: 'the picture of tile {tile} goes down: {bytes} bytes at quality {quality}',
      throttle: 100,
      doc: 'As asked for.',
    },
    OtherClasses: {
      id: 5,
      severity: 'warning-high',
      args: { model: string(40), classes: U8 },
      format: 'tiles of {model} with {classes} classes are not of this archive',
      throttle: 5,
      doc: 'The answers are of another model, or of another number of classes: nothing of them is kept or sent.',
    },
  },
  telemetry: {
    Kept: { id: 0, type: U32, update: 'on-change', doc: 'Tiles on the disk.' },
    KeptBytes: { id: 1, type: U64, update: 'on-change', unit: 'B', doc: 'What they take.' },
    Seen: { id: 2, type: U32, update: 'on-change', doc: 'Tiles that came since boot.' },
    Records: { id: 3, type: U32, update: 'on-change', doc: 'Records handed to the link since boot.' },
    RecordBytes: { id: 4, type: U64, update: 'on-change', unit: 'B', doc: 'Bytes of their packets.' },
    Thumbnails: { id: 5, type: U32, update: 'on-change', doc: 'Pictures handed to the link since boot.' },
    ThumbnailBytes: { id: 6, type: U64, update: 'on-change', unit: 'B', doc: 'Bytes of their packets.' },
    MadeRoom: { id: 7, type: U32, update: 'on-change', doc: 'Tiles that made room for others since boot.' },
    NotKeptCount: {
      id: 8,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Tiles that the disk did not take since boot.',
    },
  },
  params: {
    SampleShare: {
      id: 0,
      type: F32,
      default: 0.5,
      min: 0,
      max: 1,
      doc: 'Of the places: a fair sample of all that was seen; the others are for what the model was least sure of.',
    },
    RecordValue: { id: 1, type: F32, default: 0.5, min: 0, max: 1e6, doc: 'What a record is worth.' },
    ThumbnailValue: {
      id: 2,
      type: F32,
      default: 20,
      min: 0,
      max: 1e6,
      doc: 'What a picture that was asked for is worth; it never expires.',
    },
    RecordLifeS: {
      id: 3,
      type: U32,
      default: 0,
      unit: 's',
      doc: 'A record is worth nothing once this old; 0: it stays so.',
    },
    AutoRecords: {
      id: 4,
      type: bool,
      default: true,
      doc: 'Records go down as tiles are seen; else SEND_RECORDS asks for them.',
    },
  },
  config: {
    folder: { type: string(60), default: 'tiles', doc: 'Where tiles are kept, in the store of the board.' },
    budgetBytes: { type: U32, default: 32 << 20, unit: 'B', doc: 'What they may take.' },
    model: { type: string(40), default: 'land-cover', doc: 'Name of the network whose answers these are.' },
    classes: {
      type: string(200),
      default: LAND_COVER_CLASSES.join(','),
      doc: "The network's classes in order, comma separated.",
    },
    keepCostUs: {
      type: U32,
      default: 1_000,
      unit: 'us',
      doc: 'Flight time that keeping a tile costs in simulation.',
    },
    thumbnailCostUs: {
      type: U32,
      default: 5_000,
      unit: 'us',
      doc: 'Flight time that compressing a picture costs in simulation.',
    },
  },
  records: {
    Tile: { id: 0, type: TileRecord, doc: 'One tile: its id, time, place, and what the model says of it.' },
    Chunk: { id: 1, type: ProductChunk, doc: 'A part of the picture of a tile.' },
  },
});

export interface State {
  readonly shelf: Shelf;
  readonly classesTag: number;
  readonly classes: number;
  seen: number;
  records: number;
  recordBytes: number;
  thumbnails: number;
  thumbnailBytes: number;
  notKept: number;
}

export type Archive = SelfOf<typeof tileArchiveModel, State>;
