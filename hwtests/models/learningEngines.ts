/** The engines of the learning campaign: in this process, their copies of the weights open to radiation, and a witness. */
import { createHash } from 'node:crypto';
import type { Engine, Outputs } from '../../components/payload/inference/engine';
import { sameBits, strays } from '../../components/payload/inference/outputs';
import type { StoredModel } from '../../components/payload/ports';
import { fail } from '../../fsw/errors';
import { adamw, momentsOf, PARAMETERS, type Tensor } from '../../fsw/learning';
import { sameProcessEngine } from '../../fsw/learning/engines/sameProcess';
import type { FlightEngine } from '../../fsw/learning/engines/workshop';
import { flipBits } from '../simulators/radiation/upsets';

/** A copy of weights that lies open. */
export interface OpenCopy {
  readonly name: string;
  readonly bits: number;
  flip(first: number, count: number): number;
}

/** Runs models for Inference with onnxruntime in this process. */
export function inferringEngine(): Engine {
  const inner = sameProcessEngine();
  const models = new Map<string, StoredModel>();
  return {
    get alive() {
      return inner.alive;
    },
    async load(session, model, providers) {
      // Copies: what the store hands out lies in shared memory, which is not still, nor taken for a graph.
      const [graph, bytes] = [model.graph, model.weights].map((shared) => new Uint8Array(shared));
      const loaded = await inner.load(session, graph, { name: model.weightsName, bytes }, providers);
      if (loaded.ok) models.set(session, model);
      return loaded;
    },
    async run(session, count, data) {
      const input = models.get(session)?.input;
      if (input === undefined) return fail('ENGINE_RUN', { model: session, reason: 'not loaded' });
      const dims = [count, ...input.shape.slice(1).map(Number)];
      return inner.run(session, { [input.name]: { dims, data } });
    },
    release: (session) => inner.release(session),
    restart: () => inner.restart(),
    close: () => inner.close(),
  };
}

/**
 * What training has really computed, over all lives: the states that steps gave, and whether by a whole engine. A state that
 * a step takes must be one of them, or a beginning; one that comes from storage must be what a whole engine gives.
 */
export class Witness {
  /** By hash of the state: whether it is what a whole engine gives. */
  private readonly given = new Map<string, boolean>();
  /** Of parameters that a job began with, by hash of the weights and number of parameters. */
  private readonly beginnings = new Map<string, string>();
  readonly faults: string[] = [];
  steps = 0;
  resumed = 0;

  /** A step takes a state. `first`: since a boot or a rollback, so it came from storage. */
  took(state: readonly Float32Array[], base: string, first: boolean): void {
    const hash = hashOf(state);
    if (isBeginning(state)) {
      const job = `${base}/${state[0].length}`;
      const known = this.beginnings.get(job) ?? hash;
      this.beginnings.set(job, known);
      if (known !== hash) this.faults.push('a job began with parameters that are not those of its beginning');
      return;
    }
    this.steps++;
    const whole = this.given.get(hash);
    if (whole === undefined) this.faults.push('a step took a state that no step gave');
    if (!first) return;
    this.resumed++;
    if (whole === false) this.faults.push('a step resumed from a state that no whole engine gives');
  }

  gave(state: readonly Float32Array[], whole: boolean): void {
    const hash = hashOf(state);
    this.given.set(hash, whole || this.given.get(hash) === true);
  }
}

interface Session {
  readonly name: string;
  /** As they were loaded; `bytes` are those that radiation hits. */
  readonly clean: Uint8Array;
  readonly graph: Uint8Array;
  readonly weightsName: string;
  readonly bytes: Uint8Array;
  readonly providers: readonly string[];
  readonly base: string;
  hit: boolean;
  whole: boolean;
}

/** A training engine of one life, whose copies of the weights can be hit, under the eyes of a witness. */
export function witnessedEngine(witness: Witness): FlightEngine & { copies(): OpenCopy[] } {
  const inner = sameProcessEngine();
  /** For what a hit engine gives: the same work in one that nothing hits. */
  const judge = sameProcessEngine();
  const sessions = new Map<string, Session>();
  let first = true;
  const isSound = async (
    session: Session,
    inputs: Readonly<Record<string, Tensor>>,
    given: Outputs,
  ): Promise<boolean> => {
    if (session.whole) return true;
    const { name, graph, weightsName, clean, providers } = session;
    const loaded = await judge.load(name, graph, { name: weightsName, bytes: clean.slice() }, providers);
    const run = loaded.ok ? await judge.run(name, inputs) : loaded;
    return run.ok && sameBits(run.value, given);
  };
  return {
    get alive() {
      return inner.alive;
    },
    copies: () =>
      [...sessions.values()].map((session) => ({
        name: session.name,
        bits: session.bytes.length * 8,
        flip(from, count) {
          session.hit = true;
          return flipBits(session.bytes, from, count);
        },
      })),
    async load(name, given, weights, providers) {
      const graph = new Uint8Array(given);
      if (weights === undefined) return inner.load(name, graph, weights, providers);
      const bytes = new Uint8Array(weights.bytes);
      const clean = bytes.slice();
      const base = createHash('sha256').update(bytes).digest('hex');
      const loaded = await inner.load(name, graph, { ...weights, bytes: bytes.slice() }, providers);
      const made = {
        name,
        clean,
        graph,
        weightsName: weights.name,
        bytes,
        providers,
        base,
        hit: false,
        whole: true,
      };
      if (loaded.ok) sessions.set(name, made);
      return loaded;
    },
    async run(name, inputs) {
      const session = sessions.get(name);
      if (session?.hit) {
        // Nobody can reach into onnxruntime's memory: it is loaded again from the hit bytes.
        Object.assign(session, { hit: false, whole: false });
        const { graph, weightsName, bytes, providers } = session;
        const loaded = await inner.load(name, graph, { name: weightsName, bytes: bytes.slice() }, providers);
        if (!loaded.ok) return loaded;
      }
      const taken = name.endsWith('.step') ? stateOf(inputs) : undefined;
      if (taken && session) witness.took(taken, session.base, first);
      if (taken && !isBeginning(taken)) first = false;
      const run = await inner.run(name, inputs);
      if (run.ok && taken && session) {
        const { length } = taken[0];
        const state = Object.values(run.value).filter((output) => output.length === length);
        witness.gave(state.slice(0, taken.length), await isSound(session, inputs, run.value));
      }
      return run;
    },
    plan: (model, choice) => inner.plan(model, choice),
    merge: (model, choice, parameters) => inner.merge(model, choice, parameters),
    release(name) {
      sessions.delete(name);
      return inner.release(name);
    },
    restart() {
      sessions.clear();
      // What comes next is from storage again.
      first = true;
      return inner.restart();
    },
    close() {
      sessions.clear();
      return inner.close();
    },
  };
}

function stateOf(inputs: Readonly<Record<string, Tensor>>): Float32Array[] {
  return [PARAMETERS, ...momentsOf(adamw)].map((name) => inputs[name].data);
}

function isBeginning([, ...moments]: readonly Float32Array[]): boolean {
  return moments.every((moment) => moment.every((value) => value === 0));
}

function hashOf(state: readonly Float32Array[]): string {
  const hash = createHash('sha256');
  for (const vector of state)
    hash.update(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
  return hash.digest('hex');
}

/** What a model gives in an engine that nothing hits. */
export async function answersOf(model: StoredModel, input: Float32Array, count: number) {
  const engine = inferringEngine();
  const loaded = await engine.load('judge', model, ['cpu']);
  const run = loaded.ok ? await engine.run('judge', count, input) : loaded;
  await engine.close();
  if (!run.ok) throw new Error(run.error.text);
  return run.value;
}

/** Why what flies does not pass its canary in an engine that nothing hits, if so. */
export async function canaryFault(model: StoredModel): Promise<string | undefined> {
  const { canary } = model;
  if (canary === undefined) return 'it has no canary';
  return strays(await answersOf(model, canary.input, canary.count), canary.outputs, canary.tolerance);
}
