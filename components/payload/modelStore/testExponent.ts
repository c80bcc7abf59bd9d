/** A model of which one tensor protects its own exponents. */
import { sha256Hex, type TestModel, testModel } from '../../../fsw/models/testModel';
import { exponent } from '../../../native/exponent';

const FLOATS = 6000;
export const BOUND = 0.25;

/** Two tensors; the exponents of the second are protected, its bytes begin at an odd place. */
export function exponentModel(
  change: (protection: NonNullable<TestModel['manifest']['protection']>) => object = () => ({}),
) {
  const base = testModel(1);
  const tensor = (from: number, to: number, dtype = 'F32') => ({
    dtype,
    shape: [(to - from) / 4],
    data_offsets: [from, to],
  });
  const half = (FLOATS / 2) * 4;
  const text = JSON.stringify({ kept: tensor(0, half), bare: tensor(half, 2 * half) });
  const header = Buffer.from(text.padEnd(text.length + 1 + (text.length % 2)));
  const eccBytes = 8 + header.length + half;
  const weights = new Uint8Array(eccBytes + half);
  new DataView(weights.buffer).setBigUint64(0, BigInt(header.length), true);
  weights.set(header, 8);
  const values = Float32Array.from({ length: FLOATS }, (_, i) => Math.sin(i) * BOUND);
  weights.set(new Uint8Array(values.buffer), 8 + header.length);
  const bare = weights.slice(eccBytes);
  exponent.protect(bare, 'F32');
  weights.set(bare, eccBytes);
  const protection = {
    eccBytes,
    eccSha256: sha256Hex(weights.subarray(0, eccBytes)),
    exponent: [{ tensor: 'bare', bound: BOUND }],
  };
  const file = { ...base.manifest.weights, bytes: weights.length, sha256: sha256Hex(weights) };
  const manifest = { ...base.manifest, weights: file, protection: { ...protection, ...change(protection) } };
  return { ...base, weights, manifest };
}
