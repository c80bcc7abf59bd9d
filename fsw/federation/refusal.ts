/** Which updates count: each that does not has a code. Nothing of a refused update is used. */
import { type ErrorCode, type Fault, fail, type Result, succeed } from '../errors';
import type { TrustedKeys } from '../models';
import { unpack } from './compress';
import { type Id, layoutId, valuesIn } from './ids';
import type { Task } from './task';
import { openUpdate, type Update } from './update';

export interface Limits {
  /** Rounds that an update may be behind. */
  readonly rounds: number;
  /** Milliseconds since an update was made, and by how many a node's clock may be ahead. */
  readonly ageMs: number;
  readonly aheadMs: number;
  /** Largest L2 norm of a delta, whatever the others say. */
  readonly norm: number;
  /** Largest norm in medians of the round's. */
  readonly medians: number;
  /** Accuracy on the reference set that new parameters may lose. */
  readonly accuracyLoss: number;
}

export const defaultLimits: Limits = {
  rounds: 8,
  ageMs: 3 * 86_400_000,
  aheadMs: 300_000,
  norm: 100,
  medians: 4,
  accuracyLoss: 0.01,
};

/** What whoever gathers updates knows. */
export interface Gathering {
  /** Tasks that were given out, by id. */
  readonly tasks: ReadonlyMap<Id, Task>;
  /** The `vectorId` that a task begins with, where the task doesn't say. */
  readonly ownStart?: Id;
  readonly keys: TrustedKeys;
  /** By the node's name, the id of its key in hex. */
  readonly nodes: ReadonlyMap<string, string>;
  /** Ids of the updates, and of the tasks (`node/task`), that were taken. */
  readonly taken: ReadonlySet<string>;
  readonly round: number;
  readonly nowMs: number;
  readonly limits: Limits;
}

export interface Accepted {
  readonly id: Id;
  readonly update: Update;
  readonly delta: Float32Array;
  readonly norm: number;
  /** Rounds behind. */
  readonly age: number;
}

/** What `Gathering.taken` holds of an accepted update. */
export function takenBy({ id, update }: Pick<Accepted, 'id' | 'update'>): readonly string[] {
  return [id, `${update.node}/${update.task}`];
}

/**
 * One update by itself. Errors: FED_FORMAT, FED_KEY, FED_SIGNATURE, FED_DUPLICATE, FED_NODE, FED_TASK, FED_BASE, FED_START,
 * FED_LAYOUT, FED_STALE, FED_PACKED, FED_NUMBER, FED_NORM.
 */
export function checkUpdate(bytes: Uint8Array, gathering: Gathering): Result<Accepted> {
  const opened = openUpdate(bytes, gathering.keys);
  if (!opened.ok) return opened;
  const { content: update, id, keyId } = opened.value;
  const { node } = update;
  const task = gathering.tasks.get(update.task);
  if (gathering.nodes.get(node) !== keyId)
    return fail('FED_NODE', { what: 'update', node, why: `key ${keyId} is not of a node of that name` });
  if (task === undefined) return fail('FED_TASK', { node, task: update.task });
  if (takenBy({ id, update }).some((name) => gathering.taken.has(name)))
    return fail('FED_DUPLICATE', { what: `update of ${node} to task`, id: update.task });
  const fits = checkFit(update, task, gathering);
  if (!fits.ok) return fits;
  const fresh = checkAge(update, gathering);
  if (!fresh.ok) return fresh;
  const delta = unpack(update.delta, valuesIn(task.layout));
  if (!delta.ok) return delta;
  const norm = normOf(delta.value);
  const { limits } = gathering;
  if (norm > limits.norm) return fail('FED_NORM', { node, norm, max: limits.norm, why: 'for any update' });
  const age = Math.max(0, gathering.round - update.round);
  return succeed({ id, update, delta: delta.value, norm, age });
}

function checkFit(update: Update, task: Task, { ownStart }: Gathering): Result<void> {
  const { node, model, base, start, layout, run, round } = update;
  const what = `update of ${node}`;
  if ((task.node !== node && task.node !== '*') || task.run !== run || task.round !== round)
    return fail('FED_NODE', {
      what: 'update',
      node,
      why: `its task is ${task.node}'s, round ${task.round} of ${task.run}`,
    });
  if (task.model !== model || task.base !== base)
    return fail('FED_BASE', { what, model, found: base, expected: task.base });
  const begins = task.start?.id ?? ownStart;
  if (begins !== start) return fail('FED_START', { what, found: start, expected: begins });
  const expected = layoutId(task.layout);
  return layout === expected ? succeed(undefined) : fail('FED_LAYOUT', { what, found: layout, expected });
}

function checkAge({ node, madeMs, round }: Update, { nowMs, round: now, limits }: Gathering): Result<void> {
  const behind = now - round;
  if (behind > limits.rounds) return fail('FED_STALE', { node, age: `${behind} rounds`, max: limits.rounds });
  const ageMs = nowMs - madeMs;
  if (ageMs > limits.ageMs) return fail('FED_STALE', { node, age: `${ageMs} ms`, max: limits.ageMs });
  return -ageMs > limits.aheadMs
    ? fail('FED_STALE', { node, age: `${ageMs} ms`, max: `${limits.aheadMs} ms ahead` })
    : succeed(undefined);
}

export interface Sorted {
  readonly counted: readonly Accepted[];
  readonly refused: readonly { readonly update: Accepted; readonly error: Fault }[];
}

/** Fewer norms than this have no median worth the name. */
const PEERS = 3;

/**
 * The updates of a round beside each other: FED_NORM for a norm above so many medians. `earlier`: norms of updates that
 * counted in rounds before. With fewer than three in all, the bound of each alone must do.
 */
export function checkNorms(
  updates: readonly Accepted[],
  limits: Pick<Limits, 'medians'>,
  earlier: readonly number[] = [],
): Sorted {
  const norms = [...earlier, ...updates.map(({ norm }) => norm)];
  const max = norms.length < PEERS ? Number.POSITIVE_INFINITY : limits.medians * median(norms);
  const refused = updates.flatMap((update) => {
    if (update.norm <= max) return [];
    const { node } = update.update;
    const failed = fail('FED_NORM', {
      node,
      norm: update.norm,
      max,
      why: `${limits.medians} medians of its round`,
    });
    return [{ update, error: failed.error }];
  });
  return { counted: updates.filter(({ norm }) => norm <= max), refused };
}

/** Whether new parameters may be used, by accuracy on the reference set. Errors: FED_CANARY. */
export function checkCanary(
  { before, after }: { readonly before: number; readonly after: number },
  nodes: readonly string[],
  limits: Pick<Limits, 'accuracyLoss'>,
): Result<void> {
  return after >= before - limits.accuracyLoss
    ? succeed(undefined)
    : fail('FED_CANARY', { nodes: nodes.join(', '), before, after, loss: limits.accuracyLoss });
}

/** How often each code was the answer. */
export type Refusals = Partial<Record<ErrorCode, number>>;

export function countRefusal(counts: Refusals, { code }: Fault): void {
  counts[code] = (counts[code] ?? 0) + 1;
}

/** L2, summed in float64. */
export function normOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
