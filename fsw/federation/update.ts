/** What a node learned: its parameters less those it began with, packed, and signed with its own key. */
import type { KeyObject } from 'node:crypto';
import type { Result } from '../errors';
import type { TrustedKeys } from '../models';
import { Malformed, member, optional, text, whole } from '../models/fields';
import { anyBytes, finite, id, idBytes, unixMs } from './fields';
import type { Id } from './ids';
import { type Opened, open, seal } from './sealed';

export interface Metrics {
  /** Mean of the last steps. */
  readonly loss: number;
  /** 0 to 1, on the node's reference tiles; absent where it has none. */
  readonly accuracyBefore?: number;
  readonly accuracyAfter?: number;
}

export interface Update {
  /** Id of the task that it answers. */
  readonly task: Id;
  readonly run: string;
  readonly round: number;
  readonly node: string;
  readonly model: string;
  /** SHA-256 of the weights file. */
  readonly base: Id;
  /** `vectorId` of the parameters that the delta adds to. */
  readonly start: Id;
  /** `layoutId` of the flat vector. */
  readonly layout: Id;
  /** Labelled tiles that it learned from: its weight in a mean. */
  readonly examples: number;
  readonly metrics: Metrics;
  /** Unix time in milliseconds. */
  readonly madeMs: number;
  /** See compress.ts. */
  readonly delta: Uint8Array;
}

const FORMAT = 'perigee-update/1';
const MAX_U32 = 2 ** 32 - 1;

export function sealUpdate(update: Update, key: KeyObject): Uint8Array {
  const { task, base, start, layout } = update;
  const body = {
    ...update,
    format: FORMAT,
    task: idBytes(task),
    base: idBytes(base),
    start: idBytes(start),
    layout: idBytes(layout),
  };
  return seal('PGEFUPDT', body, key);
}

/** The delta stays packed. Errors: FED_FORMAT, FED_KEY, FED_SIGNATURE. */
export function openUpdate(bytes: Uint8Array, keys: TrustedKeys): Result<Opened<Update>> {
  return open('PGEFUPDT', bytes, keys, updateOf);
}

function updateOf(value: unknown): Update {
  const at = 'update';
  const format = member(value, 'format', at);
  if (format !== FORMAT) throw new Malformed(`format: ${String(format)} is not ${FORMAT}`);
  const metrics = member(value, 'metrics', at);
  return {
    task: id(value, 'task', at),
    run: text(member(value, 'run', at), 'run', 64),
    round: whole(member(value, 'round', at), 'round', { max: MAX_U32 }),
    node: text(member(value, 'node', at), 'node', 40),
    model: text(member(value, 'model', at), 'model', 40),
    base: id(value, 'base', at),
    start: id(value, 'start', at),
    layout: id(value, 'layout', at),
    examples: whole(member(value, 'examples', at), 'examples', { min: 1, max: MAX_U32 }),
    metrics: { loss: finite(metrics, 'loss', 'metrics'), ...accuraciesOf(metrics) },
    madeMs: unixMs(value, 'madeMs', at),
    delta: anyBytes(member(value, 'delta', at), 'delta'),
  };
}

function accuraciesOf(metrics: unknown): Partial<Metrics> {
  const names = ['accuracyBefore', 'accuracyAfter'] as const;
  const given = names.filter((name) => optional(metrics, name) !== undefined);
  return Object.fromEntries(given.map((name) => [name, finite(metrics, name, 'metrics')]));
}
