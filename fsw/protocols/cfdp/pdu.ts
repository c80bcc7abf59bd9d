/** PDUs of CFDP as values, and their bytes (727.0-B-5, 5.2 and 5.3). */
import { type Fault, fail, type Result, succeed } from '../../errors';
import { readU16, readU32, writeU16, writeU32 } from '../bytes';
import { crc16 } from '../crc16';
import { Directive, TlvType } from './constants';
import {
  headerLength,
  type PduHeader,
  readHeader,
  readUint,
  uintLength,
  writeHeader,
  writeUint,
} from './header';
import { decodeName, decodeTlvs, encodeName, type Tlv, tlvsLength, writeTlvs } from './tlv';

/** Bytes `start` to before `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Metadata {
  readonly kind: 'metadata';
  readonly closureRequested: boolean;
  readonly checksumType: number;
  /** 0 also means: not known yet. */
  readonly fileSize: number;
  /** Both empty where no file is sent. */
  readonly sourceName: string;
  readonly destinationName: string;
  readonly options: readonly Tlv[];
}
export interface FileData {
  readonly kind: 'file-data';
  readonly offset: number;
  /** When decoded, a view of the PDU. */
  readonly data: Uint8Array;
}
export interface Eof {
  readonly kind: 'eof';
  readonly condition: number;
  readonly checksum: number;
  readonly fileSize: number;
  /** The entity where the fault was found. */
  readonly faultLocation?: number;
}
export interface Finished {
  readonly kind: 'finished';
  readonly condition: number;
  /** All data were delivered. */
  readonly complete: boolean;
  readonly fileStatus: number;
  /** Filestore responses, still as TLVs. */
  readonly responses: readonly Tlv[];
  readonly faultLocation?: number;
}
export interface Ack {
  readonly kind: 'ack';
  readonly of: 'eof' | 'finished';
  readonly condition: number;
  readonly status: number;
}
export interface Nak {
  readonly kind: 'nak';
  readonly scope: Range;
  /** What is missing; 0..0 asks for the metadata. */
  readonly missing: readonly Range[];
}
export interface Prompt {
  readonly kind: 'prompt';
  readonly ask: 'nak' | 'keep-alive';
}
export interface KeepAlive {
  readonly kind: 'keep-alive';
  readonly progress: number;
}
export type PduBody = Metadata | FileData | Eof | Finished | Ack | Nak | Prompt | KeepAlive;

export interface Pdu {
  readonly header: PduHeader;
  readonly body: PduBody;
}

const CRC_LENGTH = 2;
const MAX_DATA_FIELD = 65_535;

/** Bytes of a size or offset. */
export function offsetLength({ largeFile }: Pick<PduHeader, 'largeFile'>): number {
  return largeFile ? 8 : 4;
}

/** Bytes of a File Data PDU around its data. */
export function fileDataOverhead(header: PduHeader): number {
  return headerLength(header) + offsetLength(header) + (header.crc ? CRC_LENGTH : 0);
}

/** How many missing ranges fit into one NAK of `maxLength` bytes. */
export function missingRangesThatFit(header: PduHeader, maxLength: number): number {
  const size = offsetLength(header);
  const fixed = headerLength(header) + 1 + 2 * size + (header.crc ? CRC_LENGTH : 0);
  return Math.max(0, Math.floor((Math.min(maxLength, MAX_DATA_FIELD) - fixed) / (2 * size)));
}

/** Errors: CFDP_VALUE (a name, an option or the whole is too long). */
export function encodePdu({ header, body }: Pdu): Result<Uint8Array> {
  const sized = bodyLength(header, body);
  if (!sized.ok) return sized;
  const dataLength = sized.value + (header.crc ? CRC_LENGTH : 0);
  if (dataLength > MAX_DATA_FIELD)
    return fail('CFDP_VALUE', { what: 'data field length', value: dataLength });
  const pdu = new Uint8Array(headerLength(header) + dataLength);
  const start = writeHeader(pdu, header, body.kind === 'file-data', dataLength);
  const end = writeBody(pdu, start, header, body);
  if (header.crc) writeU16(pdu, end, crc16(pdu, 0, end));
  return succeed(pdu);
}

function bodyLength(header: PduHeader, body: PduBody): Result<number> {
  const size = offsetLength(header);
  switch (body.kind) {
    case 'file-data':
      return succeed(size + body.data.length);
    case 'metadata': {
      const source = encodeName(body.sourceName);
      if (!source.ok) return source;
      const destination = encodeName(body.destinationName);
      if (!destination.ok) return destination;
      const names = source.value.length + destination.value.length;
      return succeed(2 + size + names + tlvsLength(body.options));
    }
    case 'eof':
      return succeed(6 + size + faultLength(body.faultLocation));
    case 'finished':
      return succeed(2 + tlvsLength(body.responses) + faultLength(body.faultLocation));
    case 'ack':
      return succeed(3);
    case 'nak':
      return succeed(1 + 2 * size * (1 + body.missing.length));
    case 'prompt':
      return succeed(2);
    case 'keep-alive':
      return succeed(1 + size);
  }
}

function faultLength(location: number | undefined): number {
  return location === undefined ? 0 : 2 + uintLength(location);
}

function writeFault(into: Uint8Array, at: number, location: number | undefined): number {
  if (location === undefined) return at;
  const length = uintLength(location);
  into[at] = TlvType.ENTITY_ID;
  into[at + 1] = length;
  return writeUint(into, at + 2, location, length);
}

function writeBody(into: Uint8Array, start: number, header: PduHeader, body: PduBody): number {
  const size = offsetLength(header);
  let at = start;
  switch (body.kind) {
    case 'file-data':
      at = writeUint(into, at, body.offset, size);
      into.set(body.data, at);
      return at + body.data.length;
    case 'metadata':
      into[at] = Directive.METADATA;
      into[at + 1] = (body.closureRequested ? 0x40 : 0) | body.checksumType;
      at = writeUint(into, at + 2, body.fileSize, size);
      for (const name of [body.sourceName, body.destinationName]) {
        const lv = encodeName(name);
        if (!lv.ok) continue;
        into.set(lv.value, at);
        at += lv.value.length;
      }
      return writeTlvs(into, at, body.options);
    case 'eof':
      into[at] = Directive.EOF;
      into[at + 1] = body.condition << 4;
      at = writeUint(into, writeU32(into, at + 2, body.checksum), body.fileSize, size);
      return writeFault(into, at, body.faultLocation);
    case 'finished':
      into[at] = Directive.FINISHED;
      into[at + 1] = (body.condition << 4) | (body.complete ? 0 : 0x04) | body.fileStatus;
      return writeFault(into, writeTlvs(into, at + 2, body.responses), body.faultLocation);
    case 'ack':
      into[at] = Directive.ACK;
      into[at + 1] = body.of === 'eof' ? Directive.EOF << 4 : (Directive.FINISHED << 4) | 1;
      into[at + 2] = (body.condition << 4) | body.status;
      return at + 3;
    case 'nak':
      into[at++] = Directive.NAK;
      for (const { start: from, end } of [body.scope, ...body.missing])
        at = writeUint(into, writeUint(into, at, from, size), end, size);
      return at;
    case 'prompt':
      into[at] = Directive.PROMPT;
      into[at + 1] = body.ask === 'nak' ? 0 : 0x80;
      return at + 2;
    case 'keep-alive':
      into[at] = Directive.KEEP_ALIVE;
      return writeUint(into, at + 1, body.progress, size);
  }
}

/**
 * Reads one whole PDU; `FileData.data` is a view of it, all else are copies.
 * Errors: CFDP_TRUNCATED, CFDP_VERSION, CFDP_LENGTH, CFDP_VALUE, CFDP_CRC, CFDP_DIRECTIVE.
 */
export function decodePdu(pdu: Uint8Array): Result<Pdu> {
  const header = readHeader(pdu);
  if (!header.ok) return header;
  const { crc, dataEnd, dataStart, fileData, segmentMetadata, ...rest } = header.value;
  if (crc) {
    const [found, computed] = [readU16(pdu, dataEnd), crc16(pdu, 0, dataEnd)];
    if (found !== computed) return fail('CFDP_CRC', { found, computed });
  }
  const field = new Field(pdu, dataStart, dataEnd, offsetLength(rest));
  const body = fileData ? readFileData(field, segmentMetadata) : readDirective(field);
  if (field.fault !== undefined) return { ok: false, error: field.fault };
  return body.ok ? succeed({ header: { crc, ...rest }, body: body.value }) : body;
}

/** A data field, read from front to end; the first thing that does not fit is remembered as `fault`. */
class Field {
  fault: Fault | undefined;
  #at: number;

  constructor(
    readonly bytes: Uint8Array,
    start: number,
    readonly end: number,
    readonly size: number,
  ) {
    this.#at = start;
  }

  get left(): number {
    return this.end - this.#at;
  }

  /** Steps over `length` bytes; returns where they begin, or -1. */
  take(length: number, what: string): number {
    if (length > this.left) {
      this.fault ??= fail('CFDP_TRUNCATED', { what, length: this.left, needed: length }).error;
      return -1;
    }
    this.#at += length;
    return this.#at - length;
  }

  byte(what: string): number {
    const at = this.take(1, what);
    return at < 0 ? 0 : this.bytes[at];
  }

  u32(what: string): number {
    const at = this.take(4, what);
    return at < 0 ? 0 : readU32(this.bytes, at);
  }

  /** A file size or offset. */
  offset(what: string): number {
    const at = this.take(this.size, what);
    const value = at < 0 ? 0 : readUint(this.bytes, at, this.size);
    if (Number.isNaN(value)) this.fault ??= fail('CFDP_VALUE', { what, value: '2^53 or more' }).error;
    return value;
  }

  name(): string {
    const read = decodeName(this.bytes, this.#at, this.end);
    if (!read.ok) {
      this.fault ??= read.error;
      return '';
    }
    this.#at = read.value.end;
    return read.value.name;
  }

  tlvs(): readonly Tlv[] {
    const read = decodeTlvs(this.bytes, this.#at, this.end);
    if (!read.ok) {
      this.fault ??= read.error;
      return [];
    }
    this.#at = this.end;
    return read.value;
  }

  /** All of it must have been read. */
  done(): void {
    if (this.left > 0) this.fault ??= fail('CFDP_LENGTH', { length: this.end, stated: this.#at }).error;
  }
}

function readFileData(field: Field, segmentMetadata: boolean): Result<FileData> {
  if (segmentMetadata) field.take(field.byte('segment metadata') & 0x3f, 'segment metadata');
  const offset = field.offset('offset');
  if (field.fault === undefined && field.left === 0)
    return fail('CFDP_VALUE', { what: 'file data', value: 'empty' });
  const at = field.take(field.left, 'file data');
  if (offset + field.end - at > Number.MAX_SAFE_INTEGER)
    return fail('CFDP_VALUE', { what: 'offset', value: offset });
  return succeed({ kind: 'file-data', offset, data: field.bytes.subarray(at, field.end) });
}

function readDirective(field: Field): Result<PduBody> {
  const directive = field.byte('directive');
  switch (directive) {
    case Directive.METADATA: {
      const flags = field.byte('metadata');
      return succeed({
        kind: 'metadata',
        closureRequested: (flags & 0x40) !== 0,
        checksumType: flags & 0x0f,
        fileSize: field.offset('file size'),
        sourceName: field.name(),
        destinationName: field.name(),
        options: field.tlvs(),
      });
    }
    case Directive.EOF: {
      const condition = field.byte('EOF') >>> 4;
      const checksum = field.u32('checksum');
      const fileSize = field.offset('file size');
      return succeed({ kind: 'eof', condition, checksum, fileSize, ...faultIn(field.tlvs()) });
    }
    case Directive.FINISHED: {
      const flags = field.byte('Finished');
      const tlvs = field.tlvs();
      return succeed({
        kind: 'finished',
        condition: flags >>> 4,
        complete: (flags & 0x04) === 0,
        fileStatus: flags & 0x03,
        responses: tlvs.filter(({ type }) => type === TlvType.FILESTORE_RESPONSE),
        ...faultIn(tlvs),
      });
    }
    case Directive.ACK: {
      const of = field.byte('ACK') >>> 4;
      const flags = field.byte('ACK');
      field.done();
      if (of !== Directive.EOF && of !== Directive.FINISHED)
        return fail('CFDP_VALUE', { what: 'acknowledged directive', value: of });
      return succeed({
        kind: 'ack',
        of: of === Directive.EOF ? 'eof' : 'finished',
        condition: flags >>> 4,
        status: flags & 0x03,
      });
    }
    case Directive.NAK: {
      const scope = { start: field.offset('scope'), end: field.offset('scope') };
      const missing: Range[] = [];
      while (field.left > 0 && field.fault === undefined)
        missing.push({ start: field.offset('segment request'), end: field.offset('segment request') });
      return succeed({ kind: 'nak', scope, missing });
    }
    case Directive.PROMPT: {
      const ask = field.byte('Prompt') & 0x80 ? 'keep-alive' : 'nak';
      field.done();
      return succeed({ kind: 'prompt', ask });
    }
    case Directive.KEEP_ALIVE: {
      const progress = field.offset('progress');
      field.done();
      return succeed({ kind: 'keep-alive', progress });
    }
    default:
      return fail('CFDP_DIRECTIVE', { directive });
  }
}

function faultIn(tlvs: readonly Tlv[]): { faultLocation?: number } {
  const tlv = tlvs.find(
    ({ type, value }) => type === TlvType.ENTITY_ID && value.length >= 1 && value.length <= 8,
  );
  const location = tlv === undefined ? Number.NaN : readUint(tlv.value, 0, tlv.value.length);
  return Number.isNaN(location) ? {} : { faultLocation: location };
}
