/**
 * Whom a node believes: lines of a name and 64 hex digits of a public key, in the storage of the board. `ground` may give tasks;
 * the others are spacecraft.
 */
import type { KeyObject } from 'node:crypto';
import { type Result, succeed } from '../../../fsw/errors';
import type { Storage } from '../../../fsw/framework';
import { hexOf, keyIdOf, publicKeyOf, type TrustedKeys } from '../../../fsw/models';

export const GROUND = 'ground';

export class Roster {
  private entries = new Map<string, { readonly hex: string; readonly key: KeyObject; readonly id: string }>();

  constructor(
    private readonly storage: Storage,
    private readonly file: string,
  ) {}

  /** A line that is none is left out: it costs that key alone. Errors: those of the storage. */
  open(): Result<void> {
    const read = this.storage.read(this.file);
    if (!read.ok) return read.error.code === 'STORAGE_MISSING' ? succeed(undefined) : read;
    const lines = Buffer.from(read.value).toString('utf8').split('\n');
    for (const [name, hex] of lines.map((line) => line.trim().split(/\s+/)))
      if (name && hex) this.put(name, hex);
    return succeed(undefined);
  }

  /** An empty key forgets the name. Errors: MODEL_KEY_FILE (no key), those of the storage; then all is as it was. */
  trust(name: string, hex: string): Result<void> {
    const before = new Map(this.entries);
    const put = hex === '' ? succeed(void this.entries.delete(name)) : this.put(name, hex);
    if (!put.ok) return put;
    const lines = [...this.entries].map(([each, entry]) => `${each} ${entry.hex}\n`);
    const written = this.storage.write(this.file, Buffer.from(lines.join('')));
    if (!written.ok) this.entries = before;
    return written;
  }

  ground(): TrustedKeys {
    return this.keysOf((name) => name === GROUND);
  }

  spacecraft(): TrustedKeys {
    return this.keysOf((name) => name !== GROUND);
  }

  /** Whether a key, by its id in hex, is that of the spacecraft of this name. */
  isOf(name: string, keyId: string): boolean {
    return name !== GROUND && this.entries.get(name)?.id === keyId;
  }

  private put(name: string, hex: string): Result<void> {
    const key = publicKeyOf(hex);
    if (!key.ok) return key;
    this.entries.set(name, { hex, key: key.value, id: hexOf(keyIdOf(key.value)) });
    return succeed(undefined);
  }

  private keysOf(wanted: (name: string) => boolean): TrustedKeys {
    return new Map([...this.entries].filter(([name]) => wanted(name)).map(([, { id, key }]) => [id, key]));
  }
}
