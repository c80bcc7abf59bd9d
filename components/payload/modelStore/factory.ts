/** What the mission brings: its own models, and the keys of those who may sign others. */
import { createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../../fsw/errors';
import {
  ENVELOPE_EXTENSION,
  hexOf,
  keyIdOf,
  readOwnKey,
  readPublicKeys,
  type TrustedKeys,
} from '../../../fsw/models';
import { factorySource, type ModelSource } from './source';
import { reject, type State, type Store } from './state';

/** Models in the mission's folder whose manifest is signed and well formed, by name. */
export function factoryModels(self: Store): Map<string, ModelSource> {
  const { folder } = self.config;
  const models = new Map<string, ModelSource>();
  for (const file of filesIn(self, folder, ENVELOPE_EXTENSION)) {
    const source = factorySource(folder, file, self.state.missionKeys);
    const name = source.ok ? source.value.envelope.manifest.name : file.slice(0, -ENVELOPE_EXTENSION.length);
    if (source.ok) models.set(name, source.value);
    else reject(self, name, source);
  }
  return models;
}

/** Who may sign: the mission's keys, and for what it learned the spacecraft. */
export function trustedKeys(self: Store): Pick<State, 'missionKeys' | 'keys' | 'ownId'> {
  const missionKeys = keysOfMission(self);
  const own = readOwnKey(self.board.storage);
  if (!own.ok) return { missionKeys, keys: missionKeys, ownId: undefined };
  const ownId = hexOf(keyIdOf(own.value));
  return { missionKeys, keys: new Map([...missionKeys, [ownId, createPublicKey(own.value)]]), ownId };
}

/** The keys of the mission's folder, and those in the board's storage. */
function keysOfMission(self: Store): TrustedKeys {
  const { folder, keyFile } = self.config;
  const keys = join(folder, 'keys');
  const texts = filesIn(self, keys, '.pem').flatMap((file): [string, string][] => {
    const text = host(self, file, () => readFileSync(join(keys, file), 'utf8'));
    return text === undefined ? [] : [[file, text]];
  });
  const stored = self.board.storage.read(keyFile);
  if (stored.ok) texts.push([keyFile, Buffer.from(stored.value).toString('utf8')]);
  const trusted = texts.flatMap(([file, text]) => {
    const read = readPublicKeys(text, file);
    if (!read.ok) reject(self, 'keys', read);
    return read.ok ? [...read.value] : [];
  });
  return new Map(trusted);
}

function filesIn(self: Store, folder: string, extension: string): string[] {
  const names = host(self, folder, () => readdirSync(folder)) ?? [];
  return names.filter((name) => name.endsWith(extension)).sort();
}

function host<T>(self: Store, file: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    reject(self, 'mission', fail('MODEL_MISSING', { model: 'mission', file, reason }));
    return undefined;
  }
}
