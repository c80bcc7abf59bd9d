/** The records of a Flower message: arrays, metrics, configuration, as objects on a heap. */
import { fail, type Result, succeed } from '../../fsw/errors';
import { readNpy, type Tensor, writeNpy } from './npy';
import { type FlowerObject, type ObjectHeap, type Objects, readObject } from './objects';
import { type ObjectTree, type WireRecord, type WireValue, wire } from './schema';

export type MetricValue = number | bigint | readonly number[] | readonly bigint[];
export type ConfigValue =
  | MetricValue
  | boolean
  | string
  | Uint8Array
  | readonly boolean[]
  | readonly string[]
  | readonly Uint8Array[];

/** A number is a Python float, a bigint an int: Flower keeps them apart. */
export type FlowerRecord =
  | { readonly kind: 'arrays'; readonly arrays: ReadonlyMap<string, Tensor> }
  | { readonly kind: 'metrics'; readonly values: ReadonlyMap<string, MetricValue> }
  | { readonly kind: 'config'; readonly values: ReadonlyMap<string, ConfigValue> };

export type RecordDict = ReadonlyMap<string, FlowerRecord>;

/** Bytes of an array in one object, as flwr cuts them. */
const CHUNK_BYTES = 5_242_880;
const MAX_SINT64 = 2n ** 63n - 1n;

const wireOf = { metrics: wire<WireRecord>('MetricRecord'), config: wire<WireRecord>('ConfigRecord') };
const typeOf = { metrics: 'MetricRecord', config: 'ConfigRecord' } as const;

export function putRecords(heap: ObjectHeap, records: RecordDict): ObjectTree {
  const trees = new Map([...records].map(([name, record]) => [name, putRecord(heap, record)]));
  return heap.put('RecordDict', [...trees.values()], references(trees));
}

function putRecord(heap: ObjectHeap, record: FlowerRecord): ObjectTree {
  if (record.kind === 'arrays') {
    const trees = new Map([...record.arrays].map(([name, tensor]) => [name, putArray(heap, tensor)]));
    return heap.put('ArrayRecord', [...trees.values()], references(trees));
  }
  const items = [...record.values].map(([key, value]) => ({ key, value: wireValue(value) }));
  return heap.put(typeOf[record.kind], [], wireOf[record.kind].encode({ items }));
}

function putArray(heap: ObjectHeap, tensor: Tensor): ObjectTree {
  const file = writeNpy(tensor);
  const chunks: ObjectTree[] = [];
  for (let at = 0; at < file.length; at += CHUNK_BYTES)
    chunks.push(heap.put('ArrayChunk', [], file.subarray(at, at + CHUNK_BYTES)));
  const unique = [...new Set(chunks.map((chunk) => chunk.object_id))];
  const about = {
    dtype: 'float32',
    shape: tensor.dims,
    stype: 'numpy.ndarray',
    arraychunk_ids: chunks.map((chunk) => unique.indexOf(chunk.object_id)),
  };
  return heap.put('Array', chunks, json(about));
}

/** Errors: FLOWER_OBJECT, FLOWER_ARRAY, FLOWER_ANSWER. */
export function readRecords(id: string, objects: Objects): Result<RecordDict> {
  const dict = typed(id, objects, 'RecordDict');
  if (!dict.ok) return dict;
  const names = readReferences(id, dict.value);
  if (!names.ok) return names;
  const records = new Map<string, FlowerRecord>();
  for (const [name, recordId] of names.value) {
    const record = readRecord(recordId, objects);
    if (!record.ok) return record;
    records.set(name, record.value);
  }
  return succeed(records);
}

function readRecord(id: string, objects: Objects): Result<FlowerRecord> {
  const object = readObject(id, objects.get(id));
  if (!object.ok) return object;
  const { type, body } = object.value;
  if (type === 'ArrayRecord') return readArrays(id, object.value, objects);
  if (type !== 'MetricRecord' && type !== 'ConfigRecord')
    return fail('FLOWER_OBJECT', { id, why: `a ${type} is no record` });
  const kind = type === 'MetricRecord' ? 'metrics' : 'config';
  const record = wireOf[kind].decode(body);
  if (!record.ok) return record;
  const values = new Map(record.value.items.map(({ key, value }) => [key, plainValue(value)]));
  return succeed({ kind, values } as FlowerRecord);
}

function readArrays(id: string, record: FlowerObject, objects: Objects): Result<FlowerRecord> {
  const names = readReferences(id, record);
  if (!names.ok) return names;
  const arrays = new Map<string, Tensor>();
  for (const [name, arrayId] of names.value) {
    const file = readChunks(arrayId, objects);
    if (!file.ok) return file;
    const tensor = readNpy(name, file.value);
    if (!tensor.ok) return tensor;
    arrays.set(name, tensor.value);
  }
  return succeed({ kind: 'arrays', arrays });
}

/** The file that an array's chunks make up. */
function readChunks(id: string, objects: Objects): Result<Uint8Array> {
  const array = typed(id, objects, 'Array');
  if (!array.ok) return array;
  const { body, children } = array.value;
  const about = parsed(body) as { stype?: unknown; arraychunk_ids?: unknown } | undefined;
  const places = about?.arraychunk_ids;
  if (about?.stype !== 'numpy.ndarray' || !Array.isArray(places))
    return fail('FLOWER_OBJECT', { id, why: 'it is no array of NumPy' });
  const parts: Uint8Array[] = [];
  for (const place of places) {
    const chunk = typed(children[Number(place)] ?? '', objects, 'ArrayChunk');
    if (!chunk.ok) return chunk;
    parts.push(chunk.value.body);
  }
  return succeed(new Uint8Array(Buffer.concat(parts)));
}

function typed(id: string, objects: Objects, type: string): Result<FlowerObject> {
  const object = readObject(id, objects.get(id));
  if (!object.ok || object.value.type === type) return object;
  return fail('FLOWER_OBJECT', { id, why: `it is a ${object.value.type}, not a ${type}` });
}

function references(trees: ReadonlyMap<string, ObjectTree>): Uint8Array {
  return json(Object.fromEntries([...trees].map(([name, tree]) => [name, tree.object_id])));
}

function readReferences(id: string, { body, children }: FlowerObject): Result<[string, string][]> {
  const names = parsed(body);
  if (typeof names !== 'object' || names === null || Array.isArray(names))
    return fail('FLOWER_OBJECT', { id, why: 'its body names no parts' });
  const parts = Object.entries(names as Record<string, unknown>).map(([name, part]): [string, string] => [
    name,
    String(part),
  ]);
  const stray = parts.find(([, part]) => !children.includes(part));
  if (stray) return fail('FLOWER_OBJECT', { id, why: `${stray[0]} is none of its children` });
  return succeed(parts);
}

/** Writes JSON to the byte as Python does: equal content has equal ids on both sides. */
function json(value: unknown): Uint8Array {
  const text = (part: unknown): string => {
    if (Array.isArray(part)) return `[${part.map(text).join(', ')}]`;
    if (typeof part === 'object' && part !== null)
      return `{${Object.entries(part)
        .map(([key, inner]) => `${text(key)}: ${text(inner)}`)
        .join(', ')}}`;
    return JSON.stringify(part).replace(
      /[\u007f-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  };
  return new Uint8Array(Buffer.from(text(value), 'latin1'));
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}

function wireValue(value: ConfigValue): WireValue {
  if (typeof value === 'number') return { double: value };
  if (typeof value === 'bigint')
    return value > MAX_SINT64 ? { uint64: String(value) } : { sint64: String(value) };
  if (typeof value === 'boolean') return { bool: value };
  if (typeof value === 'string') return { string: value };
  if (value instanceof Uint8Array) return { bytes: value };
  return wireList(value);
}

function wireList(list: Extract<ConfigValue, readonly unknown[]>): WireValue {
  if (isListOf(list, 'boolean')) return { bool_list: { vals: list } };
  if (isListOf(list, 'string')) return { string_list: { vals: list } };
  if (isListOf(list, 'number')) return { double_list: { vals: list } };
  if (isListOf(list, 'bigint')) {
    const vals = list.map(String);
    return list.some((value) => value > MAX_SINT64) ? { uint_list: { vals } } : { sint_list: { vals } };
  }
  return { bytes_list: { vals: list as readonly Uint8Array[] } };
}

interface TypeNames {
  readonly boolean: boolean;
  readonly string: string;
  readonly number: number;
  readonly bigint: bigint;
}

function isListOf<K extends keyof TypeNames>(list: readonly unknown[], type: K): list is TypeNames[K][] {
  return list.every((value) => typeof value === type);
}

function plainValue(value: WireValue): ConfigValue {
  const { double, sint64, uint64, bool, string, bytes } = value;
  const long = sint64 ?? uint64;
  const longs = value.sint_list ?? value.uint_list;
  const list = value.double_list ?? value.bool_list ?? value.string_list ?? value.bytes_list;
  if (long !== undefined) return BigInt(long);
  if (longs !== undefined) return longs.vals.map(BigInt);
  return double ?? bool ?? string ?? bytes ?? (list?.vals as ConfigValue | undefined) ?? [];
}
