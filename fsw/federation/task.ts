/**
 * What a node is asked to train: from which model and which parameters on, how, and until when the answer is wanted.
 * Its id is the SHA-256 of its bytes.
 */
import type { KeyObject } from 'node:crypto';
import type { Result } from '../errors';
import type { Optimizer, TuningChoice } from '../learning';
import type { TrustedKeys } from '../models';
import { Malformed, member, optional, text, whole } from '../models/fields';
import type { Coding } from './compress';
import { anyBytes, codingOf, finite, id, idBytes, layoutOf, positive, unixMs } from './fields';
import type { Id, LayoutEntry } from './ids';
import { type Opened, open, seal } from './sealed';

/** The parameters that training begins with. */
export interface Start {
  /** `vectorId` of them: what counts. */
  readonly id: Id;
  /** `vectorId` of the vector that `packed` is added to; absent: `packed` is the whole. */
  readonly against?: Id;
  /** Absent where the node has the vector, by `id`. */
  readonly packed?: Uint8Array;
}

export interface Task {
  /** Which federation, and which round of it. */
  readonly run: string;
  readonly round: number;
  /** The name of the node that is asked; `*`: each that gets it. */
  readonly node: string;
  readonly model: string;
  /** SHA-256 of the weights file that the model must fly. */
  readonly base: Id;
  readonly choice: TuningChoice;
  /** Names and dims of the flat vector. */
  readonly layout: readonly LayoutEntry[];
  /** Absent: the parameters that the model's own weights give. */
  readonly start?: Start;
  readonly steps: number;
  readonly rate: number;
  readonly seed: number;
  /** How the update is packed. */
  readonly coding: Coding;
  /** Unix time in milliseconds after which nobody wants the update. */
  readonly expiresMs: number;
  /** With it, a node trains again and again, averages with its neighbours in between, and makes its update at the end. */
  readonly gossip?: GossipPlan;
}

export interface GossipPlan {
  /** From training to training. */
  readonly everyMs: number;
  /** Unix time in milliseconds of the update. */
  readonly untilMs: number;
}

const FORMAT = 'perigee-task/1';
const KINDS = ['head', 'first', 'ends', 'lora', 'all'] as const;
const MAX_STEPS = 1e6;
const MAX_U32 = 2 ** 32 - 1;

export function sealTask(task: Task, key: KeyObject): Uint8Array {
  const { base, start, layout } = task;
  const body = {
    ...task,
    format: FORMAT,
    base: idBytes(base),
    layout: layout.map(({ name, dims }) => [name, [...dims]]),
    start: start && {
      id: idBytes(start.id),
      against: start.against === undefined ? undefined : idBytes(start.against),
      packed: start.packed,
    },
  };
  return seal('PGEFTASK', body, key);
}

/** Errors: FED_FORMAT, FED_KEY, FED_SIGNATURE. */
export function openTask(bytes: Uint8Array, keys: TrustedKeys): Result<Opened<Task>> {
  return open('PGEFTASK', bytes, keys, taskOf);
}

function taskOf(value: unknown): Task {
  const at = 'task';
  const format = member(value, 'format', at);
  if (format !== FORMAT) throw new Malformed(`format: ${String(format)} is not ${FORMAT}`);
  const start = optional(value, 'start');
  const gossip = optional(value, 'gossip');
  if (gossip !== undefined && start === undefined)
    throw new Malformed('gossip: without a start that all share');
  return {
    run: text(member(value, 'run', at), 'run', 64),
    round: whole(member(value, 'round', at), 'round', { max: MAX_U32 }),
    node: text(member(value, 'node', at), 'node', 40),
    model: text(member(value, 'model', at), 'model', 40),
    base: id(value, 'base', at),
    choice: choiceOf(member(value, 'choice', at)),
    layout: layoutOf(member(value, 'layout', at), 'layout'),
    ...(start !== undefined && { start: startOf(start) }),
    steps: whole(member(value, 'steps', at), 'steps', { min: 1, max: MAX_STEPS }),
    rate: positive(value, 'rate', at),
    seed: whole(member(value, 'seed', at), 'seed', { max: MAX_U32 }),
    coding: codingOf(member(value, 'coding', at), 'coding'),
    expiresMs: unixMs(value, 'expiresMs', at),
    ...(gossip !== undefined && {
      gossip: { everyMs: unixMs(gossip, 'everyMs', 'gossip'), untilMs: unixMs(gossip, 'untilMs', 'gossip') },
    }),
  };
}

function startOf(value: unknown): Start {
  const at = 'start';
  const packed = optional(value, 'packed');
  return {
    id: id(value, 'id', at),
    ...(optional(value, 'against') !== undefined && { against: id(value, 'against', at) }),
    ...(packed !== undefined && { packed: anyBytes(packed, 'start.packed') }),
  };
}

function choiceOf(value: unknown): TuningChoice {
  const at = 'choice';
  const said = text(member(value, 'what', at), 'choice.what');
  const what = KINDS.find((kind) => kind === said);
  if (what === undefined) throw new Malformed(`choice.what: ${said} is not one of ${KINDS.join(', ')}`);
  const features = optional(value, 'features');
  if (features !== undefined && features !== 'cached') throw new Malformed('choice.features: not cached');
  return {
    what,
    ...(optional(value, 'rank') !== undefined && {
      rank: whole(member(value, 'rank', at), 'choice.rank', { min: 1, max: 1024 }),
    }),
    ...(optional(value, 'alpha') !== undefined && { alpha: positive(value, 'alpha', at) }),
    batch: whole(member(value, 'batch', at), 'choice.batch', { min: 1, max: 4096 }),
    ...(optional(value, 'microBatch') !== undefined && {
      microBatch: whole(member(value, 'microBatch', at), 'choice.microBatch', { min: 1, max: 4096 }),
    }),
    optimizer: optimizerOf(member(value, 'optimizer', at)),
    ...(features !== undefined && { features }),
  };
}

function optimizerOf(value: unknown): Optimizer {
  const at = 'choice.optimizer';
  const kind = text(member(value, 'kind', at), `${at}.kind`);
  if (kind === 'sgd') return { kind, momentum: finite(value, 'momentum', at) };
  if (kind !== 'adamw') throw new Malformed(`${at}.kind: ${kind} is not sgd or adamw`);
  return {
    kind,
    beta1: finite(value, 'beta1', at),
    beta2: finite(value, 'beta2', at),
    epsilon: positive(value, 'epsilon', at),
  };
}
