/** Options of Metadata and Finished PDUs: type, length, value (727.0-B-5, 5.4). */
import { fail, type Result, succeed } from '../../errors';
import { FilestoreAction, TlvType } from './constants';

export interface Tlv {
  readonly type: number;
  /** 255 bytes at most. */
  readonly value: Uint8Array;
}

export interface FilestoreRequest {
  readonly action: FilestoreAction;
  readonly first: string;
  /** Only of actions that take two names: rename, append, replace. */
  readonly second?: string;
}

export interface FilestoreResponse extends FilestoreRequest {
  /** 0 is success, 15 not performed; 1..14 by action (table 5-18). */
  readonly status: number;
  readonly message?: string;
}

/** Status of a filestore request that was not tried. */
export const NOT_PERFORMED = 15;
const MAX_LV = 255;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const actions = new Set<number>(Object.values(FilestoreAction));

export function takesTwoNames(action: number): boolean {
  return (
    action === FilestoreAction.RENAME_FILE ||
    action === FilestoreAction.APPEND_FILE ||
    action === FilestoreAction.REPLACE_FILE
  );
}

/** Length and value. Errors: CFDP_VALUE when it is longer than 255 bytes. */
export function encodeName(name: string): Result<Uint8Array> {
  const text = encoder.encode(name);
  if (text.length > MAX_LV) return fail('CFDP_VALUE', { what: 'name length', value: text.length });
  const lv = new Uint8Array(1 + text.length);
  lv[0] = text.length;
  lv.set(text, 1);
  return succeed(lv);
}

/** The length-value at `at` as text, and where it ends. Errors: CFDP_TRUNCATED, CFDP_VALUE (not UTF-8). */
export function decodeName(
  bytes: Uint8Array,
  at: number,
  end = bytes.length,
): Result<{ name: string; end: number }> {
  const after = at < end ? at + 1 + bytes[at] : at + 1;
  if (after > end) return fail('CFDP_TRUNCATED', { what: 'name', length: end - at, needed: after - at });
  try {
    return succeed({ name: decoder.decode(bytes.subarray(at + 1, after)), end: after });
  } catch {
    return fail('CFDP_VALUE', { what: 'name', value: 'not UTF-8' });
  }
}

/** All TLVs of `bytes[at..end)`. Errors: CFDP_TRUNCATED. */
export function decodeTlvs(bytes: Uint8Array, start: number, end: number): Result<readonly Tlv[]> {
  const tlvs: Tlv[] = [];
  for (let at = start; at < end; ) {
    const after = at + 2 + (at + 1 < end ? bytes[at + 1] : 0);
    if (after > end) return fail('CFDP_TRUNCATED', { what: 'TLV', length: end - at, needed: after - at });
    tlvs.push({ type: bytes[at], value: bytes.slice(at + 2, after) });
    at = after;
  }
  return succeed(tlvs);
}

export function tlvsLength(tlvs: readonly Tlv[]): number {
  return tlvs.reduce((sum, { value }) => sum + 2 + value.length, 0);
}

export function writeTlvs(into: Uint8Array, at: number, tlvs: readonly Tlv[]): number {
  let end = at;
  for (const { type, value } of tlvs) {
    into[end] = type;
    into[end + 1] = value.length;
    into.set(value, end + 2);
    end += 2 + value.length;
  }
  return end;
}

/** Errors: CFDP_VALUE where names are longer than a TLV. */
export function filestoreRequestTlv(request: FilestoreRequest): Result<Tlv> {
  return namesTlv(TlvType.FILESTORE_REQUEST, request.action << 4, names(request));
}

/** A message that does not fit is left out. Errors: CFDP_VALUE where names are longer than a TLV. */
export function filestoreResponseTlv(response: FilestoreResponse): Result<Tlv> {
  const first = (response.action << 4) | response.status;
  const full = namesTlv(TlvType.FILESTORE_RESPONSE, first, [...names(response), response.message ?? '']);
  return full.ok ? full : namesTlv(TlvType.FILESTORE_RESPONSE, first, [...names(response), '']);
}

/** Errors: CFDP_TRUNCATED, CFDP_VALUE. */
export function readFilestoreRequest({ value }: Tlv): Result<FilestoreRequest> {
  const read = readNames(value, 0);
  if (!read.ok) return read;
  const { action, first, second } = read.value;
  return succeed(second === undefined ? { action, first } : { action, first, second });
}

/** Errors: CFDP_TRUNCATED, CFDP_VALUE. */
export function readFilestoreResponse({ value }: Tlv): Result<FilestoreResponse> {
  const read = readNames(value, 1);
  if (!read.ok) return read;
  const { action, first, second, message } = read.value;
  const response = { action, first, status: value[0] & 0x0f, message };
  return succeed(second === undefined ? response : { ...response, second });
}

export function messageToUserTlv(message: Uint8Array): Tlv {
  return { type: TlvType.MESSAGE_TO_USER, value: message };
}

function names({ action, first, second }: FilestoreRequest): string[] {
  return takesTwoNames(action) ? [first, second ?? ''] : [first];
}

function namesTlv(type: number, firstByte: number, texts: readonly string[]): Result<Tlv> {
  const parts: Uint8Array[] = [];
  for (const text of texts) {
    const name = encodeName(text);
    if (!name.ok) return name;
    parts.push(name.value);
  }
  const length = parts.reduce((sum, part) => sum + part.length, 1);
  if (length > MAX_LV) return fail('CFDP_VALUE', { what: 'TLV length', value: length });
  const value = new Uint8Array(length);
  value[0] = firstByte;
  let at = 1;
  for (const part of parts) {
    value.set(part, at);
    at += part.length;
  }
  return succeed({ type, value });
}

function readNames(
  value: Uint8Array,
  messages: number,
): Result<{ action: FilestoreAction; first: string; second: string | undefined; message: string }> {
  if (value.length === 0) return fail('CFDP_TRUNCATED', { what: 'filestore TLV', length: 0, needed: 2 });
  const action = value[0] >>> 4;
  if (!isAction(action)) return fail('CFDP_VALUE', { what: 'filestore action', value: action });
  const two = takesTwoNames(action);
  const texts: string[] = [];
  let at = 1;
  for (let i = 0; i < 1 + (two ? 1 : 0) + messages; i++) {
    const read = decodeName(value, at);
    if (!read.ok) return read;
    texts.push(read.value.name);
    at = read.value.end;
  }
  if (at !== value.length) return fail('CFDP_LENGTH', { length: value.length, stated: at });
  return succeed({
    action,
    first: texts[0],
    second: two ? texts[1] : undefined,
    message: messages > 0 ? texts[texts.length - 1] : '',
  });
}

function isAction(action: number): action is FilestoreAction {
  return actions.has(action);
}
