/** Safetensors files and low-rank products for tests of deltas. */
import { type Random, seededRandom } from '../framework/random';
import type { LowRank } from './deltaPack';

/** A safetensors file of float32 tensors, drawn at random; the data begin at an odd byte, as they may. */
export function randomWeights(shapes: Readonly<Record<string, readonly number[]>>, seed = 1): Uint8Array {
  const random = seededRandom(seed);
  let at = 0;
  const entries = Object.entries(shapes).map(([name, shape]) => {
    const length = 4 * shape.reduce((product, side) => product * side, 1);
    at += length;
    return [name, { dtype: 'F32', shape, data_offsets: [at - length, at] }];
  });
  const text = JSON.stringify(Object.fromEntries(entries));
  const header = Buffer.from(text.length % 2 === 0 ? `${text} ` : text);
  const file = new Uint8Array(8 + header.length + at);
  const view = new DataView(file.buffer);
  view.setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  for (let i = 8 + header.length; i < file.length; i += 4) view.setFloat32(i, signed(random), true);
  return file;
}

/** What an adapter of rank `rank` beside a matrix [inputs, outputs] may have learned. */
export function randomLowRank(
  tensor: string,
  {
    inputs,
    outputs,
    rank = 4,
    turned = false,
  }: { inputs: number; outputs: number; rank?: number; turned?: boolean },
  seed = 2,
): LowRank {
  const random = seededRandom(seed);
  const draw = (length: number) => Float32Array.from({ length }, () => signed(random) / 4);
  return { tensor, a: draw(inputs * rank), b: draw(rank * outputs), rank, scale: 2, turned };
}

function signed(random: Random): number {
  return random.next() * 2 - 1;
}
