/**
 * A spacecraft that learns, small and whole: model store, runtime, scrubber, fine-tuner and reference set, wired as in the
 * learner mission, on files in memory whose power can be cut, in the radiation of its orbit. One of these is one life.
 */
import { fineTuner } from '../../components/learning/fineTuner/fineTuner';
import {
  CLASSES,
  labelFile,
  labels,
  type smallModel,
  tile,
} from '../../components/learning/fineTuner/testTuner';
import { TileFetch } from '../../components/learning/ports';
import { referenceSet } from '../../components/learning/referenceSet/referenceSet';
import type { Engine } from '../../components/payload/inference/engine';
import { inference } from '../../components/payload/inference/inference';
import { modelStore } from '../../components/payload/modelStore/modelStore';
import { InferResult } from '../../components/payload/ports';
import { scrubber } from '../../components/payload/scrubber/scrubber';
import { fail, succeed } from '../../fsw/errors';
import {
  type Board,
  component,
  connect,
  defineComponent,
  defineTopology,
  input,
  instance,
} from '../../fsw/framework';
import { type Deployment, deploy } from '../../fsw/framework/deployment';
import { eventText } from '../../fsw/framework/emitters';
import { allCommands } from '../../fsw/framework/ids';
import type { MemoryFiles } from '../../fsw/framework/memoryFiles';
import { plainMemory } from '../../fsw/framework/plainMemory';
import { SimulatedClock } from '../../fsw/framework/simulatedClock';
import { decode, encode, type Fields, struct } from '../../fsw/framework/types';
import type { FlightEngine } from '../../fsw/learning/engines/workshop';
import { orbitFrom } from '../simulators/orbit';
import { RadiationEnvironment } from '../simulators/radiation/environment';
import { irradiatedEngine } from '../simulators/radiation/irradiatedEngine';
import { exposedMemory, memoryTarget, type Target } from '../simulators/radiation/targets';
import { sentinel2a } from '../simulators/tle';
import { inferringEngine, type Witness, witnessedEngine } from './learningEngines';

export const MODEL = 'colours';
export const LABELS = 'uplink/march.labels';
const TICK_US = 1_000_000;
/** Radiation falls so often: several times in a step of training. */
const HIT_US = 100_000;
const EPOCH_MS = Date.UTC(2022, 1, 22, 9, 21);
/** What the board keeps, and radiation hits. Uplinked files are left alone: their hashes refuse a hit one, which is tested elsewhere. */
const AT_REST = /^(model-store|fine-tuner|reference-set)\//;

/** The archive and the payload: gives tiles, asks for answers. */
const world = component(
  defineComponent({
    kind: 'passive',
    doc: 'Stands for the archive of tiles and for whoever asks the network.',
    ports: { tileFetch: input.sync(TileFetch), result: input.sync(InferResult) },
  }),
  { state: () => ({}), ports: () => ({ tileFetch: ({ tile: id }) => tile(id), result() {} }) },
);

export interface LearningCraft {
  readonly events: {
    readonly from: string;
    readonly name: string;
    readonly args: Record<string, unknown>;
    readonly text: string;
  }[];
  readonly environment: RadiationEnvironment;
  readonly nowUs: number;
  advance(us: number): Promise<void>;
  /** Sends a command; the answer comes in `responses`. */
  command(target: string, name: string, args?: Record<string, unknown>): number;
  readonly responses: ReadonlyMap<number, string>;
  /** Has the network asked about some tiles. */
  ask(first: number, count: number): void;
  served(): ReturnType<typeof servedBy>;
  stage(): unknown;
}

export interface CraftOptions {
  readonly folder: string;
  readonly files: MemoryFiles;
  readonly stored: Map<string, Uint8Array>;
  readonly witness: Witness;
  readonly seed: number;
  /** Radiation, in times of the published rate. */
  readonly factor: number;
  /** Flight time of all lives before. */
  readonly flownUs: number;
}

export async function learningCraft(options: CraftOptions): Promise<LearningCraft> {
  const { folder, files, stored, witness, seed, factor, flownUs } = options;
  const clock = new SimulatedClock(EPOCH_MS * 1000 + flownUs);
  const memory = exposedMemory(plainMemory());
  const runtime = irradiatedEngine(inferringEngine());
  const training = witnessedEngine(witness);
  const orbit = orbitFrom(sentinel2a);
  if (!orbit.ok) throw new Error(orbit.error.text);
  const copies = (kind: string): Target[] =>
    [...runtime.copies(), ...training.copies()].map(({ name, bits, flip }) => ({
      kind: 'runtime',
      name: `${kind} ${name}`,
      bits,
      flip,
    }));
  const environment = new RadiationEnvironment({
    orbit: orbit.value,
    epochMs: EPOCH_MS + flownUs / 1000,
    seed,
    factor,
    targets: () => [...memory.targets(), ...filesAtRest(files), ...copies('copy of')],
  });
  // Also while an engine works: it took copies when it was called, so a slow host changes nothing.
  clock.every(HIT_US, (dueUs) => environment.irradiate(dueUs));
  const board = {
    name: 'learning',
    clock,
    seed,
    imagers: {},
    memory,
    files,
    storage: storageOver(stored),
    ephemeris: {
      groundPoint: () => ({ latDeg: 0, lonDeg: 0, sunElevationDeg: 45 }),
      contactAt: () => undefined,
    },
    host: { sample: () => ({ cpuPercent: 20, memoryMiB: 256, storageFreeMiB: 4096 }) },
  } as unknown as Board;
  const deployed = deploy(
    topologyOf(
      folder,
      () => runtime,
      () => training,
    ),
    board,
  );
  if (!deployed.ok) throw new Error(deployed.faults.map(({ text }) => text).join('\n'));
  return flying(deployed.value, clock, environment);
}

function topologyOf(folder: string, runtime: () => Engine, training: () => FlightEngine) {
  const models = instance('modelStore', modelStore, {
    baseId: 0x2500,
    config: { folder },
    params: { MaxLearned: 255, WatchS: 20, WatchBoots: 255 },
  });
  const infers = instance('inference', inference, {
    baseId: 0x2400,
    config: {
      models: MODEL,
      providers: 'cpu',
      engine: runtime,
      costUsPerItem: 2000,
      loadCostUs: 50_000,
      redos: 3,
    },
    params: { Guard: 'TWIN', CanaryPeriodS: 10, ReferenceMargin: 1 },
  });
  const tuner = instance('fineTuner', fineTuner, {
    baseId: 0x2600,
    config: { model: MODEL, providers: 'cpu', engine: training, loadCostUs: 100_000 },
    params: { CheckpointSteps: 4 },
  });
  const scrub = instance('scrubber', scrubber, { baseId: 0x2800, params: { RateMiBps: 0.2 } });
  const reference = instance('referenceSet', referenceSet, { baseId: 0x2900 });
  const outside = instance('world', world, { baseId: 0x2a00 });
  return defineTopology({
    name: 'LearningCraft',
    instances: [outside, models, infers, tuner, scrub, reference],
    patterns: {},
    connections: [
      connect(tuner.out.tile, outside.in.tileFetch),
      connect(tuner.out.fetch, models.in.fetch),
      connect(tuner.out.served, models.in.served),
      connect(tuner.out.install, models.in.install),
      connect(models.out.installed, tuner.in.installed),
      connect(reference.out.tile, outside.in.tileFetch),
      connect(reference.out.served, models.in.served),
      connect(infers.out.fetch, models.in.fetch),
      connect(infers.out.reference, reference.in.reference),
      connect(infers.out.trouble, models.in.trouble),
      connect(infers.out.result[0], outside.in.result),
      connect(models.out.offer, infers.in.offered),
      connect(models.out.shadow, infers.in.shadow),
      connect(infers.out.verdict, models.in.verdict),
      connect(scrub.out.regions, models.in.regions),
    ],
  });
}

async function flying(
  deployment: Deployment,
  clock: SimulatedClock,
  environment: RadiationEnvironment,
): Promise<LearningCraft> {
  const { units, dictionary, executive } = deployment;
  const events: LearningCraft['events'] = [];
  const responses = new Map<number, string>();
  const telemetry = new Map<string, unknown>();
  for (const [from, { services }] of units) {
    services.log = ({ id, args }) => {
      const entry = dictionary.events.find((event) => event.id === id);
      const values = entry && decode(struct(entry.local, entry.args ?? ({} as Fields)), args);
      if (entry && values?.ok)
        events.push({ from, name: entry.local, args: values.value, text: eventText(entry, values.value) });
    };
    services.respond = ({ cmdSeq, status, reason }) => {
      responses.set(cmdSeq, status === 'OK' ? 'OK' : `${status}: ${reason}`);
    };
    services.tlm = ({ id, value }) => {
      const entry = dictionary.channels.find((channel) => channel.id === id);
      const decoded = entry && decode(entry.type, value);
      if (entry && decoded?.ok) telemetry.set(`${from}.${entry.local}`, decoded.value);
    };
    services.prmGet = () => ({ valid: false, value: new Uint8Array(0) });
  }
  const inlet = (target: string, end: string) => units.get(target)?.inlets.own[end]?.[0];
  clock.every(TICK_US, () => {
    for (const target of ['inference', 'fineTuner', 'scrubber'])
      inlet(target, 'schedIn')?.accept({ context: 0 }, undefined);
  });
  const advance = (us: number) => clock.run(clock.nowUs() + us, () => executive.run());
  let cmdSeq = 0;
  let ticket = 0;
  deployment.start();
  await advance(0);
  return {
    events,
    environment,
    responses,
    get nowUs() {
      return clock.nowUs();
    },
    advance,
    command(target, name, args = {}) {
      const unit = units.get(target);
      const spec = unit && allCommands(unit.instance.component.model)[name];
      if (unit === undefined || spec === undefined) throw new Error(`no command ${target}.${name}`);
      const bytes = encode(struct(name, spec.args ?? ({} as Fields)), args);
      unit.inlets.command.accept(
        { opcode: unit.instance.baseId + spec.id, cmdSeq: ++cmdSeq, args: bytes },
        undefined,
      );
      return cmdSeq;
    },
    ask(first, count) {
      const tiles = Array.from({ length: count }, (_, i) => [...tile(first + i).pixels]).flat();
      const request = { ticket: ++ticket, model: MODEL, count, input: Float32Array.from(tiles) };
      inlet('inference', 'request')?.accept(request, undefined);
    },
    served: () => servedBy(deployment),
    stage: () => telemetry.get('fineTuner.Stage'),
  };
}

/** What the store hands out, verified now, and says of it. */
function servedBy({ units }: Deployment) {
  const call = (end: string) =>
    units.get('modelStore')?.inlets.own[end]?.[0]?.accept({ model: MODEL }, undefined);
  return {
    stored: call('fetch') as ReturnType<typeof smallModel> | undefined,
    version: call('served') as { manifest: ReturnType<typeof smallModel>['manifest'] } | undefined,
  };
}

/** Files at rest as radiation sees them: the cells that a power cut would leave. */
function filesAtRest(files: MemoryFiles): Target[] {
  return Object.entries(files.contents())
    .filter(([path]) => AT_REST.test(path) && !path.endsWith('.tmp'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, bytes]) => {
      const { cells: _, ...target } = memoryTarget('golden', path, bytes);
      return target;
    });
}

function storageOver(stored: Map<string, Uint8Array>): Board['storage'] {
  return {
    read(name) {
      const bytes = stored.get(name);
      return bytes ? succeed(bytes) : fail('STORAGE_MISSING', { name });
    },
    write(name, bytes) {
      stored.set(name, bytes);
      return succeed(undefined);
    },
  };
}

/** The label file that the ground sends. */
export function sentLabels(): Uint8Array {
  return labelFile(labels(40), CLASSES, MODEL);
}
