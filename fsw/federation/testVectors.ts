/** Seeded vectors, tasks and keys for tests. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../framework/random';
import { hexOf, keyIdOf } from '../models';
import { floatsOf, pack } from './compress';
import { idOf, layoutId, valuesIn, vectorId } from './ids';
import { sealTask, type Task } from './task';
import { sealUpdate, type Update } from './update';

/** As deltas are: most values small, some large. */
export function testDelta(length: number, seed: number, scale = 0.01): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => random.normal() ** 3 * scale);
}

/** An Ed25519 key whose secret is one byte, 32 times. */
export function testKey(byte: number): { key: KeyObject; publicKey: KeyObject; id: string } {
  const head = Buffer.from('302e020100300506032b657004220420', 'hex');
  const der = Buffer.concat([head, Buffer.alloc(32, byte)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { key, publicKey: createPublicKey(key), id: hexOf(keyIdOf(key)) };
}

export const testLayout = [
  { name: 'head.weight', dims: [10, 8] },
  { name: 'head.bias', dims: [10] },
] as const;
export const testStart = testDelta(valuesIn(testLayout), 1);
export const ground = testKey(1);
export const groundKeys = new Map([[ground.id, ground.publicKey]]);
export const nodeKeys = { alpha: testKey(2), beta: testKey(3), gamma: testKey(4) };

export const testTask: Task = {
  run: 'survey',
  round: 3,
  node: 'alpha',
  model: 'land-cover',
  base: 'ab'.repeat(32),
  choice: { what: 'lora', rank: 8, alpha: 16, batch: 8, optimizer: { kind: 'sgd', momentum: 0.9 } },
  layout: testLayout.map(({ name, dims }) => ({ name, dims: [...dims] })),
  start: { id: vectorId(testStart) },
  steps: 20,
  rate: 0.01,
  seed: 5,
  coding: { kind: 'int8', block: 32 },
  expiresMs: 1_800_000_000_000,
};
export const testTaskId = idOf(sealTask(testTask, ground.key));

/** An update of `testTask` with one delta; `change` what must differ. */
export function testUpdate(change: Partial<Update> = {}, key = nodeKeys.alpha.key, delta?: Float32Array) {
  const packed = pack(delta ?? testDelta(testStart.length, 9), { kind: 'float32' });
  if (!packed.ok) throw new Error(packed.error.text);
  const update: Update = {
    task: testTaskId,
    run: testTask.run,
    round: testTask.round,
    node: testTask.node,
    model: testTask.model,
    base: testTask.base,
    start: vectorId(testStart),
    layout: layoutId(testTask.layout),
    examples: 40,
    metrics: { loss: 0.5, accuracyBefore: 0.6, accuracyAfter: 0.75 },
    madeMs: 1_799_000_000_000,
    delta: packed.value.bytes,
    ...change,
  };
  return { update, bytes: sealUpdate(update, key) };
}

/** What numpy wrote: hwtests/vectors/makeFederationVectors.py. */
export const golden = JSON.parse(
  readFileSync(join(__dirname, '../../hwtests/vectors/federation.json'), 'utf8'),
) as {
  values: string;
  id: string;
  float32: { packed: string; read: string };
  int8: { packed: string; read: string; block: number };
  sparse: { packed: string; read: string; block: number; keep: number };
  mean: { updates: { delta: string; examples: number; age: number }[]; fresh: string; aged: string };
};

export function hexBytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

export function hexFloats(hex: string): Float32Array {
  return floatsOf(hexBytes(hex));
}
