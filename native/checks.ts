/** What the contracts ask before a kernel runs: so a kernel that is refused its arguments has written nothing. */
import { type Failed, fail } from '../fsw/errors';

/** KERNEL_SIZE, unless `value` is a whole number of `min`..`max`. */
export function outside(
  kernel: string,
  what: string,
  value: number,
  min: number,
  max: number,
): Failed | undefined {
  if (Number.isInteger(value) && value >= min && value <= max) return undefined;
  return fail('KERNEL_SIZE', { kernel, what, value, min, max });
}

/** KERNEL_SIZE, unless `value` is a number of `min`..`max`. */
export function beyond(
  kernel: string,
  what: string,
  value: number,
  min: number,
  max: number,
): Failed | undefined {
  return value >= min && value <= max ? undefined : fail('KERNEL_SIZE', { kernel, what, value, min, max });
}

/** KERNEL_BUFFER, unless `elements` has `needed` of them. */
export function short(
  kernel: string,
  what: string,
  { length }: { readonly length: number },
  needed: number,
): Failed | undefined {
  return length >= needed ? undefined : fail('KERNEL_BUFFER', { kernel, what, length, needed });
}

/** KERNEL_SHARED, when a byte of the output is one of the input too. */
export function shared(
  kernel: string,
  input: string,
  read: ArrayBufferView,
  output: string,
  written: ArrayBufferView,
): Failed | undefined {
  return overlap(read, written) ? fail('KERNEL_SHARED', { kernel, input, output }) : undefined;
}

function overlap(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return (
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.byteLength &&
    b.byteOffset < a.byteOffset + a.byteLength
  );
}
