/** What the report page shows of a high-resolution capture: plain data. */

export interface SceneRecord {
  readonly capture: number;
  readonly target: string;
  /** Flight time of the first line. */
  readonly atUs: number;
  /** Finest pixels of the whole capture. */
  readonly width: number;
  readonly height: number;
  readonly gsdM: number;
  /** One a strip, in order: what places each pixel. */
  readonly strips: readonly StripRecord[];
  /** WebP of the whole capture, `step` pixels to one. */
  readonly overview: { readonly picture: Uint8Array; readonly step: number };
  /** Share of the capture that was taken for cloud. */
  readonly cloudShare: number;
  readonly classes: readonly string[];
  /** Tiles that were classified, in the order of the strips. */
  readonly tiles: readonly SceneTile[];
  readonly tilePx: number;
  readonly vessels: readonly SceneVessel[];
  /** The tiles that show best where the network looks: the surest of each class. */
  readonly examples: readonly AttentionExample[];
}

export interface StripRecord {
  readonly firstLine: number;
  readonly height: number;
  /** Undefined when nothing said where it lies. */
  readonly place:
    | { readonly latDeg: number; readonly lonDeg: number; readonly headingDeg: number }
    | undefined;
}

/** A tile by its upper left corner in the capture. */
export interface SceneTile {
  readonly x: number;
  readonly y: number;
  readonly classIndex: number;
  readonly confidence: number;
}

/** A vessel by its centre in the capture. */
export interface SceneVessel {
  readonly x: number;
  readonly y: number;
  readonly lengthPx: number;
  readonly score: number;
  readonly latDeg: number;
  readonly lonDeg: number;
}

export interface AttentionExample extends SceneTile {
  /** WebP of the tile. */
  readonly picture: Uint8Array;
  /** 8 × 8, row by row, their sum 1. */
  readonly attention: readonly number[];
}
