import { type Fault, fail, type Result, succeed } from '../../errors';

/** A position in a byte buffer that codecs move along. Everything on the wire is big-endian, as in F´. */
export class Cursor {
  bytes: Uint8Array;
  view: DataView;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }
}

/**
 * A serialisable type: its TypeScript type `T`, its wire format, default, text format and range.
 *
 * `write` and `read` are the trusting, compiled codec; `encode` and `decode` below are the guarded ones.
 * `check` turns untrusted plain data (a ground argument, a config value) into a `T` or a coded error.
 */
export interface Type<T> {
  readonly kind: Kind;
  /** As the dictionary names it: `U32`, `string(40)`, `EarthWatch.Mode`. */
  readonly name: string;
  /** Bytes on the wire, least and most. */
  readonly minSize: number;
  readonly maxSize: number;
  readonly initial: T;
  write(cursor: Cursor, value: T): void;
  read(cursor: Cursor): T;
  check(value: unknown, path: string): Result<T>;
  show(value: T): string;
  /** Source of the codec, from which aggregates are compiled into one function (see `compile.ts`). */
  readonly source: CodecSource;
  /** What a dictionary says of this type beyond its name. */
  readonly describe: Readonly<Record<string, unknown>>;
}

export type Kind =
  | 'integer'
  | 'float'
  | 'bool'
  | 'enum'
  | 'string'
  | 'bytes'
  | 'array'
  | 'struct'
  | 'reference';

/** How a type writes and reads itself inside a compiled function; see `compile.ts` for the names in scope. */
export interface CodecSource {
  /** Statements that write the expression `value` at `at` and advance `at`. */
  write(value: string, scope: Scope): string;
  /** Statements that declare `target` as the value read at `at` and advance `at`. */
  read(target: string, scope: Scope): string;
}

/** Constants and fresh variable names of the function being compiled. */
export interface Scope {
  constant(value: unknown): string;
  fresh(): string;
}

/** The TypeScript type of a `Type`. */
export type Value<T> = T extends Type<infer V> ? V : never;

/** A named group of types: the arguments of a port, command or event, or the members of a struct. */
export type Fields = Readonly<Record<string, Type<unknown>>>;
export type Values<F> = { [K in keyof F]: Value<F[K]> };

/** Carries a coded error out of nested readers to `decode`, and no further. */
export class DecodeFault extends Error {
  readonly fault: Fault;
  constructor(fault: Fault) {
    super(fault.text);
    this.fault = fault;
  }
}

/** Serialises `value` into fresh bytes. */
export function encode<T>(type: Type<T>, value: T): Uint8Array {
  const cursor = new Cursor(new Uint8Array(type.maxSize));
  type.write(cursor, value);
  return cursor.bytes.slice(0, cursor.at);
}

/**
 * Reads one `T` that fills `bytes` exactly.
 * Errors: TYPE_TRUNCATED, TYPE_TRAILING, and what the type itself refuses (TYPE_MISMATCH, TYPE_RANGE, TYPE_TOO_LONG).
 */
export function decode<T>(type: Type<T>, bytes: Uint8Array, path = type.name): Result<T> {
  if (bytes.length < type.minSize)
    return fail('TYPE_TRUNCATED', { path, length: bytes.length, needed: type.minSize - bytes.length });
  const cursor = new Cursor(bytes);
  try {
    const value = type.read(cursor);
    if (cursor.at !== bytes.length) return fail('TYPE_TRAILING', { path, extra: bytes.length - cursor.at });
    return succeed(value);
  } catch (error) {
    if (error instanceof DecodeFault) return { ok: false, error: error.fault };
    return fail('TYPE_TRUNCATED', { path, length: bytes.length, needed: 'at least 1' });
  }
}
