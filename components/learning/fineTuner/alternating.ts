/**
 * A state on the board's files, in two files that are written in turn: at every instant, power cut included, one is whole.
 *
 *     0   8  magic                           numbers big-endian
 *     8   4  sequence
 *    12   4  length of the content
 *    16  32  sha256 of all before and of the content
 *    48      content
 */
import { createHash } from 'node:crypto';
import { type Fault, fail, type Result, succeed } from '../../../fsw/errors';
import { type FileStore, folderOf, readWhole, writeWhole } from '../../../fsw/framework';

const MAGIC = 'PGELEARN';
const HASH_AT = 16;
const CONTENT_AT = HASH_AT + 32;
const SIDES = ['a', 'b'];
const MAX_BYTES = 1 << 28;

export interface Newest {
  /** Undefined: neither file is there, or whole. */
  readonly content: Uint8Array | undefined;
  readonly sequence: number;
  /** What is wrong with files that are there. */
  readonly faults: readonly Fault[];
}

/** `path` without its end: the files are `<path>-a` and `<path>-b`. */
export function readNewest(files: FileStore, path: string): Newest {
  const sides = SIDES.map((side) => readSide(files, `${path}-${side}`));
  const whole = sides.flatMap((side) => (side.ok ? [side.value] : []));
  const [newest] = whole.sort((one, other) => other.sequence - one.sequence);
  const faults = sides.flatMap((side) => (side.ok || side.error.code === 'FILE_MISSING' ? [] : [side.error]));
  return { content: newest?.content, sequence: newest?.sequence ?? 0, faults };
}

/** Writes the older of the two files; `sequence` is larger than any before. Errors: those of the store; nothing changed then. */
export function writeNext(
  files: FileStore,
  path: string,
  sequence: number,
  content: Uint8Array,
): Result<void> {
  const folder = files.makeFolder(folderOf(path));
  if (!folder.ok) return folder;
  const bytes = new Uint8Array(CONTENT_AT + content.length);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from(MAGIC, 'latin1'));
  view.setUint32(8, sequence);
  view.setUint32(12, content.length);
  bytes.set(content, CONTENT_AT);
  bytes.set(hashOf(bytes), HASH_AT);
  return writeWhole(files, `${path}-${SIDES[sequence % 2]}`, bytes);
}

function readSide(files: FileStore, path: string): Result<{ sequence: number; content: Uint8Array }> {
  const read = readWhole(files, path, MAX_BYTES);
  if (!read.ok) return read;
  const bytes = read.value;
  const damaged = fail('TRAINING_STATE', { why: `${path} is damaged` });
  if (bytes.length < CONTENT_AT) return damaged;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const hash = Buffer.compare(hashOf(bytes), bytes.subarray(HASH_AT, CONTENT_AT));
  if (hash !== 0 || view.getUint32(12) !== bytes.length - CONTENT_AT) return damaged;
  return succeed({ sequence: view.getUint32(8), content: bytes.slice(CONTENT_AT) });
}

function hashOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes.subarray(0, HASH_AT)).update(bytes.subarray(CONTENT_AT)).digest();
}
