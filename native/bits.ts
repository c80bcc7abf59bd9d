/**
 * Kernels for bits on the link: the contract of `native/kernels/src/bits` and of their TypeScript, which give the same
 * bytes. Wrong arguments are coded errors, and then nothing is written.
 */
import { type Failed, fail, type Result, succeed } from '../fsw/errors';
import { native } from './addon';
import { outside, shared, short } from './checks';
import { referenceBits } from './reference/bits';

/**
 * The bits of each field of a record, 1 to 32; a negative number is a signed field. A record is its fields one after
 * the other, most significant bit first (network order), filled up with zeros to whole bytes: so each begins at a byte
 * and can be picked out.
 */
export type RecordSchema = Int8Array;

export interface BitsKernels {
  /** avx2, neon, portable, or typescript. */
  readonly simd: string;
  /**
   * Packs whole records of `values`, a value for each field (a signed one as two's complement in 32 bits).
   * Errors: KERNEL_SIZE, KERNEL_BUFFER, KERNEL_SHARED, BITS_VALUE for the first value that its field can't hold.
   */
  packRecords(schema: RecordSchema, values: Uint32Array, bytes: Uint8Array): Result<void>;
  /** The reverse: fills `values`. Errors: as above, but BITS_VALUE. */
  unpackRecords(schema: RecordSchema, bytes: Uint8Array, values: Uint32Array): Result<void>;
  /**
   * CRC-16/CCITT (as `fsw/protocols/crc16.ts`) of frames of `size` bytes that lie one after the other, one for each
   * of `out`. Errors: KERNEL_SIZE, KERNEL_BUFFER, KERNEL_SHARED.
   */
  crc16Frames(bytes: Uint8Array, size: number, out: Uint16Array): Result<void>;
}

/** The bare kernels, addon or reference: arguments are right. */
export interface BitsAddon {
  /** Returns the index of the first value that does not fit (nothing is written then), or -1. */
  packRecords(schema: Int8Array, values: Uint32Array, bytes: Uint8Array): number;
  unpackRecords(schema: Int8Array, bytes: Uint8Array, values: Uint32Array): void;
  crc16Frames(bytes: Uint8Array, size: number, out: Uint16Array): void;
}

/** Bytes of one packed record. */
export function recordBytes(schema: RecordSchema): number {
  return Math.ceil(schema.reduce((bits, field) => bits + Math.abs(field), 0) / 8);
}

const done = succeed<void>(undefined);

function bitsKernels(core: BitsAddon, simd: string): BitsKernels {
  return {
    simd,
    packRecords(schema, values, bytes) {
      const bad =
        badRecords('packRecords', schema, values, bytes) ??
        shared('packRecords', 'schema', schema, 'bytes', bytes) ??
        shared('packRecords', 'values', values, 'bytes', bytes);
      if (bad) return bad;
      const misfit = core.packRecords(schema, values, bytes);
      return misfit < 0 ? done : badValue(schema, values, misfit);
    },
    unpackRecords(schema, bytes, values) {
      const bad =
        badRecords('unpackRecords', schema, values, bytes) ??
        shared('unpackRecords', 'schema', schema, 'values', values) ??
        shared('unpackRecords', 'bytes', bytes, 'values', values);
      if (bad) return bad;
      core.unpackRecords(schema, bytes, values);
      return done;
    },
    crc16Frames(bytes, size, out) {
      const bad =
        outside('crc16Frames', 'size', size, 1, 2 ** 31) ??
        short('crc16Frames', 'bytes', bytes, size * out.length) ??
        shared('crc16Frames', 'bytes', bytes, 'out', out);
      if (bad) return bad;
      core.crc16Frames(bytes, size, out);
      return done;
    },
  };
}

function badRecords(
  kernel: string,
  schema: RecordSchema,
  values: Uint32Array,
  bytes: Uint8Array,
): Failed | undefined {
  const bad = outside(kernel, 'fields', schema.length, 1, 65_536);
  if (bad) return bad;
  for (const field of schema) {
    const wrong = outside(kernel, 'bits of a field', Math.abs(field), 1, 32);
    if (wrong) return wrong;
  }
  return (
    outside(kernel, 'values of an unfinished record', values.length % schema.length, 0, 0) ??
    short(kernel, 'bytes', bytes, (values.length / schema.length) * recordBytes(schema))
  );
}

function badValue(schema: RecordSchema, values: Uint32Array, index: number): Failed {
  const field = index % schema.length;
  return fail('BITS_VALUE', {
    record: Math.floor(index / schema.length),
    field,
    value: schema[field] < 0 ? values[index] | 0 : values[index],
    bits: Math.abs(schema[field]),
  });
}

/** In TypeScript: the oracle of the tests. */
export const reference: BitsKernels = bitsKernels(referenceBits, 'typescript');

/** What does the work here. */
export const bits: BitsKernels = native.addon ? bitsKernels(native.addon, native.addon.simd()) : reference;
