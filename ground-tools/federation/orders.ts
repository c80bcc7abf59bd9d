/** From Flower's message to the task that a satellite gets: arrays are where training begins, the configuration says how. */
import { fail, type Result, succeed } from '../../fsw/errors';
import { type Coding, type LayoutEntry, pack, type Task, vectorId } from '../../fsw/federation';
import { expiresAt, type FlowerMessage } from './message';
import type { ConfigValue, FlowerRecord } from './records';

/** What a satellite can be asked for; others, as `evaluate`, are answered with an error. */
const TRAIN = 'train';
const DEFAULT_BLOCK = 256n;
const DEFAULT_MOMENTUM = 0.9;

type Config = ReadonlyMap<string, ConfigValue>;

/** Errors: FLOWER_ORDER (what is missing or makes no sense in the message), FED_NUMBER. */
export function taskOf({ metadata, body }: FlowerMessage, satellite: string): Result<Task> {
  const id = metadata.message_id;
  const wrong = (why: string) => fail('FLOWER_ORDER', { id, why });
  if (metadata.message_type !== TRAIN)
    return wrong(`satellites train, they don't ${metadata.message_type}: set fraction_evaluate=0.0`);
  if (body.kind === 'error') return wrong('it carries an error');
  const arrays = onlyOne(body.records, 'arrays');
  const config = onlyOne(body.records, 'config');
  if (arrays === undefined || config === undefined)
    return wrong('it needs exactly one ArrayRecord and one ConfigRecord');
  const { layout, values } = flat(arrays.arrays);
  if (layout.length === 0) return wrong('its ArrayRecord is empty');
  const packed = pack(values, { kind: 'float32' });
  if (!packed.ok) return packed;
  try {
    return succeed({
      run: metadata.run_id,
      node: satellite,
      layout,
      start: { id: vectorId(values), packed: packed.value.bytes },
      expiresMs: Math.floor(expiresAt(metadata) * 1000),
      ...ordersOf(config.values),
    });
  } catch (error) {
    if (error instanceof Missing) return wrong(error.message);
    throw error;
  }
}

/** What the configuration says, checked. */
function ordersOf(
  config: Config,
): Pick<Task, 'round' | 'model' | 'base' | 'choice' | 'steps' | 'rate' | 'seed' | 'coding'> {
  const base = text(config, 'base');
  if (!/^[0-9a-f]{64}$/.test(base)) throw new Missing(`config base: ${base} is no SHA-256 in hex`);
  return {
    round: whole(config, 'server-round'),
    model: text(config, 'model'),
    base,
    choice: choiceOf(config),
    steps: whole(config, 'steps'),
    rate: positive(config, 'rate'),
    seed: whole(config, 'seed'),
    coding: codingOf(config),
  };
}

function choiceOf(config: Config): Task['choice'] {
  const what = oneOf(config, 'what', ['head', 'first', 'ends', 'lora', 'all'] as const);
  const kind = oneOf(config, 'optimizer', ['sgd', 'adamw'] as const);
  return {
    what,
    // 0: as the satellite chooses.
    ...(what === 'lora' && isSet(config, 'rank') && { rank: whole(config, 'rank') }),
    ...(what === 'lora' && isSet(config, 'alpha') && { alpha: positive(config, 'alpha') }),
    ...(isSet(config, 'micro-batch') && { microBatch: whole(config, 'micro-batch') }),
    batch: whole(config, 'batch'),
    optimizer:
      kind === 'sgd'
        ? { kind, momentum: number(config, 'momentum', DEFAULT_MOMENTUM) }
        : {
            kind,
            beta1: number(config, 'beta1', 0.9),
            beta2: number(config, 'beta2', 0.999),
            epsilon: number(config, 'epsilon', 1e-8),
          },
    ...(config.get('cached') === true && { features: 'cached' as const }),
  };
}

function codingOf(config: Config): Coding {
  const kind = oneOf(config, 'coding', ['float32', 'int8', 'sparse'] as const);
  if (kind === 'float32') return { kind };
  const block = whole(new Map([['block', config.get('block') ?? DEFAULT_BLOCK]]), 'block');
  return kind === 'int8' ? { kind, block } : { kind, block, keep: positive(config, 'keep') };
}

/** The one record of a kind, or undefined. */
export function onlyOne<K extends FlowerRecord['kind']>(
  records: ReadonlyMap<string, FlowerRecord>,
  kind: K,
): Extract<FlowerRecord, { kind: K }> | undefined {
  const found = [...records.values()].filter((record) => record.kind === kind);
  return found.length === 1 ? (found[0] as Extract<FlowerRecord, { kind: K }>) : undefined;
}

/** Arrays one after the other, in their order. */
function flat(
  arrays: ReadonlyMap<string, { readonly dims: readonly number[]; readonly data: Float32Array }>,
): {
  readonly layout: LayoutEntry[];
  readonly values: Float32Array;
} {
  const layout = [...arrays].map(([name, { dims }]) => ({ name, dims: [...dims] }));
  const values = new Float32Array([...arrays.values()].reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of arrays.values()) {
    values.set(data, at);
    at += data.length;
  }
  return { layout, values };
}

class Missing extends Error {}

function text(config: Config, key: string): string {
  const value = config.get(key);
  if (typeof value === 'string' && value !== '') return value;
  throw new Missing(`config ${key}: a text is needed`);
}

function oneOf<T extends string>(config: Config, key: string, known: readonly T[]): T {
  const found = known.find((one) => one === config.get(key));
  if (found !== undefined) return found;
  throw new Missing(`config ${key}: ${String(config.get(key))} is not ${known.join(', ')}`);
}

function whole(config: Config, key: string): number {
  const value = config.get(key);
  if (typeof value === 'bigint' && value >= 0n && value < 2n ** 32n) return Number(value);
  throw new Missing(`config ${key}: ${String(value)} is no whole number`);
}

/** Python writes 1.0 as 1 in some configurations: both are taken. */
function number(config: Config, key: string, absent?: number): number {
  const value = config.get(key) ?? absent;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new Missing(`config ${key}: ${String(value)} is no number`);
}

function isSet(config: Config, key: string): boolean {
  return config.has(key) && number(config, key) !== 0;
}

function positive(config: Config, key: string): number {
  const value = number(config, key);
  if (value > 0) return value;
  throw new Missing(`config ${key}: ${value} is not above 0`);
}
