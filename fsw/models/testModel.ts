/** A small model for tests: a graph of any bytes, one tensor of weights, a canary. */
import { createHash, createPrivateKey } from 'node:crypto';
import type { ManifestModel } from './manifest';
import { makeKeyPair, readPublicKeys, type TrustedKeys } from './signature';

/** A key pair of this process. */
export function testKeys() {
  const { privatePem, publicPem, id } = makeKeyPair();
  const keys = readPublicKeys(publicPem, 'test');
  if (!keys.ok) throw new Error(keys.error.text);
  return { key: createPrivateKey(privatePem), keys: keys.value satisfies TrustedKeys, publicPem, id };
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export interface TestModel {
  readonly manifest: ManifestModel;
  readonly graph: Uint8Array;
  readonly weights: Uint8Array;
}

/** A safetensors file of one F32 tensor, whose bytes depend on `serial`. */
export function testModel(serial: number, { name = 'mean', floats = 5000 } = {}): TestModel {
  const header = Buffer.from(
    JSON.stringify({ w: { dtype: 'F32', shape: [floats], data_offsets: [0, floats * 4] } }),
  );
  const weights = new Uint8Array(8 + header.length + floats * 4);
  new DataView(weights.buffer).setBigUint64(0, BigInt(header.length), true);
  weights.set(header, 8);
  const values = Float32Array.from({ length: floats }, (_, i) => Math.sin(i * 0.7 + serial) / 4);
  weights.set(new Uint8Array(values.buffer), 8 + header.length);
  const graph = new Uint8Array(Buffer.from(`graph of ${name} ${serial}`.repeat(20)));
  const manifest: ManifestModel = {
    name,
    version: `${serial}.0.0`,
    serial,
    graph: { path: `${name}.onnx`, bytes: graph.length, sha256: sha256Hex(graph) },
    weights: { path: `${name}.safetensors`, bytes: weights.length, sha256: sha256Hex(weights) },
    input: { name: 'x', shape: ['N', 3] },
    outputs: [{ name: 'y', shape: ['N'] }],
    classes: ['bright'],
    canary: {
      count: 2,
      input: Float32Array.from([1, 2, 3, 4, 5, 255]),
      outputs: { y: Float32Array.from([0.5, -1.25]) },
      tolerance: 1e-4,
    },
  };
  return { manifest, graph, weights };
}
