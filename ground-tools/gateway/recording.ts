/** Reads a recording, whole or damaged, also one that is still being written. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type Fault, fail, type Result, succeed } from '../../fsw/errors';
import { parseCoding } from '../../fsw/protocols';
import { type TmForm, tmReader } from '../link/tmReader';
import { BLOCK_HEAD_LENGTH, BLOCK_MAGIC, type Block, blockLength, readBlock } from './block';
import { SEGMENT_FORMAT, type SegmentIndex, segmentName, UNREAD_APID } from './recorder';

export interface Query {
  /** Unix times, milliseconds, both included. */
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly apid?: number;
}

/** Bytes that no whole block covers: the torn end of a killed recorder, or damage. */
export interface Damage {
  readonly file: string;
  readonly at: number;
  readonly bytes: number;
}

const READ_AHEAD = 1 << 18;

/** The segments' files, oldest first. Errors: RECORD_EMPTY. */
export function segmentsOf(folder: string): Result<string[]> {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => segmentName.test(name)) : [];
  if (names.length === 0) return fail('RECORD_EMPTY', { folder });
  return succeed(names.sort().map((name) => join(folder, name)));
}

/** What the segment's first line says (`dictionary`, `link`, …). Errors: RECORD_FORMAT. */
export function aboutSegment(file: string): Result<Readonly<Record<string, unknown>>> {
  try {
    const line = readFirst(file, 4096).toString('utf8').split('\n', 1)[0];
    if (!line.startsWith(`${SEGMENT_FORMAT} `)) throw new Error(`it does not start with ${SEGMENT_FORMAT}`);
    return succeed(JSON.parse(line.slice(SEGMENT_FORMAT.length + 1)) as Record<string, unknown>);
  } catch (error) {
    return fail('RECORD_FORMAT', { file, at: 0, why: (error as Error).message });
  }
}

function readFirst(file: string, length: number): Buffer {
  const handle = openSync(file, 'r');
  const head = Buffer.alloc(length);
  const count = readSync(handle, head);
  closeSync(handle);
  return head.subarray(0, count);
}

/** The text of the dictionary that the recording was made with, if it is there. */
export function recordedDictionary(folder: string): string | undefined {
  const segments = segmentsOf(folder);
  if (!segments.ok) return undefined;
  const about = aboutSegment(segments.value[segments.value.length - 1]);
  const file = join(folder, `dictionary-${about.ok ? about.value.dictionary : ''}.json`);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** All blocks of one segment in order. Damage is passed over, to the next whole block. */
export function* blocksOf(file: string, onDamage?: (damage: Damage) => void): Generator<Block> {
  const handle = openSync(file, 'r');
  let bytes: Buffer = Buffer.alloc(0);
  /** Of the file, where `bytes` starts. */
  let base = 0;
  /** Makes `length` bytes from `at` be on hand; false when the file ends before. */
  const have = (at: number, length: number): boolean => {
    while (bytes.length - at < length) {
      const more = Buffer.allocUnsafe(Math.max(READ_AHEAD, length));
      const count = readSync(handle, more);
      if (count === 0) return false;
      bytes = Buffer.concat([bytes, more.subarray(0, count)]);
    }
    return true;
  };
  let damagedFrom: number | undefined;
  const endDamage = (at: number) => {
    if (damagedFrom !== undefined) onDamage?.({ file, at: damagedFrom, bytes: at - damagedFrom });
    damagedFrom = undefined;
  };
  try {
    have(0, READ_AHEAD);
    let at = bytes.indexOf('\n') + 1;
    while (have(at, 1)) {
      have(at, BLOCK_HEAD_LENGTH);
      const length = blockLength(bytes, at) ?? Infinity;
      const block =
        length < Infinity && have(at, length) ? readBlock(bytes.subarray(at, at + length)) : undefined;
      if (block === undefined) {
        damagedFrom ??= base + at;
        at = nextMagic(bytes, at + 1);
      } else {
        endDamage(base + at);
        yield block;
        at += length;
      }
      if (at < READ_AHEAD) continue;
      bytes = bytes.subarray(at);
      base += at;
      at = 0;
    }
    endDamage(base + bytes.length);
  } finally {
    closeSync(handle);
  }
}

const magic = Buffer.alloc(4);
magic.writeUInt32BE(BLOCK_MAGIC);

/** Where the magic stands next, or may stand once more bytes are on hand. */
function nextMagic(bytes: Buffer, from: number): number {
  const found = bytes.indexOf(magic, from);
  return found === -1 ? Math.max(from, bytes.length - 3) : found;
}

/** A packet out of a recording: a copy, and when the block in which it ended had come. */
export interface RecordedPacket {
  readonly atMs: number;
  readonly packet: Uint8Array;
}

export interface PacketHearers {
  readonly onDamage?: (damage: Damage) => void;
  /** What was refused or lost in the frames; a frame passed by twice is refused twice. */
  readonly onFault?: (fault: Fault) => void;
}

/** How the frames of a segment were sent, as its first line says. Errors: RECORD_FORMAT, CODING_FORM. */
function formOf(file: string): Result<TmForm> {
  const about = aboutSegment(file);
  if (!about.ok) return about;
  const { coding: text, frameLength } = about.value as { coding?: string; frameLength?: number };
  const coding = text === undefined ? undefined : parseCoding(text);
  if (coding?.ok === false) return coding;
  return succeed({ frameLength, coding: coding?.value });
}

/** The longest packet and the frames that it lies in start at most this many bytes before its end. */
const LOOK_BACK = 80 << 10;

/**
 * The space packets that were received in the query's time, of one APID if it names one. Only blocks in which
 * such a packet ends are deframed, from a packet's length before each; segments without any are not opened.
 * Secured frames need `open` (`frameReader`).
 */
export function* packetsIn(
  folder: string,
  query: Query = {},
  { onDamage, onFault }: PacketHearers = {},
  open?: TmForm['open'],
): Generator<RecordedPacket> {
  const { fromMs = -Infinity, toMs = Infinity, apid } = query;
  const isWanted = ({ atMs, apids }: Block) =>
    atMs >= fromMs && atMs <= toMs && (apid === undefined ? apids.length > 0 : holds(apids, apid));
  let found: Uint8Array[] = [];
  let form: TmForm = {};
  const newReader = () => {
    const onPacket = (packet: Uint8Array) => void found.push(packet.slice());
    const reader = tmReader({ ...form, open }, { onPacket, onFault });
    if (!reader.ok) onFault?.(reader.error);
    return reader.ok ? reader.value : undefined;
  };
  let reader: ReturnType<typeof newReader>;
  /** Blocks that came before and are not deframed yet: a packet that ends later may have begun in them. */
  let passed: Uint8Array[] = [];
  let passedBytes = 0;
  let gap = true;
  for (const segment of segmentsFor(folder, query)) {
    const said = formOf(segment);
    if (!said.ok) onFault?.(said.error);
    else if (JSON.stringify(said.value) !== JSON.stringify(form)) {
      form = said.value;
      gap = true;
      passed = [];
      passedBytes = 0;
    }
    for (const block of blocksOf(segment, onDamage)) {
      if (block.direction === 'sent') continue;
      if (!isWanted(block)) {
        passed.push(block.payload);
        passedBytes += block.payload.length;
        while (passedBytes - passed[0].length >= LOOK_BACK) {
          passedBytes -= passed.shift()?.length ?? 0;
          gap = true;
        }
        continue;
      }
      if (gap) reader = newReader();
      gap = false;
      for (const before of passed) reader?.push(before);
      passed = [];
      passedBytes = 0;
      found = [];
      reader?.push(block.payload);
      for (const packet of found)
        if (apid === undefined || apid === (((packet[0] & 7) << 8) | packet[1]))
          yield { atMs: block.atMs, packet };
    }
  }
}

function holds(apids: readonly number[], apid: number): boolean {
  return apids.includes(apid) || apids.includes(UNREAD_APID);
}

/** Segments that may hold what is asked for, each with the one before it: a packet may span both. */
function segmentsFor(folder: string, { fromMs = -Infinity, toMs = Infinity, apid }: Query): string[] {
  const segments = segmentsOf(folder);
  if (!segments.ok) return [];
  const wanted = segments.value.map((segment) => {
    const index = indexOf(segment);
    if (index === undefined) return true;
    return index.toMs >= fromMs && index.fromMs <= toMs && (apid === undefined || holds(index.apids, apid));
  });
  return segments.value.filter((_, i) => wanted[i] || wanted[i + 1]);
}

function indexOf(segment: string): SegmentIndex | undefined {
  try {
    return JSON.parse(readFileSync(segment.replace(/segment$/, 'index'), 'utf8')) as SegmentIndex;
  } catch {
    return undefined;
  }
}
