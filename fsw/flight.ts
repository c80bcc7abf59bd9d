/** What the launcher asks of a board module: the one door between flight software and simulator. */
import type { Result } from './errors';
import type { Board } from './framework/board';
import type { Deployment, Tap } from './framework/deployment';
import type { Topology } from './framework/topology';

export interface FlightOptions {
  readonly seed: number;
  /** How long to fly, in orbits; a board without an orbit flies until it is told to stop. */
  readonly orbits: number;
  /** Folder for reports and for the board's storage. */
  readonly outDir: string;
  /** Where the mission's own files are. */
  readonly missionDir: string;
  readonly mission: string;
  /** The link to the ground as `parseLink` reads it, for boards that have a real one. */
  readonly link?: string;
  /** Whether a ground that is connected is in contact wherever the orbit is; for boards with an orbit and a real link. */
  readonly alwaysInView?: boolean;
  /** When the flight begins, for boards with an orbit: an ISO 8601 time, UTC unless it says otherwise. */
  readonly start?: string;
  /** What the simulated high-resolution imager does to its pictures, as `noise,shift=2`; nothing unless told. */
  readonly sensor?: string;
  /** What years in orbit did to the simulated imager of tiles, by name; nothing unless told. */
  readonly drift?: string;
  /** Radiation on a simulated board: times the published rate, as `x10000`, and what it hits, comma separated. */
  readonly radiation?: string;
  readonly radiationTargets?: string;
}

/** Where a flight is. What a mission or a board does not have is left out. */
export interface Progress {
  readonly elapsedS?: number;
  /** Of a flight that has an end. */
  readonly percent?: number;
  readonly orbit: number;
  readonly orbits?: number;
  readonly frames?: number;
  readonly kept?: number;
  readonly passes?: number;
  /** Packets waiting for the downlink. */
  readonly queue?: number;
  /** The ground station in view. */
  readonly station?: string;
}

/** One flight on one board. */
export interface Flight {
  readonly board: Board;
  /** What the board listens to, to compare it with the truth. */
  readonly taps: readonly Tap[];
  /** The mission as this board boots it: a simulated one may wrap what a component drives by its config. */
  fit?(topology: Topology): Topology;
  /** What the operator must know, such as the port that was bound; asked for when the deployment has started. */
  readonly notice?: string;
  /** Flies the started deployment to the end of the flight, or until `stopped()`. */
  fly(deployment: Deployment, progress: (progress: Progress) => void, stopped: () => boolean): Promise<void>;
  /** What there is to say at the end; undefined on a board that knows no truth. Call after the deployment has stopped. */
  report(deployment: Deployment): unknown;
  /** Writes what there is to look at beside the report; returns the page's path. Boards that know no truth have none. */
  page?(report: unknown): Promise<string>;
}

/** The taps on what a mission carries: a board listens to payloads that not every mission has. */
export function tapsOn({ instances }: Topology, taps: readonly Tap[]): readonly Tap[] {
  const names = new Set<string>(instances.map(({ name }) => name));
  return taps.filter(({ instance }) => names.has(instance));
}

export interface BoardModule {
  /** How many orbits it flies when nobody says; 1 unless told. */
  readonly defaultOrbits?: number;
  openBoard(options: FlightOptions): Promise<Result<Flight>>;
}
