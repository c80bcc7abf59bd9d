/** Reads zip files (PKWARE APPNOTE 6.3) by their central directory: stored and deflated files, checked by CRC-32. */
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { ArchiveError, type Entry } from './archive';

const END = 0x06054b50;
const END_BYTES = 22;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;

interface Member {
  readonly path: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly offset: number;
  /** Unix file type, where the archive was made on Unix. */
  readonly type: number;
}

/** The entries of a zip file, in the order of its directory. Throws `ArchiveError` when it is cut short or is none. */
export async function* zipEntries(file: string, handle: FileHandle): AsyncGenerator<Entry> {
  for (const member of await directory(handle)) {
    const { path, type } = member;
    if (type !== 0 && type !== 0o10 && type !== 0o04)
      throw new ArchiveError(`${path} is no file or folder, but a link or a device`);
    if (path.endsWith('/')) yield { path, kind: 'folder', data: nothing() };
    else yield { path, kind: 'file', data: contents(file, handle, member) };
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function directory(handle: FileHandle): Promise<Member[]> {
  const { size } = await handle.stat();
  // The end record is followed by a comment of 65,535 bytes at most.
  const tail = await read(handle, Math.max(0, size - END_BYTES - 0xffff), Math.min(size, END_BYTES + 0xffff));
  let end = tail.length - END_BYTES;
  while (end >= 0 && tail.readUInt32LE(end) !== END) end--;
  if (end < 0) throw new ArchiveError('it is cut short, or no zip file');
  const count = tail.readUInt16LE(end + 10);
  const bytes = tail.readUInt32LE(end + 12);
  const offset = tail.readUInt32LE(end + 16);
  if (count === 0xffff || offset === 0xffff_ffff) throw new ArchiveError('it is of the 64-bit form');
  const table = await read(handle, offset, bytes);
  const members: Member[] = [];
  for (let at = 0; members.length < count; ) {
    if (at + 46 > table.length || table.readUInt32LE(at) !== DIRECTORY)
      throw new ArchiveError('its directory is damaged');
    const nameBytes = table.readUInt16LE(at + 28);
    const madeOn = table.readUInt8(at + 5);
    members.push({
      path: table.toString('utf8', at + 46, at + 46 + nameBytes),
      method: table.readUInt16LE(at + 10),
      crc: table.readUInt32LE(at + 16),
      packed: table.readUInt32LE(at + 20),
      offset: table.readUInt32LE(at + 42),
      type: madeOn === 3 ? table.readUInt16LE(at + 40) >> 12 : 0,
    });
    at += 46 + nameBytes + table.readUInt16LE(at + 30) + table.readUInt16LE(at + 32);
  }
  return members;
}

async function* contents(file: string, handle: FileHandle, member: Member): AsyncGenerator<Uint8Array> {
  const { path, method, packed, offset } = member;
  if (method !== STORED && method !== DEFLATED)
    throw new ArchiveError(`${path} is compressed by method ${method}`);
  const local = await read(handle, offset, LOCAL_BYTES);
  if (local.readUInt32LE(0) !== LOCAL) throw new ArchiveError(`${path} is not where the directory says`);
  const start = offset + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
  let crc = 0;
  if (packed > 0) {
    const raw = createReadStream(file, { start, end: start + packed - 1 });
    for await (const chunk of method === STORED ? raw : raw.pipe(createInflateRaw())) {
      crc = crc32(chunk as Buffer, crc);
      yield chunk as Buffer;
    }
  }
  if (crc !== member.crc) throw new ArchiveError(`${path}: its CRC-32 is wrong`);
}

async function read(handle: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const into = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(into, 0, bytes, offset);
  if (bytesRead !== bytes) throw new ArchiveError('it is cut short');
  return into;
}
