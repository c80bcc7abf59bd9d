/** What the contracts ask before a kernel runs: so a kernel that is refused its arguments has written nothing. */
import { type Failed, fail } from '../fsw/errors';

type Elements = ArrayBufferView & { readonly length: number };

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

/** KERNEL_SHARED, when a byte of `output` is one of an input too. */
export function shared(
  kernel: string,
  inputs: Readonly<Record<string, Elements>>,
  outputs: Readonly<Record<string, Elements>>,
): Failed | undefined {
  for (const [output, written] of Object.entries(outputs))
    for (const [input, read] of Object.entries(inputs))
      if (overlap(read, written)) return fail('KERNEL_SHARED', { kernel, output, input });
  return undefined;
}

function overlap(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return (
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.byteLength &&
    b.byteOffset < a.byteOffset + a.byteLength
  );
}
