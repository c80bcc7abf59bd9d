/**
 * Engine plans on storage. A plan holds a model's weights as TensorRT laid them out for one device, one version and one
 * driver; on another it fails, or worse, so the file says what it was built for and is refused elsewhere.
 *
 * File: "PGEPLAN1", length of the key (U32, big-endian), key (JSON), plan, sha256 of all before. The hash finds damage;
 * it is no signature: who may write the folder may run code here.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import { writeWholeFile } from '../../fsw/wholeFile';

const MAGIC = 'PGEPLAN1';
const HASH_BYTES = 32;
const HEAD_BYTES = MAGIC.length + 4;

/** All that a plan depends on. */
export interface PlanKey {
  /** sha256 of graph and weights, hex. */
  readonly model: string;
  readonly device: string;
  /** Compute capability, as "8.7". */
  readonly capability: string;
  /** Version of libnvinfer, as "10.3.0". */
  readonly tensorRt: string;
  /** Of CUDA that the driver speaks, as 12060. */
  readonly driver: number;
  /** The largest batch. */
  readonly maxBatch: number;
}

/** What each member is called in a refusal. */
const words: Readonly<Record<keyof PlanKey, string>> = {
  model: 'model',
  device: 'device',
  capability: 'compute capability',
  tensorRt: 'TensorRT',
  driver: 'driver',
  maxBatch: 'batches up to',
};
const members = Object.keys(words) as (keyof PlanKey)[];

/** The hash of a model's bytes. */
export function modelHash(graph: Uint8Array, weights: Uint8Array): string {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(graph.length));
  return createHash('sha256').update(length).update(graph).update(weights).digest('hex');
}

export function encodePlan(key: PlanKey, plan: Uint8Array): Buffer {
  const text = Buffer.from(
    JSON.stringify(Object.fromEntries(members.map((member) => [member, key[member]]))),
  );
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(MAGIC, 'latin1');
  head.writeUInt32BE(text.length, MAGIC.length);
  const body = Buffer.concat([head, text, plan]);
  return Buffer.concat([body, sha256(body)]);
}

/** The plan in a file's `bytes`, if it was built for `key`. Errors: PLAN_CORRUPT, PLAN_DEVICE. */
export function decodePlan(file: string, bytes: Uint8Array, key: PlanKey): Result<Uint8Array> {
  const corrupt = (why: string) => fail('PLAN_CORRUPT', { file, why });
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (whole.length < HEAD_BYTES + HASH_BYTES || whole.toString('latin1', 0, MAGIC.length) !== MAGIC)
    return corrupt('it is no plan of Perigee');
  const end = whole.length - HASH_BYTES;
  if (!sha256(whole.subarray(0, end)).equals(whole.subarray(end))) return corrupt('its sha256 is another');
  const start = HEAD_BYTES + whole.readUInt32BE(MAGIC.length);
  if (start > end) return corrupt('its key is longer than the file');
  const found = parseKey(whole.toString('utf8', HEAD_BYTES, start));
  if (found === undefined) return corrupt('its key is not readable');
  const other = members.find((member) => found[member] !== key[member]);
  if (other === undefined) return succeed(whole.subarray(start, end));
  return fail('PLAN_DEVICE', { file, what: words[other], found: found[other], expected: key[other] });
}

/** One file for each model: a plan of another device or version is replaced, not kept beside. */
export function planFile(folder: string, { model }: PlanKey): string {
  return join(folder, `${model.slice(0, 32)}.plan`);
}

/** Errors: PLAN_MISSING, PLAN_CORRUPT (also: not readable), PLAN_DEVICE. */
export function readPlan(folder: string, key: PlanKey): Result<Uint8Array> {
  const file = planFile(folder, key);
  if (!existsSync(file)) return fail('PLAN_MISSING', { file });
  try {
    return decodePlan(file, readFileSync(file), key);
  } catch (error) {
    return fail('PLAN_CORRUPT', { file, why: error instanceof Error ? error.message : String(error) });
  }
}

/** Whole or not at all, also through a power cut. Errors: FILE_FAILED. */
export function writePlan(folder: string, key: PlanKey, plan: Uint8Array): Result<string> {
  const file = planFile(folder, key);
  try {
    mkdirSync(folder, { recursive: true });
    writeWholeFile(file, encodePlan(key, plan));
    return succeed(file);
  } catch (error) {
    return fail('FILE_FAILED', { path: file, why: error instanceof Error ? error.message : String(error) });
  }
}

function parseKey(text: string): Partial<Record<keyof PlanKey, unknown>> | undefined {
  try {
    const key: unknown = JSON.parse(text);
    return typeof key === 'object' && key !== null ? key : undefined;
  } catch {
    return undefined;
  }
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
