/**
 * Starts a mission on a board, in a process of its own. Started by `perigee` as
 * `launch <fly|topology|dictionary> <mission> <options as JSON>`; speaks to it in messages (`Message`).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Fault, fail, type Result, succeed } from './errors';
import { type BoardModule, type FlightOptions, type Progress, tapsOn } from './flight';
import { type ConfigOverrides, deploy } from './framework/deployment';
import { dictionaryJson, dictionaryOf } from './framework/dictionary';
import { mermaidOf, svgOf } from './framework/draw';
import { nearest } from './framework/settings';
import type { Topology } from './framework/topology';
import { codedRadio } from './links/codedRadio';
import { type LinkEncoder, linkEncoder, parseCoding, TM_FRAME_LENGTH } from './protocols';
import { projectRoot } from './root';
import { writeWholeFile } from './wholeFile';

/** What the launcher tells the process that started it. */
export type Message =
  | ({ readonly type: 'progress' } & Progress)
  | { readonly type: 'summary'; readonly report: unknown; readonly file: string; readonly page?: string }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'failed'; readonly faults: readonly Fault[] };

export interface LaunchOptions {
  readonly board?: string;
  readonly seed?: number;
  readonly orbits?: number;
  readonly out?: string;
  /** A JSON file of config overrides by instance. */
  readonly config?: string;
  /** A profile of the mission: `flight` unless told. */
  readonly profile?: string;
  readonly format?: 'svg' | 'mermaid';
  /** Instances to draw, comma separated; all unless told. */
  readonly only?: string;
  readonly link?: string;
  readonly alwaysInView?: boolean;
  /** See `FlightOptions`. */
  readonly start?: string;
  readonly sensor?: string;
  readonly drift?: string;
  /** Of the downlink, as `parseCoding` reads it; for boards with a link to a real ground. */
  readonly coding?: string;
  /** See `FlightOptions`; the simulated board alone can be irradiated. */
  readonly radiation?: string;
  readonly radiationTargets?: string;
}

/** A mission's folder exports this from `topology.ts`. */
interface MissionModule {
  readonly topology: Topology;
  /** Config laid over the topology's by name; `flight` is flown unless another is asked for. */
  readonly profiles?: Readonly<Record<string, ConfigOverrides>>;
}

const boards: Readonly<Record<string, string>> = {
  sim: 'hwtests/simulators/board',
  live: 'hwtests/simulators/liveBoard',
  flight: 'components/platform/board',
};

/** Resolves when the last message is on its way: disconnecting before would cut a long one off. */
let told: Promise<void> = Promise.resolve();

function tell(message: Message): void {
  if (process.send) told = new Promise((done) => process.send?.(message, undefined, undefined, () => done()));
  else if (message.type !== 'progress') console.log(JSON.stringify(message, null, 2));
}

function failWith(faults: readonly Fault[]): void {
  tell({ type: 'failed', faults });
  process.exitCode = 1;
}

async function main([verb, mission, json = '{}']: readonly string[]): Promise<void> {
  const options = JSON.parse(json) as LaunchOptions;
  const loaded = loadMission(mission);
  if (!loaded.ok) return failWith([loaded.error]);
  const { topology } = loaded.value;
  if (verb === 'dictionary')
    return tell({ type: 'text', text: JSON.stringify(dictionaryJson(dictionaryOf(topology)), null, 2) });
  if (verb === 'topology') {
    const part = partOf(topology, options.only);
    if (!part.ok) return failWith([part.error]);
    return tell({ type: 'text', text: options.format === 'svg' ? svgOf(part.value) : mermaidOf(part.value) });
  }
  return fly(mission, loaded.value, options);
}

async function fly(name: string, mission: MissionModule, options: LaunchOptions): Promise<void> {
  const config = readConfig(options.config);
  if (!config.ok) return failWith([config.error]);
  const profile = profileOf(mission, options.profile);
  if (!profile.ok) return failWith([profile.error]);
  const overrides = layered(profile.value, config.value);
  const coded = codingOf(mission.topology, overrides, options);
  if (!coded.ok) return failWith([coded.error]);
  const opened = await openBoard(name, options);
  if (!opened.ok) return failWith([opened.error]);
  const { flight, outDir } = opened.value;
  const board = coded.value
    ? { ...flight.board, radio: codedRadio(flight.board.radio, coded.value) }
    : flight.board;
  const topology = flight.fit?.(mission.topology) ?? mission.topology;
  const deployed = deploy(topology, board, { config: overrides, taps: tapsOn(topology, flight.taps) });
  if (!deployed.ok) return failWith(deployed.faults);

  const deployment = deployed.value;
  let stopping = false;
  const stop = () => {
    stopping = true;
  };
  process.on('SIGINT', stop);
  // A service manager's way to ask.
  process.on('SIGTERM', stop);
  // Whoever started us is gone: nobody would ever stop us.
  process.on('disconnect', stop);
  const startedAt = process.hrtime.bigint();
  deployment.start();
  if (flight.notice !== undefined) tell({ type: 'text', text: flight.notice });
  await flight.fly(
    deployment,
    (progress) => tell({ type: 'progress', ...progress }),
    () => stopping,
  );
  await deployment.stop();

  const report = flight.report(deployment);
  const file = join(outDir, 'report.json');
  if (report !== undefined) writeWholeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  // Everything that depends on the host stays out of the report, so that the same flight gives the same bytes.
  const wallS = Number(process.hrtime.bigint() - startedAt) / 1e9;
  const host = {
    wallS,
    rssMiB: process.memoryUsage().rss / 2 ** 20,
    node: process.version,
    arch: process.arch,
  };
  writeWholeFile(join(outDir, 'host.json'), `${JSON.stringify(host, null, 2)}\n`);
  const page = await flight.page?.(report);
  tell({ type: 'summary', report, file, page });
}

function loadMission(name: string): Result<MissionModule> {
  const known = readdirSync(join(__dirname, 'missions')).filter((entry) => !entry.includes('.'));
  if (!known.includes(name)) return fail('MISSION_UNKNOWN', { name, nearest: nearest(name, known) });
  return succeed(require(join(__dirname, 'missions', name, 'topology')) as MissionModule);
}

async function openBoard(mission: string, options: LaunchOptions) {
  const name = options.board ?? 'sim';
  if (!Object.hasOwn(boards, name))
    return fail('BOARD_UNKNOWN', { name, known: Object.keys(boards).join(', ') });
  const { radiation, radiationTargets } = options;
  if (name !== 'sim' && (radiation ?? radiationTargets) !== undefined)
    return fail('RADIATION_BOARD', { board: name });
  if (name === 'flight' && (options.start ?? options.sensor ?? options.drift) !== undefined)
    return fail('START_BOARD', { board: name });
  const outDir = resolve(options.out ?? 'out');
  mkdirSync(outDir, { recursive: true });
  const module = require(join(__dirname, '..', boards[name])) as BoardModule;
  const flightOptions: FlightOptions = {
    mission,
    outDir,
    seed: options.seed ?? 1,
    orbits: options.orbits ?? module.defaultOrbits ?? 1,
    missionDir: join(projectRoot, 'fsw/missions', mission),
    link: options.link,
    alwaysInView: options.alwaysInView,
    start: options.start,
    sensor: options.sensor,
    drift: options.drift,
    radiation,
    radiationTargets,
  };
  const flight = await module.openBoard(flightOptions);
  return flight.ok ? succeed({ flight: flight.value, outDir }) : flight;
}

/** The encoder of the downlink, if it is coded. Errors: CODING_BOARD, CODING_FORM, CODING_FRAME_LENGTH. */
function codingOf(
  topology: Topology,
  overrides: ConfigOverrides,
  { coding, board = 'sim' }: LaunchOptions,
): Result<LinkEncoder | undefined> {
  if (coding === undefined) return succeed(undefined);
  if (board === 'sim') return fail('CODING_BOARD', { board });
  const parsed = parseCoding(coding);
  if (!parsed.ok) return parsed;
  const framer = topology.instances.find(({ name }) => name === 'tmFramer');
  const config = { ...(framer?.config as object | undefined), ...overrides.tmFramer } as {
    frameLength?: number;
  };
  const length = config.frameLength ?? TM_FRAME_LENGTH;
  const encoder = linkEncoder(length, parsed.value);
  if (encoder.ok) return encoder;
  const { interleave = 1, correctable = 16 } = parsed.value.reedSolomon ?? {};
  const max = interleave * (255 - 2 * correctable);
  return fail('CODING_FRAME_LENGTH', { coding, length, interleave, max });
}

/** Some instances, and what connects them to each other. */
function partOf(topology: Topology, only: string | undefined): Result<Topology> {
  if (only === undefined) return succeed(topology);
  const wanted = only.split(',');
  const known = topology.instances.map(({ name }) => name);
  const stranger = wanted.find((name) => !known.includes(name));
  if (stranger !== undefined)
    return fail('CONFIG_UNKNOWN_INSTANCE', { instance: stranger, nearest: nearest(stranger, known) });
  return succeed({
    ...topology,
    instances: topology.instances.filter(({ name }) => wanted.includes(name)),
    connections: topology.connections.filter(
      ({ from, to }) => wanted.includes(from.instance) && wanted.includes(to.instance),
    ),
  });
}

function profileOf({ profiles = {} }: MissionModule, name = 'flight'): Result<ConfigOverrides> {
  const known = ['flight', ...Object.keys(profiles).filter((profile) => profile !== 'flight')];
  if (!known.includes(name)) return fail('PROFILE_UNKNOWN', { name, known: known.join(', ') });
  return succeed(profiles[name] ?? {});
}

/** `over` wins, entry by entry. */
function layered(under: ConfigOverrides, over: ConfigOverrides): ConfigOverrides {
  const instances = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...instances].map((name) => [name, { ...under[name], ...over[name] }]));
}

function readConfig(file: string | undefined): Result<ConfigOverrides> {
  if (file === undefined) return succeed({});
  if (!existsSync(file)) return fail('CONFIG_FILE', { file, why: 'there is no such file' });
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return fail('CONFIG_FILE', { file, why: (error as Error).message });
  }
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(parsed) || !Object.values(parsed as object).every(isObject))
    return fail('CONFIG_FILE', { file, why: 'it is not an object of instances, each an object of settings' });
  return succeed(parsed as ConfigOverrides);
}

if (require.main === module) {
  main(process.argv.slice(2)).then(
    () => told.then(() => process.disconnect?.()),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
}
