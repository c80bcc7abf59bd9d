/**
 * What a model says of itself: name and version, its two files with their hashes, inputs and outputs, the canary
 * that proves a live session, how its weights are protected. CBOR on the link and on board, signed as a whole.
 */
import { fail, type Result, succeed } from '../errors';
import { canaryFields, canaryOf, type ManifestCanary } from './canary';
import { decodeCbor, encodeCbor } from './cbor';
import { bytes, fileName, list, Malformed, member, optional, record, text, whole } from './fields';

export interface ManifestFile {
  /** A plain file name; the graph refers to its weights by it. */
  readonly path: string;
  readonly bytes: number;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}

/** Sides of a tensor: a number, or a name for a side that is free. */
export type Shape = readonly (number | string)[];

/** How the weights are kept from upsets. Without one, error correction covers them all. */
export interface Protection {
  /** The first bytes of the weights, which error correction covers; the rest are the tensors below. */
  readonly eccBytes: number;
  /** Of those bytes. */
  readonly eccSha256: string;
  /** The last tensors, in their order: voted and clipped to ± `bound`, at no cost in memory. */
  readonly exponent: readonly { readonly tensor: string; readonly bound: number }[];
}

/** What a version that was learned on board comes from: signed by the spacecraft, so the ground can follow the steps back. */
export interface Learned {
  /** The version that it is a delta of. */
  readonly serial: number;
  /** Of that version's weights. */
  readonly sha256: string;
  /** Such steps since a version that a mission key signed: 1 is the first. */
  readonly depth: number;
}

export interface ManifestModel {
  /** 40 characters at most, fit for a file name. */
  readonly name: string;
  /** For people, 20 characters at most. */
  readonly version: string;
  /** Grows from version to version: a smaller one than was ever installed is refused. */
  readonly serial: number;
  readonly graph: ManifestFile;
  readonly weights: ManifestFile;
  readonly input: { readonly name: string; readonly shape: Shape };
  readonly outputs: readonly { readonly name: string; readonly shape: Shape }[];
  readonly classes: readonly string[];
  readonly canary?: ManifestCanary;
  readonly protection?: Protection;
  /** Of a version that was learned on board. */
  readonly learned?: Learned;
  /** Licence, training data, scores: for people. */
  readonly about?: Readonly<Record<string, unknown>>;
}

/** The first field of every manifest: a signature over one is a signature over nothing else. */
const FORMAT = 'perigee-model/1';
export const MAX_MANIFEST_BYTES = 1 << 20;
/** Longest file: what a slot in memory may hold. */
const MAX_FILE_BYTES = 2 ** 31 - 1;
const MAX_SERIAL = 2 ** 32 - 1;
const MAX_DEPTH = 1000;

/** The one encoding of a manifest: what is signed. */
export function encodeManifest(model: ManifestModel): Uint8Array {
  const { name, version, serial, graph, weights, input, outputs, classes, canary, protection, about } = model;
  const { learned } = model;
  return encodeCbor({
    format: FORMAT,
    name,
    version,
    serial,
    files: { graph: fileFields(graph), weights: fileFields(weights) },
    inputs: [input],
    outputs,
    classes,
    canary: canary && canaryFields(canary),
    protection: protection && { ...protection, eccSha256: hexBytes(protection.eccSha256) },
    learned: learned && { ...learned, sha256: hexBytes(learned.sha256) },
    about,
  });
}

/** `file` names the manifest in the error: MODEL_MANIFEST, with the field that is wrong. */
export function readManifest(encoded: Uint8Array, file: string): Result<ManifestModel> {
  let fields: unknown;
  try {
    fields = decodeCbor(encoded);
  } catch {
    return fail('MODEL_MANIFEST', { file, reason: 'not CBOR' });
  }
  try {
    return succeed(modelOf(fields));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return fail('MODEL_MANIFEST', { file, reason: error.message });
  }
}

function modelOf(value: unknown): ManifestModel {
  const at = 'the manifest';
  const format = member(value, 'format', at);
  if (format !== FORMAT) throw new Malformed(`format: ${String(format)} is not ${FORMAT}`);
  const files = member(value, 'files', at);
  const inputs = list(member(value, 'inputs', at), 'inputs');
  if (inputs.length !== 1) throw new Malformed(`inputs: one input is served, not ${inputs.length}`);
  const input = tensorOf(inputs[0], 'inputs[0]');
  const outputs = list(member(value, 'outputs', at), 'outputs').map((output, i) =>
    tensorOf(output, `outputs[${i}]`),
  );
  const weights = fileOf(member(files, 'weights', 'files'), 'files.weights');
  const canary = optional(value, 'canary');
  const protection = optional(value, 'protection');
  const learned = optional(value, 'learned');
  const about = optional(value, 'about');
  return {
    name: fileName(member(value, 'name', at), 'name', 40),
    version: text(member(value, 'version', at), 'version', 20),
    serial: whole(member(value, 'serial', at), 'serial', { min: 1, max: MAX_SERIAL }),
    graph: fileOf(member(files, 'graph', 'files'), 'files.graph'),
    weights,
    input,
    outputs,
    classes: list(optional(value, 'classes') ?? [], 'classes').map((name, i) => text(name, `classes[${i}]`)),
    ...(canary !== undefined && { canary: canaryOf(canary, 'canary', input, outputs) }),
    ...(protection !== undefined && { protection: protectionOf(protection, weights.bytes) }),
    ...(learned !== undefined && { learned: learnedOf(learned) }),
    ...(about !== undefined && { about: record(about, 'about') }),
  };
}

function fileOf(value: unknown, at: string): ManifestFile {
  return {
    path: fileName(member(value, 'path', at), `${at}.path`),
    bytes: whole(member(value, 'bytes', at), `${at}.bytes`, { min: 1, max: MAX_FILE_BYTES }),
    sha256: sha256Of(member(value, 'sha256', at), `${at}.sha256`),
  };
}

function tensorOf(value: unknown, at: string): { name: string; shape: Shape } {
  const shape = list(member(value, 'shape', at), `${at}.shape`, 8).map((side) => {
    if (typeof side === 'string' || (typeof side === 'number' && Number.isInteger(side) && side > 0))
      return side;
    throw new Malformed(`${at}.shape: ${JSON.stringify(side)} is not a side`);
  });
  return { name: text(member(value, 'name', at), `${at}.name`), shape };
}

function protectionOf(value: unknown, weightBytes: number): Protection {
  const at = 'protection';
  return {
    eccBytes: whole(member(value, 'eccBytes', at), `${at}.eccBytes`, { min: 8, max: weightBytes }),
    eccSha256: sha256Of(member(value, 'eccSha256', at), `${at}.eccSha256`),
    exponent: list(member(value, 'exponent', at), `${at}.exponent`, 100_000).map((entry, i) => {
      const where = `${at}.exponent[${i}]`;
      const bound = member(entry, 'bound', where);
      if (typeof bound !== 'number' || !(bound > 0 && bound < Number.POSITIVE_INFINITY))
        throw new Malformed(`${where}.bound: not a bound`);
      return { tensor: text(member(entry, 'tensor', where), `${where}.tensor`), bound };
    }),
  };
}

function learnedOf(value: unknown): Learned {
  const at = 'learned';
  return {
    serial: whole(member(value, 'serial', at), `${at}.serial`, { min: 1, max: MAX_SERIAL }),
    sha256: sha256Of(member(value, 'sha256', at), `${at}.sha256`),
    depth: whole(member(value, 'depth', at), `${at}.depth`, { min: 1, max: MAX_DEPTH }),
  };
}

function fileFields({ path, bytes: length, sha256 }: ManifestFile): object {
  return { path, bytes: length, sha256: hexBytes(sha256) };
}

function sha256Of(value: unknown, at: string): string {
  return Buffer.from(bytes(value, at, 32)).toString('hex');
}

function hexBytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
