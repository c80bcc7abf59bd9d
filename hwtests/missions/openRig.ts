/** A mission on the simulated board under the control of a program: what tests and campaigns fly by. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tapsOn } from '../../fsw/flight';
import type { Board } from '../../fsw/framework/board';
import { type ConfigOverrides, type Deployment, deploy } from '../../fsw/framework/deployment';
import type { SimulatedClock } from '../../fsw/framework/simulatedClock';
import type { Topology } from '../../fsw/framework/topology';
import { topology as earthWatch } from '../../fsw/missions/earth-watch/topology';
import { projectRoot } from '../../fsw/root';
import { CommandUplink } from '../../ground-tools/link/uplink';
import { openBoard, type SimulatedFlight } from '../simulators/board';
import type { GroundStation } from '../simulators/groundStation';
import type { FlightReport } from '../simulators/referee';

/**
 * South over Finland, the Balkans, Libya and the Gulf of Guinea: in contact with Svalbard from the start, with Matera from
 * minute 2, Troll from 34 and Awarua from 53.
 */
const EARLY_CONTACTS = '2022-02-22T09:21Z';

export interface RigOptions {
  readonly seed?: number;
  readonly orbits?: number;
  /** As the launcher's option; an orbit with contacts early and often unless told. */
  readonly start?: string;
  readonly config?: ConfigOverrides;
  /** As the launcher's options. */
  readonly radiation?: string;
  readonly radiationTargets?: string;
  readonly drift?: string;
  readonly topology?: Topology;
  /** Changes a driver of the board before the software boots on it. */
  readonly board?: (board: Board) => Board;
  /** Runs between boot and flight: the place to set faults up. */
  readonly prepare?: (rig: Rig) => void;
}

/** A mission on the simulated board, under control. */
export interface Rig {
  readonly deployment: Deployment;
  readonly flight: SimulatedFlight;
  readonly ground: GroundStation;
  /** Raw bytes to the spacecraft's receiver. */
  radiate(bytes: Uint8Array): void;
  command(name: string, args?: Record<string, unknown>): void;
  /** Runs `fault` after so many seconds of flight; time waits for what it promises. */
  at(seconds: number, fault: () => void | Promise<void>): void;
  /** Flies to the end, or until `stopped` at a hundredth of the flight, and reports. */
  fly(stopped?: () => boolean): Promise<FlightReport>;
  /** Events on the ground, by local name, in order. */
  events(name: string): readonly Record<string, unknown>[];
  /** A channel's value on board. */
  channel(name: string): unknown;
}

/** Whoever opens it closes it. */
export interface OpenRig extends Rig {
  /** Stops the software and removes what the flight wrote. */
  close(): Promise<void>;
}

/** Throws where the board or the mission can't be opened. */
export async function openRig(options: RigOptions = {}): Promise<OpenRig> {
  const outDir = mkdtempSync(join(tmpdir(), 'perigee-rig-'));
  const opened = await openBoard({
    seed: options.seed ?? 7,
    orbits: options.orbits ?? 1,
    outDir,
    start: options.start ?? EARLY_CONTACTS,
    mission: 'earth-watch',
    missionDir: join(projectRoot, 'fsw/missions/earth-watch'),
    radiation: options.radiation,
    radiationTargets: options.radiationTargets,
    drift: options.drift,
  });
  if (!opened.ok) throw new Error(opened.error.text);
  const flight = opened.value;
  const board = options.board?.(flight.board) ?? flight.board;
  const topology = options.topology ?? earthWatch;
  const deployed = deploy(flight.fit?.(topology) ?? topology, board, {
    config: options.config,
    taps: tapsOn(topology, flight.taps),
  });
  if (!deployed.ok) throw new Error(deployed.faults.map(({ text }) => text).join('\n'));
  const deployment = deployed.value;
  const { ground, referee } = flight;
  const uplink = new CommandUplink(deployment.dictionary);
  const self: OpenRig = {
    deployment,
    flight,
    ground,
    radiate: (bytes) => ground.radiate(bytes),
    command(name, args = {}) {
      const made = uplink.command(name, args);
      if (!made.ok) throw new Error(made.error.text);
      ground.radiateFrame(made.value.frame);
    },
    at: (seconds, fault) => void (board.clock as SimulatedClock).after(seconds * 1e6, fault),
    async fly(stopped = () => false) {
      deployment.start();
      options.prepare?.(self);
      await flight.fly(deployment, () => {}, stopped);
      return referee.report(deployment);
    },
    events: (name) =>
      ground.received.flatMap(({ content }) =>
        content.kind === 'event' && content.name.endsWith(`.${name}`) ? [content.args] : [],
      ),
    channel: (name) => referee.read(deployment, name),
    async close() {
      await deployment.stop();
      rmSync(outDir, { recursive: true, force: true });
    },
  };
  return self;
}
