/** Keys that sign models, and what is made with them. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import {
  hexOf,
  keyIdOf,
  makeKeyPair,
  readPrivateKey,
  readPublicKeys,
  type TrustedKeys,
} from '../../fsw/models';
import { writeWholeFile } from '../../fsw/wholeFile';

/** Outside of every checkout: a key that signs is never committed. */
export function defaultKeyFile(env = process.env): string {
  return join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'perigee', 'model-signing.key');
}

export interface MadeKeys {
  readonly id: string;
  readonly privateFile: string;
  readonly publicFile: string;
}

/** Makes a pair: the private half for its owner alone, the public half into `publicFolder`. Overwrites nothing. Errors: MODEL_KEY_FILE. */
export function keygen(privateFile: string, publicFolder: string): Result<MadeKeys> {
  if (existsSync(privateFile))
    return fail('MODEL_KEY_FILE', { file: privateFile, why: 'it exists: nothing was written' });
  const { privatePem, publicPem, id } = makeKeyPair();
  const publicFile = join(publicFolder, `${id}.pem`);
  try {
    mkdirSync(dirname(privateFile), { recursive: true, mode: 0o700 });
    mkdirSync(publicFolder, { recursive: true });
    writeWholeFile(privateFile, privatePem, { mode: 0o600 });
    writeWholeFile(publicFile, publicPem);
  } catch (error) {
    return fail('MODEL_KEY_FILE', { file: privateFile, why: (error as Error).message });
  }
  return succeed({ id, privateFile, publicFile });
}

/** Writes a public key under its id, and says where. Errors: MODEL_KEY_FILE. */
export function writePublicKey(key: KeyObject, folder: string): Result<string> {
  const file = join(folder, `${hexOf(keyIdOf(key))}.pem`);
  try {
    mkdirSync(folder, { recursive: true });
    writeWholeFile(file, key.export({ format: 'pem', type: 'spki' }));
  } catch (error) {
    return fail('MODEL_KEY_FILE', { file, why: (error as Error).message });
  }
  return succeed(file);
}

/** A private key, with its id. Errors: MODEL_KEY_FILE, also when others than its owner may read it. */
export function signingKey(file: string): Result<{ readonly key: KeyObject; readonly id: string }> {
  try {
    if ((statSync(file).mode & 0o077) !== 0)
      return fail('MODEL_KEY_FILE', { file, why: 'others can read it: chmod 600' });
    const key = readPrivateKey(readFileSync(file, 'utf8'), file);
    return key.ok ? succeed({ key: key.value, id: hexOf(keyIdOf(createPublicKey(key.value))) }) : key;
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is none: perigee model keygen' : '';
    return fail('MODEL_KEY_FILE', { file, why: why || (error as Error).message });
  }
}

/** The public keys in a PEM file, or in all of a folder. Errors: MODEL_KEY_FILE. */
export function publicKeys(place: string): Result<TrustedKeys> {
  const keys: [string, KeyObject][] = [];
  try {
    const files = statSync(place).isDirectory()
      ? readdirSync(place)
          .filter((name) => name.endsWith('.pem'))
          .map((name) => join(place, name))
      : [place];
    for (const file of files) {
      const read = readPublicKeys(readFileSync(file, 'utf8'), file);
      if (!read.ok) return read;
      keys.push(...read.value);
    }
  } catch (error) {
    return fail('MODEL_KEY_FILE', { file: place, why: (error as Error).message });
  }
  return succeed(new Map(keys));
}
