/**
 * A delta: a new version of a model as what changes in the weights of one that is on board. It brings the signed manifest of
 * what comes out; of the canary only the new outputs, as its inputs are there.
 *
 *     0   8  "PGEDELTA"
 *     8   4  format, 1                       numbers big-endian
 *    12   4  length of the head
 *    16   8  key id
 *    24  64  Ed25519 signature over the head
 *    88      head, CBOR                      base, manifest, its signature, changes, hash of the payload
 *            payload                         the changes' bytes, one after the other
 *
 * The head's signature is checked before it is read, the payload's hash before it is used; the manifest's own signature,
 * which the model keeps, once the manifest was put together. Graph, inputs and outputs are always those of the base.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { fail, type Result, succeed } from '../errors';
import { decodeCbor, encodeCbor } from './cbor';
import { type Change, changesOf } from './deltaChanges';
import type { PackedDelta } from './deltaPack';
import { type Envelope, envelopeLength, envelopeOf, openEnvelope, openSigned } from './envelope';
import { bytes, fileName, Malformed, member, optional, record, whole } from './fields';
import { encodeManifest, type ManifestModel } from './manifest';
import { hexOf, keyIdOf, SIGNATURE_BYTES, signManifest, type TrustedKeys } from './signature';

const MAGIC = 'PGEDELTA';
/** The first field of every head: a signature over one is a signature over nothing else. */
const FORMAT = 'perigee-delta/1';
const MAX_BYTES = 2 ** 31 - 1;
const MAX_SERIAL = 2 ** 32 - 1;

export const DELTA_EXTENSION = '.delta';

export interface Delta {
  /** What it applies to, and to nothing else. */
  readonly base: {
    readonly model: string;
    readonly serial: number;
    /** Of its weights. */
    readonly sha256: string;
  };
  readonly keyId: Uint8Array;
  readonly changes: readonly Change[];
  /** Where the payload begins in the file, its length and hash. */
  readonly payload: { readonly at: number; readonly bytes: number; readonly sha256: string };
  /** The manifest's fields, but for the canary's inputs where those are the base's. */
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly signature: Uint8Array;
}

/**
 * Signs a delta that makes `manifest`'s model of `base`. Errors: MODEL_DELTA (another graph, or weights of another
 * length).
 */
export function sealDelta(
  base: ManifestModel,
  manifest: ManifestModel,
  { changes, payload }: PackedDelta,
  key: KeyObject,
): Result<Uint8Array> {
  const stranger = strangeness(base, manifest);
  if (stranger !== undefined) return fail('MODEL_DELTA', { file: manifest.name, why: stranger });
  const encoded = encodeManifest(manifest);
  const head = encodeCbor({
    format: FORMAT,
    base: { model: base.name, serial: base.serial, sha256: hexBytes(base.weights.sha256) },
    manifest: withoutInputs(encoded, base),
    signature: signManifest(encoded, key),
    changes,
    payload: { bytes: payload.length, sha256: hexBytes(sha256(payload)) },
  });
  const sealed = envelopeOf(head, { keyId: keyIdOf(key), signature: signManifest(head, key) }, MAGIC);
  return succeed(new Uint8Array(Buffer.concat([sealed, payload])));
}

/** Whether a file that begins so is a delta, good or not. */
export function isDelta(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, MAGIC.length)).toString('latin1') === MAGIC;
}

/** The bytes up to the payload, of a file that begins with `head` (88 bytes). Errors: as `envelopeLength`. */
export function deltaHeadLength(head: Uint8Array, file: string): Result<number> {
  return envelopeLength(head, file, MAGIC);
}

/**
 * Opens the head, which `head` begins with; the file has `fileLength` bytes. Errors: those of `openSigned`, MODEL_DELTA,
 * MODEL_TRUNCATED, MODEL_TRAILING.
 */
export function openDelta(
  head: Uint8Array,
  fileLength: number,
  keys: TrustedKeys,
  file: string,
): Result<Delta> {
  const opened = openSigned(head, keys, file, MAGIC);
  if (!opened.ok) return opened;
  const { encoded, keyId, bytes: own } = opened.value;
  let delta: Delta;
  try {
    delta = deltaOf(decodeCbor(encoded), keyId, own.length);
  } catch (error) {
    return fail('MODEL_DELTA', { file, why: error instanceof Malformed ? error.message : 'not CBOR' });
  }
  const needed = delta.payload.at + delta.payload.bytes;
  if (fileLength < needed) return fail('MODEL_TRUNCATED', { file, length: fileLength, needed });
  if (fileLength > needed) return fail('MODEL_TRAILING', { file, extra: fileLength - needed });
  return succeed(delta);
}

/** Errors: MODEL_DELTA (its hash is not the one that was signed). */
export function checkPayload({ payload }: Delta, found: Uint8Array, file: string): Result<void> {
  if (sha256(found) === payload.sha256) return succeed(undefined);
  return fail('MODEL_DELTA', { file, why: 'the hash of its payload is not the one that was signed' });
}

/**
 * The signed manifest of what the delta makes of `base`. Errors: MODEL_DELTA_BASE (it is a delta of another version), those of
 * `openEnvelope`, MODEL_DELTA (what comes out would be another network).
 */
export function resultOf(
  delta: Delta,
  base: ManifestModel,
  keys: TrustedKeys,
  file: string,
): Result<Envelope> {
  const { model, serial, sha256: wanted } = delta.base;
  const { name, weights } = base;
  if (name !== model || base.serial !== serial || weights.sha256 !== wanted)
    return fail('MODEL_DELTA_BASE', {
      model,
      serial,
      sha256: wanted.slice(0, 8),
      found: `${name} serial ${base.serial} with ${weights.sha256.slice(0, 8)}…`,
    });
  const encoded = encodeCbor(withInputs(delta.manifest, base));
  const envelope = openEnvelope(envelopeOf(encoded, delta), keys, file);
  if (!envelope.ok) return envelope;
  const stranger = strangeness(base, envelope.value.manifest);
  return stranger === undefined ? envelope : fail('MODEL_DELTA', { file, why: stranger });
}

function deltaOf(value: unknown, keyId: Uint8Array, at: number): Delta {
  const place = 'the head';
  const format = member(value, 'format', place);
  if (format !== FORMAT) throw new Malformed(`format: ${String(format)} is not ${FORMAT}`);
  const base = member(value, 'base', place);
  const payload = member(value, 'payload', place);
  const hash = (of: unknown, where: string) =>
    hexOf(bytes(member(of, 'sha256', where), `${where}.sha256`, 32));
  return {
    base: {
      model: fileName(member(base, 'model', 'base'), 'base.model', 40),
      serial: whole(member(base, 'serial', 'base'), 'base.serial', { min: 1, max: MAX_SERIAL }),
      sha256: hash(base, 'base'),
    },
    keyId,
    changes: changesOf(member(value, 'changes', place), 'changes'),
    payload: {
      at,
      bytes: whole(member(payload, 'bytes', 'payload'), 'payload.bytes', { max: MAX_BYTES }),
      sha256: hash(payload, 'payload'),
    },
    manifest: record(member(value, 'manifest', place), 'manifest'),
    signature: bytes(member(value, 'signature', place), 'signature', SIGNATURE_BYTES),
  };
}

/** What makes it another network, in words. */
function strangeness(base: ManifestModel, { name, graph, weights }: ManifestModel): string | undefined {
  if (name !== base.name) return `it makes ${name} of ${base.name}`;
  if (graph.sha256 !== base.graph.sha256 || graph.bytes !== base.graph.bytes)
    return 'its graph is not the base’s';
  if (weights.bytes !== base.weights.bytes) return 'its weights have another length than the base’s';
  return undefined;
}

/** The manifest's fields; the canary's inputs left out where the base has them, which are nearly all of its bytes. */
function withoutInputs(encoded: Uint8Array, base: ManifestModel): Record<string, unknown> {
  const fields = record(decodeCbor(encoded), 'manifest');
  const canary = optional(fields, 'canary');
  if (canary === undefined) return fields;
  const { input, ...others } = record(canary, 'canary');
  const known = inputsOf(base);
  const same = known !== undefined && Buffer.compare(encodeCbor(input), encodeCbor(known)) === 0;
  return same ? { ...fields, canary: others } : fields;
}

function withInputs(fields: Readonly<Record<string, unknown>>, base: ManifestModel): Record<string, unknown> {
  const { canary } = fields;
  if (canary === undefined || optional(canary, 'input') !== undefined) return { ...fields };
  return { ...fields, canary: { ...(canary as object), input: inputsOf(base) } };
}

function inputsOf(base: ManifestModel): unknown {
  return optional(optional(decodeCbor(encodeManifest(base)), 'canary'), 'input');
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function hexBytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
