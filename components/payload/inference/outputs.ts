/** Whether two runs of a model gave the same. */
import type { Outputs } from './engine';

const NONE = new Float32Array(0);

/** Bit for bit: −0 is not 0, and a NaN is that NaN. */
export function sameBits(a: Outputs, b: Outputs): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && bytesOf(a[name]).equals(bytesOf(b[name])))
  );
}

/**
 * Where `found` is not `expected`: an output that one of them lacks or that has another length, or a value that is
 * further away than `tolerance` (a NaN always is); undefined when it is nowhere.
 */
export function strays(found: Outputs, expected: Outputs, tolerance: number): string | undefined {
  for (const name of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const [given = NONE, wanted = NONE] = [found[name], expected[name]];
    if (given.length !== wanted.length)
      return `${name} has ${given.length} values, ${wanted.length} expected`;
    const at = wanted.findIndex((value, i) => !(Math.abs(given[i] - value) <= tolerance));
    if (at >= 0) return `${name}[${at}] is ${given[at]}, ${wanted[at]} ± ${tolerance} expected`;
  }
  return undefined;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
