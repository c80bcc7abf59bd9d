import { fail, type Result, succeed } from '../../errors';
import { compile } from './compile';
import { type CodecSource, DecodeFault, type Type } from './type';

/** What a numeric type may be narrowed to; `unit` and `format` go to the dictionary. */
export interface NumberOptions<T> {
  readonly default?: T;
  readonly min?: T;
  readonly max?: T;
  readonly unit?: string;
  /** F´ display format, e.g. `{.2f}`. */
  readonly format?: string;
}

export interface NumberType<T> extends Type<T> {
  readonly min: T;
  readonly max: T;
  /** The same wire type with a narrower range, another default or a text format. */
  with(options: NumberOptions<T>): NumberType<T>;
}

interface Primitive<T> {
  readonly name: string;
  readonly kind: 'integer' | 'float';
  readonly size: number;
  /** DataView accessor suffix, e.g. `Uint32`. */
  readonly accessor: string;
  readonly min: T;
  readonly max: T;
  readonly zero: T;
  /** Plain data → T, or undefined where it is not one. */
  coerce(value: unknown): T | undefined;
}

function source<T>({ accessor, size }: Primitive<T>): CodecSource {
  return {
    write: (value) => `view.set${accessor}(at, ${value}); at += ${size};`,
    read: (target) => `const ${target} = view.get${accessor}(at); at += ${size};`,
  };
}

function numberType<T extends number | bigint>(
  primitive: Primitive<T>,
  options: NumberOptions<T> = {},
): NumberType<T> {
  const { name, kind, size } = primitive;
  const min = options.min ?? primitive.min;
  const max = options.max ?? primitive.max;
  const code = source(primitive);
  const zeroIsBelow = primitive.zero < min;
  return {
    kind,
    name,
    minSize: size,
    maxSize: size,
    min,
    max,
    initial: options.default ?? (zeroIsBelow ? min : primitive.zero),
    source: code,
    describe: {
      size: size * 8,
      ...(kind === 'integer' && { signed: name.startsWith('I') }),
      ...(options.min !== undefined && { min: options.min }),
      ...(options.max !== undefined && { max: options.max }),
      ...(options.unit && { unit: options.unit }),
      ...(options.format && { format: options.format }),
    },
    ...compile<T>(code),
    check(value, path): Result<T> {
      const number = primitive.coerce(value);
      if (number === undefined) return fail('TYPE_MISMATCH', { path, value: showPlain(value), type: name });
      if (!(number >= min && number <= max)) return fail('TYPE_RANGE', { path, value: number, min, max });
      return succeed(number);
    },
    show: (value) => showNumber(value, options.format),
    with: (more) => numberType(primitive, { ...options, ...more }),
  };
}

/** Applies an F´ format such as `{.2f}` or `{x}`; without one, the shortest exact text. */
function showNumber(value: number | bigint, format?: string): string {
  if (format === undefined) return String(value);
  const [, digits, style] = format.match(/^\{(?:\.(\d+))?([a-z]?)\}$/) ?? [];
  if (style === 'x') return `0x${value.toString(16)}`;
  if (digits !== undefined) return Number(value)[style === 'e' ? 'toExponential' : 'toFixed'](Number(digits));
  return String(value);
}

/** Any value as short text for a message; never throws. */
export function showPlain(value: unknown): string {
  if (typeof value === 'bigint' || value === undefined) return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  try {
    return JSON.stringify(value) ?? 'an object that is not plain data';
  } catch {
    return 'an object that is not plain data';
  }
}

function integer(name: string, accessor: string, bits: 8 | 16 | 32): NumberType<number> {
  const signed = name.startsWith('I');
  const coerce = (value: unknown) => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
  };
  return numberType<number>({
    name,
    kind: 'integer',
    size: bits / 8,
    accessor,
    min: signed ? -(2 ** (bits - 1)) : 0,
    max: 2 ** (signed ? bits - 1 : bits) - 1,
    zero: 0,
    coerce,
  });
}

function longInteger(name: string, accessor: string): NumberType<bigint> {
  const signed = name.startsWith('I');
  return numberType<bigint>({
    name,
    kind: 'integer',
    size: 8,
    accessor,
    min: signed ? -(2n ** 63n) : 0n,
    max: signed ? 2n ** 63n - 1n : 2n ** 64n - 1n,
    zero: 0n,
    coerce(value) {
      if (typeof value === 'bigint') return value;
      if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
      return typeof value === 'string' && /^\s*-?\d+\s*$/.test(value) ? BigInt(value.trim()) : undefined;
    },
  });
}

function float(name: string, accessor: string, size: 4 | 8): NumberType<number> {
  return numberType<number>({
    name,
    kind: 'float',
    size,
    accessor,
    min: size === 4 ? -3.4028234663852886e38 : -Number.MAX_VALUE,
    max: size === 4 ? 3.4028234663852886e38 : Number.MAX_VALUE,
    zero: 0,
    coerce(value) {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
    },
  });
}

export const U8 = integer('U8', 'Uint8', 8);
export const U16 = integer('U16', 'Uint16', 16);
export const U32 = integer('U32', 'Uint32', 32);
export const I8 = integer('I8', 'Int8', 8);
export const I16 = integer('I16', 'Int16', 16);
export const I32 = integer('I32', 'Int32', 32);
/** 64-bit integers are `bigint`: a `number` would lose bits above 2^53. */
export const U64 = longInteger('U64', 'BigUint64');
export const I64 = longInteger('I64', 'BigInt64');
export const F32 = float('F32', 'Float32', 4);
export const F64 = float('F64', 'Float64', 8);

const boolSource: CodecSource = {
  write: (value) => `bytes[at++] = ${value} ? 0xff : 0;`,
  read: (target, scope) => `const ${target} = ${scope.constant(readBool)}(bytes[at++]);`,
};

function readBool(byte: number | undefined): boolean {
  if (byte === 0xff) return true;
  if (byte === 0) return false;
  throw new DecodeFault(fail('TYPE_MISMATCH', { path: 'bool', value: byte, type: 'bool (0xFF or 0)' }).error);
}

/** One byte, 0xFF or 0, as F´ writes it; any other byte is refused. */
export const bool: Type<boolean> = {
  kind: 'bool',
  name: 'bool',
  minSize: 1,
  maxSize: 1,
  initial: false,
  source: boolSource,
  describe: { size: 8 },
  ...compile<boolean>(boolSource),
  check(value, path) {
    if (typeof value === 'boolean') return succeed(value);
    if (value === 'true' || value === 'false') return succeed(value === 'true');
    return fail('TYPE_MISMATCH', { path, value: showPlain(value), type: 'bool' });
  },
  show: String,
};
