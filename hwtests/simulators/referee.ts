import { createHash } from 'node:crypto';
import type { AnalysedStrip, CaptureEnd, Strip } from '../../components/imaging/ports';
import type { Classified, FrameInfo, Screened } from '../../components/payload/ports';
import type { FlightOptions, Progress } from '../../fsw/flight';
import type { Board, Contact } from '../../fsw/framework/board';
import type { Deployment, Tap } from '../../fsw/framework/deployment';
import type { Arguments } from '../../fsw/framework/ports';
import { unixUsOf } from '../../fsw/framework/time';
import type { Values } from '../../fsw/framework/types';
import type { GroundStation } from './groundStation';
import type { SimulatedImager } from './imager';
import type { BoardRadiation } from './radiation/boardRadiation';
import { channelOf, readChannel } from './readChannel';
import { faultsOf } from './reference';
import { Score } from './score';
import { TILE_PX, type TileTruth } from './truth';

export interface RefereeOptions {
  readonly ground: GroundStation;
  readonly imager: SimulatedImager;
  /** Of the board, by name: one of them is the camera's. */
  readonly imagers: Board['imagers'];
  readonly contacts: readonly Contact[];
  readonly options: FlightOptions;
  /** Unix time at which flight time is zero. */
  readonly epochMs: number;
  readonly endUs: number;
  /** Absent on a flight without. */
  readonly radiation?: BoardRadiation;
}

export type FlightReport = ReturnType<Referee['report']>;

/**
 * Watches a simulated flight: compares what the software decided on board with the truth, and what it says
 * with what reached the ground. It hears; it never speaks.
 */
export class Referee {
  readonly taps: readonly Tap[];
  private readonly given: RefereeOptions;
  private readonly cloud = new Score();
  private readonly water = new Score();
  private readonly scenes = { captures: 0, strips: 0, bytes: 0, tilesMapped: 0, vesselsFound: 0 };
  private latestTruth: { readonly atUs: number; readonly tiles: readonly TileTruth[] } | undefined;

  constructor(given: RefereeOptions) {
    this.given = given;
    this.taps = [
      { instance: 'cloudScreener', end: 'verdictOut', hear: (args) => this.judgeScreening(args) },
      { instance: 'surfaceClassifier', end: 'classifiedOut', hear: (args) => this.judgeClassification(args) },
      { instance: 'highResCamera', end: 'stripOut', hear: (args) => this.stripTaken(args) },
      { instance: 'highResCamera', end: 'captureEndOut', hear: (args) => this.captureEnded(args) },
      { instance: 'vesselDetector', end: 'analysedOut', hear: (args) => this.stripAnalysed(args) },
    ];
  }

  progress(deployment: Deployment, percent: number): Progress {
    const { contacts, options, endUs } = this.given;
    const nowUs = (endUs * percent) / 100;
    const station = contacts.find(({ startUs, endUs: end }) => startUs <= nowUs && nowUs < end)?.station;
    return {
      percent,
      orbit: Math.min(options.orbits, 1 + Math.floor((options.orbits * percent) / 100)),
      orbits: options.orbits,
      frames: this.channel(deployment, 'camera.FramesCaptured'),
      kept: this.channel(deployment, 'cloudScreener.FramesKept'),
      passes: contacts.filter(({ startUs }) => startUs <= nowUs).length,
      queue: this.channel(deployment, 'comQueue.Depth'),
      ...(station !== undefined && { station }),
    };
  }

  /** Everything that a flight is judged by. All of it follows from mission and seed alone. */
  report(deployment: Deployment) {
    const { ground, options, epochMs, endUs, radiation } = this.given;
    const count = (channel: string) => this.channel(deployment, channel);
    const captured = count('camera.FramesCaptured');
    const products = ground.received.filter(({ content }) => content.kind === 'records');
    const { bytes: stripBytes, ...scenes } = this.scenes;
    const raw = captured * this.frameBytes(deployment) + stripBytes;
    const downlinked = products.reduce((total, { bytes }) => total + bytes, 0);
    return {
      mission: options.mission,
      dictionaryHash: deployment.dictionary.hash,
      seed: options.seed,
      orbits: options.orbits,
      epoch: new Date(epochMs).toISOString(),
      durationS: endUs / 1e6,
      frames: {
        captured,
        dark: count('cloudScreener.FramesDark'),
        clouded: count('cloudScreener.FramesClouded'),
        kept: count('cloudScreener.FramesKept'),
        failed: count('cloudScreener.FramesFailed') + count('camera.CaptureErrors'),
      },
      highRes: { ...scenes, vessels: this.records('Vessel').length },
      detections: this.records('Detection').length,
      detectionsSha256: digestOf(this.records('Detection')),
      products: products.length,
      bytes: {
        raw,
        downlinked,
        ratio: downlinked === 0 ? 0 : round(raw / downlinked, 1),
        link: { frames: ground.frames, bytes: ground.frameBytes, framesLost: ground.framesLost },
      },
      latencyMs: this.latency(),
      passes: this.passes(),
      commands: { sent: ground.commands.length, completed: this.commandsCompleted() },
      events: this.events(),
      accuracy: {
        cloud: this.cloud.accuracy(),
        water: this.water.accuracy(),
        detail: { cloud: this.cloud.detail(), water: this.water.detail() },
      },
      inference: {
        provider: String(this.read(deployment, 'inference.Provider') ?? 'none'),
        runs: count('inference.Runs'),
        errors: count('inference.RunErrors'),
        deadlinesMissed: count('inference.DeadlinesMissed'),
      },
      faults: faultsOf(deployment),
      unreadablePackets: ground.unreadable,
      ...(radiation && { radiation: radiation.report(deployment) }),
    };
  }

  private frameBytes(deployment: Deployment): number {
    const name = deployment.units.get('camera')?.config.imager;
    const { width = 0, height = 0 } = this.given.imagers[String(name)] ?? {};
    return width * height * 3;
  }

  private judgeScreening({ info, verdict, cloudFraction }: Arguments<typeof Screened>): void {
    if (verdict === 'DARK' || verdict === 'FAILED') return;
    this.truthOf(info).forEach((truth, i) => {
      this.cloud.add(cloudFraction[i] >= 0.5, truth.cloudFraction >= 0.5);
    });
  }

  /** Water is judged on the tiles that the spacecraft took for clear: the others it does not classify. */
  private judgeClassification({ info, findings }: Arguments<typeof Classified>): void {
    this.truthOf(info).forEach((truth, i) => {
      if (findings.cloudFraction[i] >= 0.5) return;
      this.water.add(findings.waterFraction[i] >= 0.5, truth.waterFraction >= 0.5);
    });
  }

  private stripTaken({ stack }: Arguments<typeof Strip>): void {
    this.scenes.strips++;
    for (const plane of stack.planes) this.scenes.bytes += plane.byteLength;
  }

  private captureEnded(_: Arguments<typeof CaptureEnd>): void {
    this.scenes.captures++;
  }

  private stripAnalysed({ map, vessels }: Arguments<typeof AnalysedStrip>): void {
    this.scenes.vesselsFound += vessels.length;
    if (map === undefined) return;
    const { classes, probabilities } = map;
    for (let tile = 0; tile < probabilities.length; tile += classes.length)
      if (probabilities.subarray(tile, tile + classes.length).some((share) => share > 0))
        this.scenes.tilesMapped++;
  }

  /** What is true of a frame's tiles. The latest answer is kept: one frame is judged several times in a row. */
  truthOf(info: Values<(typeof FrameInfo)['fields']>): readonly TileTruth[] {
    const atUs = unixUsOf(info.time) - this.given.epochMs * 1000;
    if (this.latestTruth?.atUs !== atUs)
      this.latestTruth = { atUs, tiles: this.given.imager.truthAt(atUs, TILE_PX) };
    return this.latestTruth.tiles;
  }

  /** Capture to ground, flight time, over all products. */
  private latency() {
    const delays = this.given.ground.received
      .flatMap(({ content, atUs }) =>
        content.kind === 'records' ? [(atUs + this.given.epochMs * 1000 - content.unixUs) / 1000] : [],
      )
      .sort((a, b) => a - b);
    const at = (share: number) => delays[Math.min(delays.length - 1, Math.floor(share * delays.length))];
    return delays.length === 0
      ? { p50: null, p99: null }
      : { p50: round(at(0.5), 3), p99: round(at(0.99), 3) };
  }

  private passes() {
    return this.given.contacts.map(({ station, startUs, endUs }) => {
      const heard = this.given.ground.received.filter(({ atUs }) => startUs <= atUs && atUs < endUs);
      return {
        station,
        startS: round(startUs / 1e6, 2),
        durationS: round((endUs - startUs) / 1e6, 2),
        packets: heard.filter((packet) => packet.station === station).length,
      };
    });
  }

  private commandsCompleted(): number {
    const completed = this.given.ground.received.flatMap(({ content }) =>
      content.kind === 'event' && content.name.endsWith('.OpCodeCompleted') ? [content.args] : [],
    );
    return completed.length;
  }

  private events(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { content } of this.given.ground.received)
      if (content.kind === 'event') counts[content.severity] = (counts[content.severity] ?? 0) + 1;
    return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => a.localeCompare(b)));
  }

  private records(name: string): unknown[] {
    return this.given.ground.received.flatMap(({ content }) =>
      content.kind === 'records' && content.name.endsWith(`.${name}`) ? content.records : [],
    );
  }

  /** 0 where the mission has no such component. */
  private channel(deployment: Deployment, name: string): number {
    const [instance] = name.split('.');
    return deployment.units.has(instance) ? Number(this.read(deployment, name) ?? 0) : 0;
  }

  /** A channel's latest value on board, as the telemetry store has it. */
  read(deployment: Deployment, name: string): unknown {
    if (channelOf(deployment, name) === undefined) throw new Error(`no channel ${name} to read`);
    return readChannel(deployment, name);
  }
}

/** Of the records in an order of their own, so that it doesn't matter which packet went down first. */
function digestOf(records: readonly unknown[]): string {
  const lines = records.map((record) => JSON.stringify(record)).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
