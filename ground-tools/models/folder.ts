/**
 * A folder of models as training leaves it: `manifest.json` names the models with their files, `golden.json` has inputs
 * and the outputs that each model gave for them, its canary.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import { type ManifestCanary, type ManifestFile, type ManifestModel, readManifest } from '../../fsw/models';
import { list, Malformed, member, optional, record, text } from '../../fsw/models/fields';
import { encodeManifest } from '../../fsw/models/manifest';

/** A model with the bytes of its files. */
export interface FolderModel {
  readonly manifest: ManifestModel;
  readonly graph: Uint8Array;
  readonly weights: Uint8Array;
}

/** The most by which the output of another processor may differ from that in `golden.json`, where it says nothing else. */
const TOLERANCE = 1e-4;
/** What a signed manifest says in fields of its own; all else of an entry is for people. */
const OWN_FIELDS = ['name', 'version', 'serial', 'files', 'inputs', 'outputs', 'classes'];

/**
 * All models of a folder. `serial` takes the place of theirs. Errors: MODEL_MANIFEST (with what is wrong), MODEL_MISSING,
 * MODEL_SIZE, MODEL_HASH (a file is not what `manifest.json` says).
 */
export function readModelFolder(folder: string, serial?: number): Result<readonly FolderModel[]> {
  try {
    const golden = existsSync(join(folder, 'golden.json')) ? readJson(folder, 'golden.json') : {};
    const entries = list(member(readJson(folder, 'manifest.json'), 'models', 'manifest.json'), 'models');
    const models = entries.map((entry, i) => modelOf(folder, entry, `models[${i}]`, { golden, serial }));
    const wrong = models.find((model) => !model.ok);
    return wrong && !wrong.ok ? wrong : succeed(models.flatMap((model) => (model.ok ? [model.value] : [])));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return fail('MODEL_MANIFEST', { file: folder, reason: error.message });
  }
}

function modelOf(
  folder: string,
  entry: unknown,
  at: string,
  { golden, serial }: { readonly golden: unknown; readonly serial: number | undefined },
): Result<FolderModel> {
  const name = text(member(entry, 'name', at), `${at}.name`);
  const files = member(entry, 'files', at);
  const graph = readPart(folder, name, member(files, 'graph', `${at}.files`), `${at}.files.graph`);
  if (!graph.ok) return graph;
  const weights = readPart(folder, name, member(files, 'weights', `${at}.files`), `${at}.files.weights`);
  if (!weights.ok) return weights;
  const sides = (key: string) =>
    list(member(entry, key, at), `${at}.${key}`).map((side, i) => ({
      name: text(member(side, 'name', `${at}.${key}[${i}]`), `${at}.${key}[${i}].name`),
      shape: member(side, 'shape', `${at}.${key}[${i}]`) as ManifestModel['input']['shape'],
    }));
  const [input] = sides('inputs');
  const about = Object.entries(record(entry, at)).filter(([key]) => !OWN_FIELDS.includes(key));
  // Encoded and read again: whatever is not as flight software wants it is found here.
  const encoded = encodeManifest({
    name,
    version: member(entry, 'version', at) as string,
    serial: serial ?? ((optional(entry, 'serial') ?? 1) as number),
    graph: graph.value.file,
    weights: weights.value.file,
    input,
    outputs: sides('outputs'),
    classes: (optional(entry, 'classes') ?? []) as string[],
    canary: canaryOf(golden, name, input?.name ?? ''),
    ...(about.length > 0 && { about: Object.fromEntries(about) }),
  });
  const manifest = readManifest(encoded, `${folder}: ${name}`);
  return manifest.ok
    ? succeed({ manifest: manifest.value, graph: graph.value.bytes, weights: weights.value.bytes })
    : manifest;
}

interface Part {
  readonly file: ManifestFile;
  readonly bytes: Uint8Array;
}

function readPart(folder: string, model: string, entry: unknown, at: string): Result<Part> {
  const path = text(member(entry, 'path', at), `${at}.path`);
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(readFileSync(join(folder, path)));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    return fail('MODEL_MISSING', { model, file: path, reason });
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const stated = { length: optional(entry, 'bytes'), sha256: optional(entry, 'sha256') };
  if (stated.length !== undefined && stated.length !== bytes.length)
    return fail('MODEL_SIZE', { model, file: path, length: bytes.length, expected: stated.length });
  if (stated.sha256 !== undefined && stated.sha256 !== sha256)
    return fail('MODEL_HASH', {
      model,
      file: path,
      found: sha256.slice(0, 8),
      expected: String(stated.sha256).slice(0, 8),
    });
  return succeed({ file: { path, bytes: bytes.length, sha256 }, bytes });
}

/**
 * `{ <input>: { shape, u8Base64, scale? }, <model>: { <output>: nested numbers } }`; undefined where the model isn't in it.
 * `<model>.<input>` comes before `<input>`, for models whose inputs have the same name and another size; `<model>.tolerance`
 * is for one whose outputs other processors round further apart.
 */
function canaryOf(golden: unknown, model: string, input: string): ManifestCanary | undefined {
  const outputs = optional(golden, model);
  if (outputs === undefined) return undefined;
  const given = optional(golden, `${model}.${input}`) ?? member(golden, input, 'golden.json');
  const [count] = list(member(given, 'shape', input), `golden.json: ${input}.shape`);
  const pixels = text(member(given, 'u8Base64', input), `golden.json: ${input}.u8Base64`, 1 << 24);
  const scale = optional(given, 'scale') as number | undefined;
  const values = Object.entries(record(outputs, `golden.json: ${model}`)).map(([name, nested]) => [
    name,
    Float32Array.from((list(nested, name) as number[][]).flat()),
  ]);
  return {
    count: count as number,
    input: Float32Array.from(Buffer.from(pixels, 'base64'), (step) => step * (scale ?? 1)),
    ...(scale !== undefined && { scale }),
    outputs: Object.fromEntries(values),
    tolerance: (optional(golden, `${model}.tolerance`) ?? TOLERANCE) as number,
  };
}

function readJson(folder: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8'));
  } catch (error) {
    throw new Malformed(`${file}: ${(error as Error).message}`);
  }
}
