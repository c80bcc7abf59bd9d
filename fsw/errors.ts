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
  TYPE_TRAILING: '{path}: {extra} bytes left over after the value',

  // Protocols
  SPP_TRUNCATED: 'space packet: {length} bytes on hand, {needed} needed',
  SPP_VERSION: 'space packet: version {version} is not 0',
  SPP_LENGTH: 'space packet: {length} bytes on hand, its header says {stated}',
  TC_CRC: 'TC frame: FECF {found} is not the computed {computed}',
  TC_TOO_LONG: 'TC frame: {length} bytes, {max} the most',
  TC_TOO_SHORT: 'TC frame: {length} bytes, {min} the least',
  TC_WRONG_SPACECRAFT: 'TC frame: for spacecraft {spacecraftId}, we are {expected}',
  TC_WRONG_CHANNEL: 'TC frame: for virtual channel {channelId}, ours is {expected}',
  TC_SERVICE: 'TC frame: bypass {bypass}, control {control}: only type BD (1, 0) is served',
  TM_CRC: 'TM frame: FECF {found} is not the computed {computed}',
  TM_GAP: 'TM frame: virtual channel count {found} after {last}: {lost} frame(s) lost',
  TM_MALFORMED: 'TM frame {count}: the packets do not fit its first header pointer {pointer}',
  FPRIME_TRUNCATED: 'F´ {what}: {length} bytes, {needed} needed',
  FPRIME_DESCRIPTOR: 'F´ packet: descriptor {found} is not {expected}',
  FPRIME_UNKNOWN_CHANNEL: 'F´ channel packet: channel {id} is not in the dictionary',
  FPRIME_RECORDS: 'F´ record packet: {length} bytes are not {count} records of one size',
  // Simulators (hwtests)
  ORBIT_BAD_TLE: '{name}: {why}',
  EARTH_MAP_MISSING: 'the maps of npm three-globe cannot be read: {why}',
  IMAGER_BUFFER_SIZE: 'the frame buffer holds {length} bytes, {needed} needed',
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
