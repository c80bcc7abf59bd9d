/** What a report page is made of: a flight as plain data. */
import type { FramePlace } from '../../fsw/framework/pixelPlace';
import type { Comparison } from '../campaigns/downlink/table';
import type { Received } from '../simulators/groundStation';
import type { Hit } from '../simulators/radiation/hits';
import type { FlightReport } from '../simulators/referee';
import type { Pass, Station } from '../simulators/stations';
import type { SceneRecord } from './scenes/sceneRecord';

export interface FlightRecord {
  /** `report.json`, as it is. */
  readonly report: FlightReport;
  /** Unix time at which flight time is zero. */
  readonly epochMs: number;
  readonly orbitName: string;
  /** The ground track at even steps of flight time. */
  readonly track: readonly TrackPoint[];
  readonly stations: readonly Station[];
  readonly passes: readonly FlownPass[];
  /** All frames, in order of their exposure. */
  readonly frames: readonly FrameRecord[];
  /** Every how many frames one has its picture. */
  readonly pictureStride: number;
  /** Of the classifier; empty when it was never heard. */
  readonly classNames: readonly string[];
  /** All packets that the ground read. */
  readonly received: readonly Received[];
  /** High-resolution captures, in order; `scenesLeftOut` more had no room. */
  readonly scenes: readonly SceneRecord[];
  readonly scenesLeftOut: number;
  /** Of a flight under radiation. */
  readonly hits: readonly Hit[];
  /** Downlink policies compared, where that campaign has been flown into the same folder. */
  readonly comparison?: Comparison;
  /** The whole Earth in equirectangular projection, WebP. */
  readonly earth: Uint8Array;
}

export interface TrackPoint {
  readonly atUs: number;
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly sunElevationDeg: number;
}

export interface FlownPass extends Pass {
  /** What the downlink was granted in this pass, for space packets. */
  readonly grantedBytes: number;
}

export interface FrameRecord {
  readonly id: number;
  /** Flight time of the exposure. */
  readonly atUs: number;
  /** Undefined when the camera could not know where it looked. */
  readonly place: FramePlace | undefined;
  /** Undefined when no verdict was heard before the flight ended. */
  readonly verdict: 'KEPT' | 'CLOUDED' | 'DARK' | 'FAILED' | undefined;
  /** Share of tiles that the screener called clouded, and the most that it lets pass; undefined without a screening. */
  readonly clouded: { readonly share: number; readonly most: number } | undefined;
  readonly tilePx: number;
  /** Row by row; only of frames that have their picture. */
  readonly tiles: readonly TileRecord[];
  /** WebP. */
  readonly picture?: Uint8Array;
}

/** What the software said of a tile, and what is true. */
export interface TileRecord {
  readonly cloud: number;
  /** Undefined on frames that were not classified. */
  readonly surface?: {
    readonly classIndex: number;
    readonly confidence: number;
    readonly water: number;
  };
  readonly truth: { readonly cloud: number; readonly water: number };
}
