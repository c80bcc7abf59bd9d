import { fail, type Result, succeed } from '../../errors';
import { compile } from './compile';
import { showPlain } from './numbers';
import { type CodecSource, DecodeFault, type Type } from './type';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Writes `text` as UTF-8 behind a U16 length, cut at a character boundary to `max` bytes; returns the end. */
function writeText(bytes: Uint8Array, view: DataView, at: number, text: string, max: number): number {
  const limit = Math.min(max, bytes.length - at - 2);
  const start = at + 2;
  let length = 0;
  while (length < text.length && length < limit) {
    const unit = text.charCodeAt(length);
    if (unit > 0x7f) break;
    bytes[start + length++] = unit;
  }
  if (length < text.length && length < limit)
    length += encoder.encodeInto(text.slice(length), bytes.subarray(start + length, start + limit)).written;
  view.setUint16(at, length);
  return start + length;
}

function lengthAt(view: DataView, at: number, max: number, path: string): number {
  const length = view.getUint16(at);
  if (length > max) throw new DecodeFault(fail('TYPE_TOO_LONG', { path, length, max }).error);
  const needed = at + 2 + length - view.byteLength;
  if (needed > 0)
    throw new DecodeFault(fail('TYPE_TRUNCATED', { path, length: view.byteLength, needed }).error);
  return length;
}

function readText(bytes: Uint8Array, view: DataView, at: number, max: number): string {
  const length = lengthAt(view, at, max, `string(${max})`);
  let text = '';
  for (let i = at + 2; i < at + 2 + length; i++) {
    const byte = bytes[i];
    if (byte > 0x7f) return decodeUtf8(bytes.subarray(at + 2, at + 2 + length), max);
    text += String.fromCharCode(byte);
  }
  return text;
}

function decodeUtf8(bytes: Uint8Array, max: number): string {
  try {
    return decoder.decode(bytes);
  } catch {
    const detail = {
      path: `string(${max})`,
      value: `0x${Buffer.from(bytes).toString('hex')}`,
      type: 'UTF-8 text',
    };
    throw new DecodeFault(fail('TYPE_MISMATCH', detail).error);
  }
}

/** Text of at most `max` UTF-8 bytes; on the wire a U16 length and the bytes (F´ FwSizeStoreType). */
export function string(max: number, initial = ''): Type<string> {
  const source: CodecSource = {
    write: (value, scope) => `at = ${scope.constant(writeText)}(bytes, view, at, ${value}, ${max});`,
    read: (target, scope) =>
      `const ${target} = ${scope.constant(readText)}(bytes, view, at, ${max}); at += 2 + view.getUint16(at);`,
  };
  return {
    kind: 'string',
    name: `string(${max})`,
    minSize: 2,
    maxSize: 2 + max,
    initial,
    source,
    describe: { size: max },
    ...compile<string>(source),
    check(value, path): Result<string> {
      if (typeof value !== 'string')
        return fail('TYPE_MISMATCH', { path, value: showPlain(value), type: 'string' });
      const length = Buffer.byteLength(value);
      return length <= max ? succeed(value) : fail('TYPE_TOO_LONG', { path, length, max });
    },
    show: (value) => value,
  };
}

function writeBytes(bytes: Uint8Array, view: DataView, at: number, value: Uint8Array, max: number): number {
  const length = Math.min(value.length, max);
  view.setUint16(at, length);
  bytes.set(length < value.length ? value.subarray(0, length) : value, at + 2);
  return at + 2 + length;
}

function readBytes(bytes: Uint8Array, view: DataView, at: number, max: number): Uint8Array {
  const length = lengthAt(view, at, max, `bytes(${max})`);
  return bytes.slice(at + 2, at + 2 + length);
}

/** At most `max` raw bytes; on the wire a U16 length and the bytes. */
export function bytes(max: number): Type<Uint8Array> {
  const source: CodecSource = {
    write: (value, scope) => `at = ${scope.constant(writeBytes)}(bytes, view, at, ${value}, ${max});`,
    read: (target, scope) =>
      `const ${target} = ${scope.constant(readBytes)}(bytes, view, at, ${max}); at += 2 + ${target}.length;`,
  };
  return {
    kind: 'bytes',
    name: `bytes(${max})`,
    minSize: 2,
    maxSize: 2 + max,
    initial: new Uint8Array(0),
    source,
    describe: { size: max },
    ...compile<Uint8Array>(source),
    check(value, path): Result<Uint8Array> {
      const raw: unknown =
        typeof value === 'string' && /^([0-9a-f]{2})*$/i.test(value) ? Buffer.from(value, 'hex') : value;
      if (!(raw instanceof Uint8Array))
        return fail('TYPE_MISMATCH', { path, value: showPlain(value), type: 'bytes (hex text)' });
      if (raw.length > max) return fail('TYPE_TOO_LONG', { path, length: raw.length, max });
      return succeed(new Uint8Array(raw));
    },
    show: (value) => Buffer.from(value).toString('hex'),
  };
}
