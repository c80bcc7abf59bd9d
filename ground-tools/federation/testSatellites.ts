/** Satellites for tests of the gateway: what they learn is a number that only the task and their seed decide. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layoutId, openTask, pack, sealUpdate, type Task, type Update, valuesIn } from '../../fsw/federation';
import { seededRandom } from '../../fsw/framework/random';
import { hexOf, keyIdOf } from '../../fsw/models';
import type { FlowerRecord, RecordDict } from './records';

export const groundKey = generateKeyPairSync('ed25519');
const groundKeys = new Map([[hexOf(keyIdOf(groundKey.publicKey)), groundKey.publicKey]]);

export interface TestSatellite {
  readonly name: string;
  readonly seed: number;
  readonly examples: number;
  readonly key: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
}

export function testSatellites(count: number): TestSatellite[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `sat-${i + 1}`,
    seed: i + 1,
    examples: 40 * (i + 1),
    key: generateKeyPairSync('ed25519'),
  }));
}

export function readTask(task: Uint8Array): { readonly task: Task; readonly id: string } {
  const opened = openTask(task, groundKeys);
  if (!opened.ok) throw new Error(opened.error.text);
  return { task: opened.value.content, id: opened.value.id };
}

/** What a satellite learns from a task. */
export function learned({ seed }: TestSatellite, task: Task): Float32Array {
  const random = seededRandom(seed * 1000 + task.round);
  return Float32Array.from({ length: valuesIn(task.layout) }, () => random.normal() * 0.1);
}

/** The update to a task; `change` what must be wrong with it. */
export function updateOf(
  satellite: TestSatellite,
  bytes: Uint8Array,
  nowMs: number,
  change: Partial<Update> = {},
  delta?: Float32Array,
): Uint8Array {
  const { task, id } = readTask(bytes);
  const packed = pack(delta ?? learned(satellite, task), { kind: 'float32' });
  if (!packed.ok) throw new Error(packed.error.text);
  const update: Update = {
    task: id,
    run: task.run,
    round: task.round,
    node: satellite.name,
    model: task.model,
    base: task.base,
    start: task.start?.id ?? '',
    layout: layoutId(task.layout),
    examples: satellite.examples,
    metrics: { loss: 1 / satellite.seed },
    madeMs: Math.round(nowMs),
    delta: packed.value.bytes,
    ...change,
  };
  return sealUpdate(update, satellite.key.privateKey);
}

/** What Flower's app sends: arrays and the configuration of one round. */
export function orderOf(
  arrays: Extract<FlowerRecord, { kind: 'arrays' }>['arrays'],
  round: number,
  change: Readonly<Record<string, bigint | number | string>> = {},
): RecordDict {
  const values = new Map<string, bigint | number | string>(
    Object.entries({
      model: 'land-cover',
      base: 'ab'.repeat(32),
      what: 'head',
      batch: 8n,
      optimizer: 'sgd',
      steps: 20n,
      rate: 0.01,
      seed: 1n,
      coding: 'int8',
      'server-round': BigInt(round),
      ...change,
    }),
  );
  return new Map<string, FlowerRecord>([
    ['arrays', { kind: 'arrays', arrays }],
    ['config', { kind: 'config', values }],
  ]);
}

export const testArrays = new Map([
  ['head.weight', { dims: [4, 3], data: Float32Array.from({ length: 12 }, (_, i) => i / 10) }],
  ['head.bias', { dims: [4], data: Float32Array.of(0, -1, 2, -3) }],
]);

const folders: string[] = [];

export function testFolder(): string {
  folders.push(mkdtempSync(join(tmpdir(), 'perigee-gateway-')));
  return folders[folders.length - 1];
}

/** To be called when a file's tests are over. */
export function removeTestFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
