/** Readers of the fields of what someone else wrote, each with the place that is wrong. */

/** Carries a reason out of nested readers to the one who reads the whole, and no further. */
export class Malformed extends Error {}

export type Fields = Record<string, unknown>;

export function isRecord(value: unknown): value is Fields {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

export function member(value: unknown, key: string, at: string): unknown {
  if (!isRecord(value) || !Object.hasOwn(value, key)) throw new Malformed(`${at}: ${key} is missing`);
  return value[key];
}

/** `undefined` when it isn't there. */
export function optional(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

export function record(value: unknown, at: string): Fields {
  if (!isRecord(value)) throw new Malformed(`${at}: not a map`);
  return value;
}

export function list(value: unknown, at: string, max = 1024): unknown[] {
  if (!Array.isArray(value)) throw new Malformed(`${at}: not a list`);
  if (value.length > max) throw new Malformed(`${at}: ${value.length} entries, ${max} the most`);
  return value;
}

export function text(value: unknown, at: string, max = 200): string {
  if (typeof value !== 'string' || value === '') throw new Malformed(`${at}: not a text`);
  if (Buffer.byteLength(value) > max) throw new Malformed(`${at}: more than ${max} bytes`);
  return value;
}

/** A plain file name: nothing that leads out of a folder, or is hidden. */
export function fileName(value: unknown, at: string, max = 100): string {
  const name = text(value, at, max);
  if (!/^[\w-][\w.-]*$/.test(name)) throw new Malformed(`${at}: ${name} is not a plain file name`);
  return name;
}

export function whole(value: unknown, at: string, { min = 0, max }: { min?: number; max: number }): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw new Malformed(`${at}: not a whole number of ${min} to ${max}`);
  return value;
}

export function bytes(value: unknown, at: string, length: number): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Malformed(`${at}: not bytes`);
  if (value.length !== length) throw new Malformed(`${at}: ${value.length} bytes, ${length} needed`);
  return value;
}
