/**
 * The one table of coded errors of Perigee, and the values that carry them.
 *
 * An error is a value: it is returned, counted and sent down as an event; it is never thrown across a
 * port. Each entry is a template; `fail` fills its `{fields}`, so that a message always names what was
 * wrong and where.
 */
export const errorTable = {
  // Serialisable types
  TYPE_MISMATCH: '{path}: {value} is not a {type}',
  TYPE_RANGE: '{path}: {value} is outside {min}..{max}',
  TYPE_TOO_LONG: '{path}: {length} is longer than {max}',
  TYPE_UNKNOWN_MEMBER: '{path}: there is no member {member}; known: {known}',
  TYPE_MISSING_MEMBER: '{path}: member {member} is missing',
  TYPE_TRUNCATED: '{path}: the buffer ends at byte {length}, {needed} more needed',
} as const;

export type ErrorCode = keyof typeof errorTable;

/** A coded error: `code` for machines, `text` for people, already filled in. */
export interface Fault {
  readonly code: ErrorCode;
  readonly text: string;
}

export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Failed {
  readonly ok: false;
  readonly error: Fault;
}

/** What a function returns that can go wrong. */
export type Result<T> = Ok<T> | Failed;

export function succeed<T>(value: T): Ok<T> {
  return { ok: true, value };
}

/** Fills the table's template for `code` with `detail`, e.g. `fail('TYPE_RANGE', { path, value, min, max })`. */
export function fail(code: ErrorCode, detail: Readonly<Record<string, unknown>> = {}): Failed {
  const text = errorTable[code].replace(/\{(\w+)\}/g, (_, field: string) => String(detail[field]));
  return { ok: false, error: { code, text } };
}
