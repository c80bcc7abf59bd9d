/** What a folder of models says of itself: `manifest.json`, checked field by field. */
import { fail, type Result, succeed } from '../../../fsw/errors';

export interface ManifestFile {
  /** A plain file name in the manifest's folder. */
  readonly path: string;
  readonly bytes: number;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}

/** Sides of a tensor: a number, or a name for a side that is free. */
export type Shape = readonly (number | string)[];

export interface ManifestModel {
  readonly name: string;
  readonly version: string;
  readonly graph: ManifestFile;
  readonly weights: ManifestFile;
  readonly input: { readonly name: string; readonly shape: Shape };
  readonly outputs: readonly { readonly name: string; readonly shape: Shape }[];
  readonly classes: readonly string[];
}

/** Longest file: what a slot in memory may hold. */
const MAX_FILE_BYTES = 2 ** 31;

/**
 * Reads `{ models: [{ name, version, files: { graph, weights }, inputs: [one], outputs, classes? }] }`; other
 * fields are for people. `file` names the manifest in the error: MODEL_MANIFEST, with the field that is wrong.
 */
export function readManifest(text: string, file: string): Result<readonly ManifestModel[]> {
  try {
    const models = list(member(JSON.parse(text), 'models'), 'models').map((entry, i) =>
      modelOf(entry, `models[${i}]`),
    );
    const twice = models.find(({ name }, i) => models.findIndex((other) => other.name === name) !== i);
    if (twice !== undefined) throw new Malformed(`two models are called ${twice.name}`);
    return succeed(models);
  } catch (error) {
    const reason = error instanceof Malformed ? error.message : 'not JSON';
    return fail('MODEL_MANIFEST', { file, reason });
  }
}

/** Carries a reason out of the nested readers to `readManifest`, and no further. */
class Malformed extends Error {}

function modelOf(value: unknown, at: string): ManifestModel {
  const files = member(value, 'files', at);
  const inputs = list(member(value, 'inputs', at), `${at}.inputs`);
  if (inputs.length !== 1) throw new Malformed(`${at}.inputs: one input is served, not ${inputs.length}`);
  const classes = isRecord(value) && value.classes !== undefined ? list(value.classes, `${at}.classes`) : [];
  return {
    name: text(member(value, 'name', at), `${at}.name`),
    version: text(member(value, 'version', at), `${at}.version`),
    graph: fileOf(member(files, 'graph', `${at}.files`), `${at}.files.graph`),
    weights: fileOf(member(files, 'weights', `${at}.files`), `${at}.files.weights`),
    input: tensorOf(inputs[0], `${at}.inputs[0]`),
    outputs: list(member(value, 'outputs', at), `${at}.outputs`).map((output, i) =>
      tensorOf(output, `${at}.outputs[${i}]`),
    ),
    classes: classes.map((name, i) => text(name, `${at}.classes[${i}]`)),
  };
}

function fileOf(value: unknown, at: string): ManifestFile {
  const path = text(member(value, 'path', at), `${at}.path`);
  if (!/^[\w-][\w.-]*$/.test(path)) throw new Malformed(`${at}.path: ${path} is not a plain file name`);
  const bytes = member(value, 'bytes', at);
  if (typeof bytes !== 'number' || !Number.isInteger(bytes) || bytes < 1 || bytes > MAX_FILE_BYTES)
    throw new Malformed(`${at}.bytes: not a length`);
  const sha256 = text(member(value, 'sha256', at), `${at}.sha256`);
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Malformed(`${at}.sha256: not 64 hex digits`);
  return { path, bytes, sha256 };
}

function tensorOf(value: unknown, at: string): { name: string; shape: Shape } {
  const shape = list(member(value, 'shape', at), `${at}.shape`).map((side) => {
    if (typeof side === 'string' || (typeof side === 'number' && Number.isInteger(side) && side > 0))
      return side;
    throw new Malformed(`${at}.shape: ${JSON.stringify(side)} is not a side`);
  });
  return { name: text(member(value, 'name', at), `${at}.name`), shape };
}

function member(value: unknown, key: string, at = 'the manifest'): unknown {
  if (!isRecord(value) || !Object.hasOwn(value, key)) throw new Malformed(`${at}: ${key} is missing`);
  return value[key];
}

function list(value: unknown, at: string): unknown[] {
  if (!Array.isArray(value)) throw new Malformed(`${at}: not a list`);
  return value;
}

function text(value: unknown, at: string): string {
  if (typeof value !== 'string' || value === '') throw new Malformed(`${at}: not a text`);
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
