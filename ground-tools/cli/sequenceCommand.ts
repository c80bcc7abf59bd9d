/** `perigee sequence compile | upload | run`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Dictionary } from '../../fsw/framework/dictionary';
import { type Compiled, compileSequence, compileYaml, type SequenceSource, writeSequence } from '../sequence';
import { type Context, exit } from './context';
import { commandNamed, type FileOptions, reportUpload, uploadBytes } from './files';
import { complain, loadDictionary, withGateway } from './ground';
import { send } from './send';

export interface CompileOptions {
  readonly dictionary: string;
  readonly output?: string;
  readonly json?: boolean;
}

/** Compiles a sequence to the file that flies; all that is wrong is said at once. */
export async function compile(context: Context, file: string, options: CompileOptions): Promise<number> {
  const dictionary = await loadDictionary(context, options.dictionary);
  if (!dictionary.ok) {
    complain(context, dictionary.error, options.json);
    return exit.usage;
  }
  const bytes = await compiled(context, file, dictionary.value, options.json);
  if (bytes === undefined) return exit.usage;
  const output = options.output ?? sequenceName(file);
  writeFileSync(output, bytes);
  if (options.json)
    context.out.write(`${JSON.stringify({ type: 'compiled', file: output, bytes: bytes.length })}\n`);
  else context.out.write(`${output} written (${bytes.length} bytes)\n`);
  return exit.ok;
}

export interface SequenceUploadOptions extends FileOptions {
  /** Its name on board. */
  readonly as?: string;
  /** Runs it once it is on board. */
  readonly run?: boolean;
}

/** Compiles a sequence against the dictionary that the gateway has, and sends it up. */
export function uploadSequence(
  context: Context,
  file: string,
  options: SequenceUploadOptions,
): Promise<number> {
  return withGateway(context, options, async (client) => {
    const dictionary = await client.dictionary();
    if (!dictionary.ok) {
      complain(context, dictionary.error, options.json);
      return exit.linkDown;
    }
    const bytes = await compiled(context, file, dictionary.value, options.json);
    if (bytes === undefined) return exit.usage;
    const read = (offset: number, into: Uint8Array) => into.set(bytes.subarray(offset, offset + into.length));
    const destination = options.as ?? sequenceName(file);
    const source = basename(file);
    const sent = await uploadBytes(
      client,
      { size: bytes.length, read, source, destination },
      options.timeout,
    );
    const code = reportUpload(context, file, sent, options.json);
    return code === exit.ok && options.run ? runSequence(context, sent.text, options) : code;
  });
}

/** Runs a sequence that is on board. The command completes when it has been loaded and begun. */
export function runSequence(context: Context, path: string, options: FileOptions): Promise<number> {
  return withGateway(context, options, async (client) => {
    const dictionary = await client.dictionary();
    const command = dictionary.ok ? commandNamed(dictionary.value, 'CS_RUN') : dictionary;
    if (!command.ok) {
      complain(context, command.error, options.json);
      return exit.usage;
    }
    return send(context, command.value, [`fileName=${path}`], options);
  });
}

function sequenceName(file: string): string {
  return `${basename(file, extname(file))}.seq`;
}

/** The compiled bytes, or undefined once all that is wrong has been said. */
async function compiled(
  context: Context,
  file: string,
  dictionary: Dictionary,
  json = false,
): Promise<Uint8Array | undefined> {
  let result: Compiled;
  try {
    result = /\.[cm]?js$/.test(file)
      ? compileSequence(await sourceOf(file), dictionary)
      : compileYaml(readFileSync(file, 'utf8'), dictionary, file);
  } catch (error) {
    context.err.write(`error  ${file}: ${(error as Error).message}\n`);
    return undefined;
  }
  if (result.ok) return writeSequence(result.value);
  for (const fault of result.faults) complain(context, fault, json);
  return undefined;
}

/** A module's default export: a sequence, or a function that makes one. */
async function sourceOf(file: string): Promise<SequenceSource> {
  const module = (await import(pathToFileURL(resolve(file)).href)) as { default?: unknown };
  const made: unknown = typeof module.default === 'function' ? module.default() : module.default;
  if (typeof made !== 'object' || made === null) throw new Error('its default export is no sequence');
  return made as SequenceSource;
}
