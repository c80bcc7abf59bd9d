/**
 * What is owed to the next update, and the last update made: one file, written whole. So an update and the residual that it
 * leaves come to be at the same instant, and a kill leaves both or neither.
 */
import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../../../fsw/errors';
import { type Id, normOf } from '../../../fsw/federation';
import { type FileStore, readWhole, writeWhole } from '../../../fsw/framework';
import { decodeCbor, encodeCbor } from '../../../fsw/models';
import { Malformed, member, text } from '../../../fsw/models/fields';

export interface Owed {
  /** What the residual can be added to: model, weights and layout. */
  readonly key: string;
  readonly residual: Float32Array;
  /** The task that was answered last, and its update. */
  readonly task: Id;
  readonly update: Uint8Array;
}

export const OWED_FILE = 'owed';
const HASH_BYTES = 32;
const what = 'what is owed';

/** Errors: those of the store; then the file is as it was. */
export function writeOwed(files: FileStore, path: string, { residual, ...owed }: Owed): Result<void> {
  const body = encodeCbor({ ...owed, residual: new Uint8Array(residual.slice().buffer) });
  return writeWhole(files, path, Buffer.concat([hashOf(body), body]));
}

/** Undefined when there is none. Errors: those of the store, FED_FORMAT (damaged), FED_NORM (out of bounds). */
export function readOwed(
  files: FileStore,
  path: string,
  limits: { readonly bytes: number; readonly norm: number },
): Result<Owed | undefined> {
  const read = readWhole(files, path, limits.bytes);
  if (!read.ok) return read.error.code === 'FILE_MISSING' ? succeed(undefined) : read;
  const body = read.value.subarray(HASH_BYTES);
  if (Buffer.compare(hashOf(body), read.value.subarray(0, HASH_BYTES)) !== 0)
    return fail('FED_FORMAT', { what, why: 'its hash is not that of its content' });
  let owed: Owed;
  try {
    owed = owedOf(decodeCbor(body));
  } catch (error) {
    return fail('FED_FORMAT', { what, why: error instanceof Malformed ? error.message : 'not CBOR' });
  }
  const norm = normOf(owed.residual);
  if (norm <= limits.norm) return succeed(owed);
  return fail('FED_NORM', { node: 'this node', norm, max: limits.norm, why: what });
}

function owedOf(value: unknown): Owed {
  const bytes = (key: string) => {
    const given = member(value, key, what);
    if (!(given instanceof Uint8Array)) throw new Malformed(`${key}: not bytes`);
    return given;
  };
  const residual = bytes('residual');
  if (residual.length % 4 !== 0) throw new Malformed(`residual: ${residual.length} bytes`);
  return {
    key: text(member(value, 'key', what), 'key', 400),
    task: text(member(value, 'task', what), 'task', 64),
    update: bytes('update'),
    residual: new Float32Array(residual.slice().buffer),
  };
}

function hashOf(body: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(body).digest());
}
