/** Where a model comes from: a bundle in the board's files, or the folder of the mission. */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { FileStore } from '../../../fsw/framework';
import {
  checkBundleLength,
  ENVELOPE_HEAD_BYTES,
  type Envelope,
  envelopeLength,
  type ManifestFile,
  openEnvelope,
  type Read,
  type TrustedKeys,
} from '../../../fsw/models';

/** A signed manifest that was found good, and how to get at what it speaks of. */
export interface ModelSource {
  readonly envelope: Envelope;
  readonly graph: Read;
  readonly weights: Read;
}

/** A file that was sent up: its size, its first bytes (88, or all), and more of it. */
export interface SentFile {
  readonly path: string;
  readonly size: number;
  readonly head: Uint8Array;
  /** Errors: those of the store, MODEL_TRUNCATED. */
  readonly read: Read;
}

/** Errors: those of the store. */
export function openSent(files: FileStore, path: string): Result<SentFile> {
  const stat = files.stat(path);
  if (!stat.ok) return stat;
  if (stat.value.kind !== 'file') return fail('FILE_KIND', { path, kind: 'file' });
  const { size } = stat.value;
  const read: Read = (offset, into) => {
    const got = files.read(path, offset, into);
    if (!got.ok) return got;
    if (got.value === into.length) return succeed(undefined);
    return fail('MODEL_TRUNCATED', { file: path, length: offset + got.value, needed: offset + into.length });
  };
  const head = new Uint8Array(Math.min(ENVELOPE_HEAD_BYTES, size));
  const headed = read(0, head);
  return headed.ok ? succeed({ path, size, head, read }) : headed;
}

/** Errors: those of the store, of `openEnvelope` and of `checkBundleLength`. */
export function bundleSource({ path, size, head, read }: SentFile, keys: TrustedKeys): Result<ModelSource> {
  const length = envelopeLength(head, path);
  if (!length.ok) return length;
  const bytes = new Uint8Array(Math.min(length.value, size));
  const whole = read(0, bytes);
  if (!whole.ok) return whole;
  const envelope = openEnvelope(bytes, keys, path);
  if (!envelope.ok) return envelope;
  const fits = checkBundleLength(envelope.value, size, path);
  if (!fits.ok) return fits;
  const graphAt = length.value;
  const weightsAt = graphAt + envelope.value.manifest.graph.bytes;
  return succeed({
    envelope: envelope.value,
    graph: (offset, into) => read(graphAt + offset, into),
    weights: (offset, into) => read(weightsAt + offset, into),
  });
}

/**
 * A model as it stands in the mission's sources: `file` is its envelope, beside it lie the graph and the weights.
 * Errors: MODEL_MISSING, MODEL_SIZE, and those of `openEnvelope`.
 */
export function factorySource(folder: string, file: string, keys: TrustedKeys): Result<ModelSource> {
  const bytes = hostRead(file, file, () => readFileSync(join(folder, file)));
  if (!bytes.ok) return bytes;
  const envelope = openEnvelope(bytes.value, keys, file);
  if (!envelope.ok) return envelope;
  const { name, graph, weights } = envelope.value.manifest;
  for (const part of [graph, weights]) {
    const size = hostRead(name, part.path, () => statSync(join(folder, part.path)).size);
    if (!size.ok) return size;
    if (size.value !== part.bytes)
      return fail('MODEL_SIZE', { model: name, file: part.path, length: size.value, expected: part.bytes });
  }
  return succeed({
    envelope: envelope.value,
    graph: hostFile(folder, name, graph),
    weights: hostFile(folder, name, weights),
  });
}

function hostFile(folder: string, model: string, { path, bytes }: ManifestFile): Read {
  return (offset, into) => {
    const read = hostRead(model, path, () => {
      const file = openSync(join(folder, path), 'r');
      try {
        return readSync(file, into, 0, into.length, offset);
      } finally {
        closeSync(file);
      }
    });
    if (!read.ok) return read;
    if (read.value === into.length) return succeed(undefined);
    return fail('MODEL_SIZE', { model, file: path, length: offset + read.value, expected: bytes });
  };
}

/** MODEL_MISSING, with the operating system's code, for what `read` throws. */
function hostRead<T>(model: string, file: string, read: () => T): Result<T> {
  try {
    return succeed(read());
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    return fail('MODEL_MISSING', { model, file, reason });
  }
}
