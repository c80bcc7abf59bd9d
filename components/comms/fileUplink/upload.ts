/** A file that comes up in parts: its bytes in a part file, and which of them are there in a record beside it. */
import { createHash } from 'node:crypto';
import { type Result, succeed } from '../../../fsw/errors';
import { type FileStore, folderOf, readWhole, writeWhole } from '../../../fsw/framework';
import { ByteRanges } from '../../../fsw/protocols';

/** What a START packet says. An interrupted upload is gone on with by a START that says the same. */
export interface UploadName {
  readonly source: string;
  /** Where the file will be, in the store. */
  readonly path: string;
  readonly size: number;
}

export interface Upload extends UploadName {
  readonly partFile: string;
  readonly recordFile: string;
  readonly there: ByteRanges;
  /** Bytes written since the record was. */
  unsaved: number;
}

const RECORD_VERSION = 1;
const MAX_RECORD_BYTES = 1 << 20;
const STEM = /^[0-9a-f]{16}/;

/** What is on the medium of an upload: all ranges named in it were synced before it was written. */
interface UploadRecord extends UploadName {
  readonly version: number;
  readonly savedUs: number;
  readonly ranges: readonly (readonly [start: number, end: number])[];
}

/** Begins an upload, or goes on with the one of the same name that is in `folder`. Errors: those of the store. */
export function openUpload(files: FileStore, folder: string, name: UploadName): Result<Upload> {
  const stem = `${folder}/${createHash('sha256').update(name.path).digest('hex').slice(0, 16)}`;
  const partFile = `${stem}.part`;
  const recordFile = `${stem}.json`;
  const before = readRecord(files, recordFile);
  const part = files.stat(partFile);
  const same = before && part.ok && before.path === name.path && before.source === name.source;
  const ranges = same && before.size === name.size ? before.ranges : [];
  const there = new ByteRanges(ranges.map(([start, end]) => ({ start, end })));
  const upload = { ...name, partFile, recordFile, there, unsaved: 0 };
  if (there.covered > 0) return succeed(upload);
  if (before) files.remove(recordFile);
  const made = files.makeFolder(folder);
  const empty = made.ok ? files.truncate(partFile, 0) : made;
  return empty.ok ? succeed(upload) : empty;
}

/** Writes bytes where they belong. Those that are there already are written again. Errors: those of the store. */
export function addData(files: FileStore, upload: Upload, offset: number, bytes: Uint8Array): Result<void> {
  const written = files.write(upload.partFile, offset, bytes);
  if (written.ok) upload.unsaved += upload.there.add(offset, offset + bytes.length);
  return written;
}

/** From now on a reboot loses nothing of what is there. Errors: those of the store. */
export function saveUpload(files: FileStore, upload: Upload, nowUs: number): Result<void> {
  const { source, path, size, there } = upload;
  const synced = files.sync(upload.partFile);
  if (!synced.ok) return synced;
  const ranges = there.ranges.map(({ start, end }) => [start, end] as const);
  const record: UploadRecord = { version: RECORD_VERSION, savedUs: nowUs, source, path, size, ranges };
  const saved = writeWhole(files, upload.recordFile, new TextEncoder().encode(JSON.stringify(record)));
  if (saved.ok) upload.unsaved = 0;
  return saved;
}

/** Puts a complete upload in its place, whole or not at all. Errors: those of the store. */
export function finishUpload(files: FileStore, upload: Upload): Result<void> {
  const synced = files.sync(upload.partFile);
  if (!synced.ok) return synced;
  const made = files.makeFolder(folderOf(upload.path));
  if (!made.ok) return made;
  const moved = files.rename(upload.partFile, upload.path);
  if (moved.ok) files.remove(upload.recordFile);
  return moved;
}

type UploadFiles = Pick<Upload, 'partFile' | 'recordFile'>;

export function discardUpload(files: FileStore, { partFile, recordFile }: UploadFiles): void {
  for (const file of [recordFile, `${recordFile}.tmp`, partFile]) files.remove(file);
}

/** What is there of uploads in `folder`, the one saved longest ago first; one without a good record is the oldest. */
export function keptUploads(files: FileStore, folder: string): UploadFiles[] {
  const names = files.list(folder);
  const stems = new Set((names.ok ? names.value : []).flatMap((name) => STEM.exec(name) ?? []));
  return [...stems]
    .map((stem) => ({ partFile: `${folder}/${stem}.part`, recordFile: `${folder}/${stem}.json` }))
    .map((upload) => ({ upload, savedUs: readRecord(files, upload.recordFile)?.savedUs ?? 0 }))
    .sort((a, b) => a.savedUs - b.savedUs)
    .map(({ upload }) => upload);
}

/** Undefined where there is none, or none that makes sense: the upload begins anew then. */
function readRecord(files: FileStore, file: string): UploadRecord | undefined {
  const bytes = readWhole(files, file, MAX_RECORD_BYTES);
  if (!bytes.ok) return undefined;
  try {
    const record = JSON.parse(new TextDecoder().decode(bytes.value)) as UploadRecord;
    const { version, size, ranges } = record;
    const inside = ([start, end]: readonly [number, number]) =>
      Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end && end <= size;
    return version === RECORD_VERSION && ranges.every(inside) ? record : undefined;
  } catch {
    return undefined;
  }
}
