/** The main run: an unmodified SuperLink with ordinary FedAvg, the gateway, and satellites behind their windows. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fail, type Result, succeed } from '../../../fsw/errors';
import { idOf } from '../../../fsw/federation';
import { SimulatedClock } from '../../../fsw/framework/simulatedClock';
import { writeWholeFile } from '../../../fsw/wholeFile';
import { Gateway } from '../../../ground-tools/federation/gateway';
import { type RunConfig, SuperLinkProcess } from '../../../ground-tools/federation/superLinkProcess';
import { venv } from '../../interop/venv';
import { energyOf } from './board';
import type { Tell } from './experiment';
import type { Options } from './options';
import { Orbiters } from './orbiters';
import type { Point } from './outcome';
import { CODING, type Federated, federate, GROUND_KEY, nodesOf } from './rounds';
import type { Skies } from './sky';
import { experimentKey } from './spaceNode';
import type { Study } from './study';
import { readVector, writeVector } from './tensors';

/** The release whose wire format the gateway speaks. */
export const FLWR = 'flwr==1.41.0';
const NAME = 'federated through windows';
/** From one look at the SuperLink to the next, and how long it may do nothing. */
const STEP_MS = 250;
const PATIENCE_MS = { ours: 180_000, another: 1_800_000 } as const;

/** Faults that trying again does not mend. */
const FINAL = /^FLOWER_(VERSION|CLOCK):/;
/** What the gateway tells and we pass on. */
const SAID: ReadonlySet<string> = new Set(['fault', 'refused', 'late', 'expired', 'damaged']);

/** Who averaged in the main run, and why not Flower where it did not. */
export interface FlowerSays {
  readonly used: boolean;
  readonly text: string;
}

export interface MainRun {
  readonly federated: Federated;
  readonly flower: FlowerSays;
}

interface Setting {
  readonly options: Options;
  readonly study: Study;
  readonly sky: Skies;
  readonly tell: Tell;
  readonly onRound: (point: Point) => void;
}

/**
 * Errors: FLOWER_UNREACHABLE, FLOWER_REFUSED, FLOWER_SILENT, FEDERATION_FLOWER (no SuperLink of this version, or clocks
 * apart), those of training.
 */
export async function flowerRounds(setting: Setting): Promise<Result<MainRun>> {
  const { options, tell } = setting;
  if (!options.flower) return ownRounds(setting, 'averaged by our own code, as asked');
  if (options.superlink !== undefined)
    return withSuperLink(setting, options.superlink, resolve(options.out, 'flower'));
  const python = venv('flower', [FLWR]);
  if ('absent' in python) {
    tell(`Flower is skipped: ${python.absent}`);
    return ownRounds(setting, `averaged by our own code: ${FLWR} cannot be had (${python.absent})`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'perigee-flower-'));
  const started = await SuperLinkProcess.start({ bin: python.bin, folder });
  if (!started.ok) return started;
  const end = async () => {
    await started.value.down();
    rmSync(folder, { recursive: true, force: true });
  };
  // The SuperLink has a process group of its own: who ends us ends it.
  const stop = () => void end().then(() => process.exit(130));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await withSuperLink(setting, started.value.url, folder, started.value);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await end();
  }
}

async function ownRounds({ study, sky, onRound }: Setting, text: string): Promise<Result<MainRun>> {
  const federated = await federate({ name: NAME, study, sky, network: sky.network(), relay: true, onRound });
  return federated.ok ? succeed({ federated: federated.value, flower: { used: false, text } }) : federated;
}

/** `started`: a SuperLink of ours, in which we start the run; else its operator does. */
async function withSuperLink(
  setting: Setting,
  superlink: string,
  folder: string,
  started?: SuperLinkProcess,
): Promise<Result<MainRun>> {
  const { study, sky, tell } = setting;
  const reached = await fetch(superlink).then(
    () => succeed(undefined),
    (error: Error) => fail('FLOWER_UNREACHABLE', { url: superlink, why: error.message }),
  );
  if (!reached.ok) return reached;
  mkdirSync(folder, { recursive: true });
  const out = join(folder, 'rounds');
  rmSync(out, { recursive: true, force: true });
  const config = configOf(study, join(folder, 'initial.safetensors'), out);
  writeWholeFile(
    String(config.initial),
    writeVector(study.trainer.plan.parameters, study.trainer.plan.initial),
  );
  const clock = new SimulatedClock();
  const network = sky.network();
  // Flower's times are the wall's: so are those of tasks and updates here. Windows are the simulated clock's.
  const orbiters = new Orbiters({ clock, network, nodes: nodesOf(study), relay: true, nowMs: Date.now });
  let final: string | undefined;
  const keys = study.satellites.map(({ name }, i) => [name, experimentKey(i + 1).publicKey] as const);
  const gateway = Gateway.open({
    superlink: superlink.replace(/\/+$/, ''),
    state: join(folder, 'gateway'),
    satellites: new Map(keys),
    link: orbiters,
    taskKey: GROUND_KEY.key,
    taskPublicKey: GROUND_KEY.publicKey,
    report: ({ satellite, what, text }) => {
      if (what === 'fault' && FINAL.test(text)) final = text;
      // A call that found nobody is made again.
      const isPassing = what === 'fault' && text.startsWith('FLOWER_UNREACHABLE');
      if (SAID.has(what) && !isPassing) tell(`${satellite}: ${what}: ${text}`);
    },
  });
  if (!gateway.ok) return gateway;
  try {
    await gateway.value.step();
    if (final !== undefined) return fail('FEDERATION_FLOWER', { why: final });
    if (started === undefined)
      tell(
        `start the run: flwr run ground-tools/federation/app CONNECTION --run-config '${configText(config)}'`,
      );
    else {
      const run = started.run(config);
      if (!run.ok) return run;
    }
    return await follow(setting, { gateway: gateway.value, orbiters, network, out, fault: () => final });
  } finally {
    gateway.value.close();
  }
}

interface Under {
  readonly gateway: Gateway;
  readonly orbiters: Orbiters;
  readonly network: ReturnType<Skies['network']>;
  readonly out: string;
  /** What ends it all. */
  readonly fault: () => string | undefined;
}

/** Steps until the last round's parameters are there. */
async function follow(
  { study, sky, onRound, options }: Setting,
  { gateway, orbiters, network, out, fault }: Under,
): Promise<Result<MainRun>> {
  const { trainer, recipe, satellites } = study;
  const points: Point[] = [];
  const means: Float32Array[] = [];
  let cut: string | undefined;
  let aliveMs = Date.now();
  const patienceMs = options.superlink === undefined ? PATIENCE_MS.ours : PATIENCE_MS.another;
  while (means.length < recipe.rounds && cut === undefined) {
    await gateway.step();
    const why = fault();
    if (why !== undefined) return fail('FEDERATION_FLOWER', { why });
    if (orbiters.waiting === satellites.length) {
      aliveMs = Date.now();
      if (!(await orbiters.fly(sky.endUs)))
        cut = orbiters.faults[0]?.text ?? `time was up in round ${means.length + 1} of ${recipe.rounds}`;
      continue;
    }
    const file = join(out, `round-${means.length + 1}.safetensors`);
    if (existsSync(file)) {
      const mean = readVector(trainer.plan.parameters, new Uint8Array(readFileSync(file)), file);
      if (!mean.ok) return mean;
      means.push(mean.value);
      aliveMs = Date.now();
      if (means.length % recipe.lookEvery !== 0 && means.length !== recipe.rounds) continue;
      const accuracy = await trainer.accuracy(mean.value, study.validation);
      if (!accuracy.ok) return accuracy;
      points.push({ hours: orbiters.lastUs / 3.6e9, round: means.length, accuracy: accuracy.value });
      onRound(points[points.length - 1]);
    } else if (Date.now() - aliveMs > patienceMs)
      return fail('FLOWER_SILENT', { seconds: patienceMs / 1000, round: means.length + 1 });
    else await new Promise((done) => setTimeout(done, STEP_MS));
  }
  const test = await trainer.accuracy(means[means.length - 1] ?? trainer.plan.initial, study.test);
  if (!test.ok) return test;
  const federated: Federated = {
    name: NAME,
    points,
    means,
    apart: 0,
    test: test.value,
    traffic: sky.traffic(network),
    energy: energyOf(orbiters.trained, network.hops),
    trained: orbiters.trained,
    ...(cut !== undefined && { cut }),
  };
  const where = options.superlink === undefined ? '' : ` at ${options.superlink}`;
  const text = `averaged by the FedAvg of ${FLWR.replace('==', ' ')} on a SuperLink${where}, through the gateway (${gateway.counts.pushed ?? 0} updates pushed, ${gateway.counts.refused ?? 0} refused, ${gateway.counts.late ?? 0} late)`;
  return succeed({ federated, flower: { used: true, text } });
}

function configOf({ model, recipe, satellites }: Study, initial: string, out: string): RunConfig {
  return {
    initial,
    out,
    rounds: recipe.rounds,
    satellites: satellites.length,
    model: model.name,
    base: idOf(model.weights),
    what: recipe.choice.what,
    batch: recipe.choice.batch,
    optimizer: recipe.choice.optimizer.kind,
    steps: recipe.steps,
    rate: recipe.rate,
    falling: true,
    seed: recipe.seed,
    coding: CODING.kind,
  };
}

function configText(config: RunConfig): string {
  return Object.entries(config)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(' ');
}
