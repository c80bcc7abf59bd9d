import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type Failed, type Result, succeed } from '../../fsw/errors';
import {
  BUNDLE_EXTENSION,
  DELTA_EXTENSION,
  ENVELOPE_EXTENSION,
  type Envelope,
  hexOf,
  type ManifestModel,
  publicKeyOf,
  sealEnvelope,
  type TrustedKeys,
} from '../../fsw/models';
import { writeWholeFile } from '../../fsw/wholeFile';
import { type Context, exit } from '../cli/context';
import { type CheckedModel, checkModelFile } from './bundle';
import { checkDeltaFile, deltaDescription, deltaHeadline, makeDelta } from './delta';
import { type FolderModel, readModelFolder } from './folder';
import { type ProtectRule, protectModel, protectRule } from './protect';
import { defaultKeyFile, keygen, publicKeys, signingKey, writePublicKey } from './signing';

interface SignOptions {
  readonly key: string;
  readonly serial?: number;
}

interface PackOptions extends SignOptions {
  readonly model?: string;
  readonly output?: string;
  readonly protect: readonly ProtectRule[];
}

interface DeltaOptions {
  readonly key: string;
  readonly keys: string;
  readonly output?: string;
}

/** Adds `model keygen|sign|pack|delta|trust|verify|show`; `ended` gets the exit code. */
export function modelCommand(program: Command, { out, err }: Context, ended: (code: number) => void): void {
  const failed = ({ error }: Failed) => {
    err.write(`error: ${error.text}\n`);
    ended(exit.failed);
  };
  const print = (line: string) => void out.write(`${line}\n`);
  const models = program
    .command('model')
    .description('signed models: what may fly, and files for the uplink');

  models
    .command('keygen')
    .description('make a key pair that signs models')
    .argument('<folder>', "where the public half goes, such as a mission's models/keys")
    .option('--key <file>', 'the private half', defaultKeyFile())
    .action((folder: string, { key }: { key: string }) => {
      const made = keygen(key, folder);
      if (!made.ok) return failed(made);
      print(`${made.value.privateFile}  signs; keep it, and keep it to yourself`);
      print(`${made.value.publicFile}  says on board whom to trust`);
    });

  models
    .command('sign')
    .description(`write a signed manifest beside each model of a folder (manifest.json, golden.json)`)
    .argument('<folder>')
    .option('--key <file>', 'private key', defaultKeyFile())
    .option(
      '--serial <n>',
      'number of this version, larger than any before (default: that of manifest.json)',
      serial,
    )
    .action((folder: string, options: SignOptions) => {
      const key = signingKey(options.key);
      if (!key.ok) return failed(key);
      const read = readModelFolder(folder, options.serial);
      if (!read.ok) return failed(read);
      for (const { manifest } of read.value) {
        const file = join(folder, `${manifest.name}${ENVELOPE_EXTENSION}`);
        writeWholeFile(file, sealEnvelope(manifest, key.value.key));
        print(`${file}  ${manifest.version}, serial ${manifest.serial}, key ${key.value.id}`);
      }
    });

  models
    .command('pack')
    .description('write a signed bundle of one model: one file for one upload')
    .argument('<folder>')
    .option('--model <name>', 'which, if the folder has several')
    .option('-o, --output <file>', `bundle (default: NAME${BUNDLE_EXTENSION})`)
    .option('--key <file>', 'private key', defaultKeyFile())
    .option(
      '--serial <n>',
      'number of this version, larger than any before (default: that of manifest.json)',
      serial,
    )
    .option(
      '--protect <pattern=exponent>',
      'tensors (with * for any text) that protect themselves, at no cost in memory; may be given again',
      protectRule,
      [] as readonly ProtectRule[],
    )
    .action((folder: string, options: PackOptions) => {
      const key = signingKey(options.key);
      if (!key.ok) return failed(key);
      const read = readModelFolder(folder, options.serial);
      if (!read.ok) return failed(read);
      const names = read.value.map(({ manifest }) => manifest.name);
      const model = pick(read.value, options.model);
      if (model === undefined) {
        err.write(`error: --model must be one of: ${names.join(', ')}\n`);
        return ended(exit.usage);
      }
      const packed = protectModel(model, options.protect);
      if (!packed.ok) return failed(packed);
      const { manifest, graph, weights } = packed.value;
      const file = options.output ?? `${manifest.name}${BUNDLE_EXTENSION}`;
      const bytes = Buffer.concat([sealEnvelope(manifest, key.value.key), graph, weights]);
      writeWholeFile(file, bytes);
      print(
        `${file}  ${manifest.version}, serial ${manifest.serial}, ${bytes.length} bytes, key ${key.value.id}`,
      );
    });

  models
    .command('delta')
    .description('write a signed delta: of a version that is on board only what a new one changes')
    .argument('<base>', 'bundle or signed manifest of the version on board')
    .argument('<new>', 'bundle or signed manifest of the new version')
    .option('-o, --output <file>', `delta (default: NAME${DELTA_EXTENSION})`)
    .option('--key <file>', 'private key', defaultKeyFile())
    .requiredOption('--keys <place>', 'public keys that have signed both: a PEM file or a folder of them')
    .action((baseFile: string, newFile: string, options: DeltaOptions) => {
      const key = signingKey(options.key);
      if (!key.ok) return failed(key);
      const trusted = publicKeys(options.keys);
      if (!trusted.ok) return failed(trusted);
      const base = checkModelFile(baseFile, trusted.value);
      if (!base.ok) return failed(base);
      const next = checkModelFile(newFile, trusted.value);
      if (!next.ok) return failed(next);
      const bytes = makeDelta(base.value, next.value, key.value.key);
      if (!bytes.ok) return failed(bytes);
      const { name, version, serial: number, weights } = next.value.envelope.manifest;
      const file = options.output ?? `${name}${DELTA_EXTENSION}`;
      writeWholeFile(file, bytes.value);
      const share = ((100 * bytes.value.length) / weights.bytes).toFixed(1);
      print(`${file}  ${version}, serial ${number}, ${bytes.value.length} bytes, ${share} % of the weights`);
    });

  models
    .command('trust')
    .description(
      'write the public half of a spacecraft’s own key, as SHOW_KEY sent it down, to the keys of the ground',
    )
    .argument('<key>', '64 hex digits')
    .argument('<folder>', 'where the public key goes')
    .action((hex: string, folder: string) => {
      const written = andThen(publicKeyOf(hex), (key) => writePublicKey(key, folder));
      if (!written.ok) return failed(written);
      print(`${written.value}  trusts what this spacecraft has learned`);
    });

  models
    .command('verify')
    .description(
      'check bundles, deltas, or signed manifests with the files beside them, as flight software does',
    )
    .argument('<files...>')
    .requiredOption('--keys <place>', 'public keys to trust: a PEM file or a folder of them')
    .option(
      '--base <file>',
      'what deltas apply to: bundle or signed manifest; what comes out is checked, too',
    )
    .action((files: string[], { keys, base }: { keys: string; base?: string }) => {
      const trusted = publicKeys(keys);
      if (!trusted.ok) return failed(trusted);
      for (const file of files) {
        const checked = checkFile(file, trusted.value, base);
        if (!checked.ok) failed(checked);
        else print(`${file}  good: ${checked.value.headline}`);
      }
    });

  models
    .command('show')
    .description('say what a bundle, a delta or a signed manifest holds, once it is known to be good')
    .argument('<file>')
    .requiredOption('--keys <place>', 'public keys to trust: a PEM file or a folder of them')
    .action((file: string, { keys }: { keys: string }) => {
      const checked = andThen(publicKeys(keys), (trusted) => checkFile(file, trusted));
      if (!checked.ok) return failed(checked);
      for (const line of checked.value.description()) print(line);
    });
}

interface Checked {
  readonly headline: string;
  description(): string[];
}

/** A delta, or a model. */
function checkFile(file: string, keys: TrustedKeys, base?: string): Result<Checked> {
  if (file.endsWith(DELTA_EXTENSION))
    return andThen(checkDeltaFile(file, keys, base), (delta) =>
      succeed({
        headline: `${deltaHeadline(delta)}${base === undefined ? '; what comes out was not checked, for want of --base' : ''}`,
        description: () => deltaDescription(delta),
      }),
    );
  return andThen(checkModelFile(file, keys), (model) =>
    succeed({ headline: headline(model.envelope), description: () => description(model) }),
  );
}

function serial(text: string): number {
  if (/^[1-9]\d*$/.test(text) && Number(text) <= 0xffff_ffff) return Number(text);
  throw new InvalidArgumentError('It must be a whole number, 1 to 4294967295.');
}

function pick(models: readonly FolderModel[], name: string | undefined): FolderModel | undefined {
  if (name === undefined && models.length === 1) return models[0];
  return models.find(({ manifest }) => manifest.name === name);
}

function headline({ manifest: { name, version, serial: number }, keyId }: Envelope): string {
  return `${name} ${version}, serial ${number}, key ${hexOf(keyId)}`;
}

function description({ envelope, tensors }: CheckedModel): string[] {
  const { graph, weights, input, outputs, classes, canary, protection, about }: ManifestModel =
    envelope.manifest;
  const side = ({ name, shape }: ManifestModel['input']) => `${name} [${shape.join(', ')}]`;
  const protect = protection
    ? `${protection.eccBytes} bytes under error correction, ${protection.exponent.length} tensors protect themselves`
    : 'all under error correction';
  return [
    headline(envelope),
    `graph    ${graph.path}, ${graph.bytes} bytes, sha256 ${graph.sha256}`,
    `weights  ${weights.path}, ${weights.bytes} bytes, sha256 ${weights.sha256}`,
    `         ${tensors.length} tensors; ${protect}`,
    `input    ${side(input)}`,
    `outputs  ${outputs.map(side).join(', ')}`,
    ...(classes.length > 0 ? [`classes  ${classes.join(', ')}`] : []),
    `canary   ${canary ? `${canary.count} items, within ${canary.tolerance}` : 'none'}`,
    ...(about ? [`about    ${JSON.stringify(about)}`] : []),
  ];
}

function andThen<T, U>(result: Result<T>, next: (value: T) => Result<U>): Result<U> {
  return result.ok ? next(result.value) : result;
}
