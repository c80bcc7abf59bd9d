/** The ports between payload components: a frame on its way from the camera to a product. */
import {
  bool,
  enumeration,
  F32,
  F64,
  type PooledBuffer,
  port,
  reference,
  string,
  struct,
  Time,
  U16,
  U32,
} from '../../fsw/framework';
import type { ManifestModel } from '../../fsw/models';

/** One exposure, without its pixels. */
export const FrameInfo = struct('Payload.FrameInfo', {
  /** Counts captures since boot. */
  id: U32,
  time: Time,
  width: U16,
  height: U16,
  /** False when the camera's driver can't know where it looked; then the four below are 0. */
  located: bool,
  latDeg: F64,
  lonDeg: F64,
  headingDeg: F32,
  gsdM: F32,
});

/** A frame: interleaved 8-bit RGB, height × width × 3. Its buffer changes owner with the call. */
export const Frame = port('Frame', { info: FrameInfo, pixels: reference<PooledBuffer>('Pixels') });

/** The square tiles of one frame, row by row, as a network takes them. */
export interface TileBatch {
  readonly columns: number;
  readonly rows: number;
  readonly tilePx: number;
  /** [rows × columns, 3, tilePx, tilePx] float32, values 0–255; over the pooled buffer. */
  readonly data: Float32Array;
  /** Mean brightness of each tile, 0–255. */
  readonly brightness: Float32Array;
  release(): void;
}
export const Tiles = port('Tiles', { info: FrameInfo, tiles: reference<TileBatch>('TileBatch') });

/** Tiles of a frame that was kept, with the cloud fraction that the screener gave each. */
export const ScreenedTiles = port('ScreenedTiles', {
  info: FrameInfo,
  tiles: reference<TileBatch>('TileBatch'),
  cloudFraction: reference<Float32Array>('Float32Array'),
});

/** What the screener decided of a frame; for telemetry, referees and products. */
export const Verdict = enumeration('Payload.Verdict', { KEPT: 0, CLOUDED: 1, DARK: 2, FAILED: 3 });
export const Screened = port('Screened', {
  info: FrameInfo,
  verdict: Verdict,
  cloudFraction: reference<Float32Array>('Float32Array'),
});

/** What the classifier found in the tiles of one frame. Arrays are by tile, row by row. */
export interface Findings {
  readonly columns: number;
  readonly rows: number;
  readonly tilePx: number;
  readonly classNames: readonly string[];
  /** [tiles × classes] probabilities. */
  readonly probabilities: Float32Array;
  readonly waterFraction: Float32Array;
  readonly cloudFraction: Float32Array;
}
export const Classified = port('Classified', { info: FrameInfo, findings: reference<Findings>('Findings') });

/** Asks for one run of a model on `count` items. The input stays the asker's and must not change until the answer. */
export const InferRequest = port('InferRequest', {
  ticket: U32,
  model: string(40),
  count: U16,
  input: reference<Float32Array>('Float32Array'),
});
export const InferStatus = enumeration('Payload.InferStatus', {
  OK: 0,
  NOT_LOADED: 1,
  DEADLINE: 2,
  FAILED: 3,
  BUSY: 4,
});
/** The answer to the request with this ticket: each output of the model by name. */
export const InferResult = port('InferResult', {
  ticket: U32,
  status: InferStatus,
  /** An earlier result was suspect (radiation) and was not given out; this one is beyond doubt. */
  redone: bool,
  outputs: reference<Readonly<Record<string, Float32Array>>>('Outputs'),
});

/** Inputs of a model with the outputs that it must give: how a live session shows that its weights are whole. */
export interface Canary {
  readonly count: number;
  /** `count` items, as `InferRequest.input`. */
  readonly input: Float32Array;
  /** Each output by name, as the model gave it where it was trained. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
  /** The most by which another processor's or provider's rounding may differ. */
  readonly tolerance: number;
}

/** A model as the store hands it to a runtime: verified bytes, just now. */
export interface StoredModel {
  readonly name: string;
  readonly version: string;
  /** The ONNX graph, which refers into `weights` under the name `weightsName`. */
  readonly graph: Uint8Array;
  readonly weightsName: string;
  /** The safetensors file, over a SharedArrayBuffer. */
  readonly weights: Uint8Array;
  readonly input: { readonly name: string; readonly shape: readonly (number | string)[] };
  readonly outputs: readonly { readonly name: string; readonly shape: readonly (number | string)[] }[];
  readonly classes: readonly string[];
  /** Absent when the model came without one. */
  readonly canary?: Canary;
}
/** Fetches a model from the store, which verifies it first; undefined (and an event) when it is not fit to fly. */
export const ModelFetch = port(
  'ModelFetch',
  { model: string(40) },
  { returns: reference<StoredModel | undefined>('StoredModel') },
);

/** The version of a model that a runtime runs now; empty when it runs none. */
export const ModelVersion = port(
  'ModelVersion',
  { model: string(40) },
  { returns: reference<string>('Version', '') },
);

/** The version that the store hands out, for whoever makes the next one of it. */
export interface ServedVersion {
  readonly manifest: ManifestModel;
  /** Larger than that of any version that was installed. */
  readonly nextSerial: number;
}
export const ModelServed = port(
  'ModelServed',
  { model: string(40) },
  { returns: reference<ServedVersion | undefined>('ServedVersion') },
);
/** Asks the store to install a file as its INSTALL command does; answered by one `ModelInstalled` for the path. */
export const ModelInstall = port('ModelInstall', { path: string(200) });
/** `installed`: it waits for PROMOTE. Else what flies is as before, and `reason` says why. */
export const ModelInstalled = port('ModelInstalled', {
  path: string(200),
  installed: bool,
  reason: string(160),
});

/**
 * Offers a runtime another version of a model than the one that it runs: to be loaded beside the old one, and to take
 * over when its canary passes; else the old one runs on. Answered by one `ModelVerdict` with the same ticket.
 */
export const ModelOffer = port('ModelOffer', {
  ticket: U32,
  model: string(40),
  /** It must also be no worse on the reference set than what runs; not so a way back. */
  compare: bool,
  /** Called when the runtime is ready to load: verified at that moment, undefined (and an event) when not fit to fly. */
  fetch: reference<() => StoredModel | undefined>('StoredModelFetch'),
});
/**
 * Has a runtime run another version of a model beside the one that flies, on what that is asked, for so many runs or
 * seconds (0: no limit). Its answers are compared and go nowhere. Answered by one `ModelVerdict`: `fit` when it runs.
 */
export const ModelShadow = port('ModelShadow', {
  ticket: U32,
  model: string(40),
  runs: U32,
  seconds: U32,
  fetch: reference<() => StoredModel | undefined>('StoredModelFetch'),
});
/** `fit`: the offered version runs now. Else the one before it does, and `reason` says why. */
export const ModelVerdict = port('ModelVerdict', { ticket: U32, fit: bool, reason: string(160) });

/** What a scrub of some pages of a region found and did; a page is counted at the first step that healed it. */
export interface RegionScrub {
  /** Bits that SECDED put right. */
  readonly correctedBits: number;
  readonly correctedPages: number;
  /** Pages rebuilt from parity, and from a golden copy. */
  readonly parityPages: number;
  readonly goldenPages: number;
  /** Pages that nothing on board can heal: the store asks the ground for the model. */
  readonly lostPages: number;
}
/** A part of the model store that is scrubbed on its own. */
export interface ScrubRegion {
  readonly name: string;
  readonly pages: number;
  readonly pageBytes: number;
  /** About to be loaded: scrubbed before the others. */
  readonly urgent: boolean;
  /** Off the main thread where the addon is. Escalates: SECDED, parity, golden copy. */
  scrub(firstPage: number, count: number): Promise<RegionScrub>;
}
/** Everything in the store that is to be scrubbed now, memory and golden copies. */
export const ScrubRegions = port(
  'ScrubRegions',
  {},
  { returns: reference<readonly ScrubRegion[]>('ScrubRegions', []) },
);

/** Items with their classes that are held on board, to measure versions of a model by. */
export interface ReferenceSet {
  /** Names of the classes in the model's order. */
  readonly classes: readonly string[];
  /** The class of each item. */
  readonly labels: Uint8Array;
  /** `count` items from `first` on, as `InferRequest.input`. */
  items(first: number, count: number): Float32Array;
}
/** What there is to measure a model by; undefined when nothing is held. */
export const ReferenceFetch = port(
  'ReferenceFetch',
  { model: string(40) },
  { returns: reference<ReferenceSet | undefined>('ReferenceSet') },
);

/** CANARY: it no longer passes its canary, from the store either. DEADLINE: a run was late. ACCURACY: it is worse on the reference set. */
export const TroubleKind = enumeration('Payload.TroubleKind', { CANARY: 0, DEADLINE: 1, ACCURACY: 2 });
/** What a runtime has found wrong with a version that flies; while it is watched, the store goes back to the one before. */
export const ModelTrouble = port('ModelTrouble', {
  model: string(40),
  kind: TroubleKind,
  reason: string(160),
});
