import { verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fail, succeed } from '../errors';
import type { Storage } from '../framework';
import { OWN_KEY_FILES, ownKeyOf, provideOwnKey, publicHex, publicKeyOf, readOwnKey } from './ownKey';
import { signManifest } from './signature';

const secret = Uint8Array.from({ length: 32 }, (_, i) => i);

function storageOf(files = new Map<string, Uint8Array>()): Storage & { files: Map<string, Uint8Array> } {
  return {
    files,
    read(name) {
      const bytes = files.get(name);
      return bytes ? succeed(bytes) : fail('STORAGE_MISSING', { name });
    },
    write(name, bytes) {
      files.set(name, bytes);
      return succeed(undefined);
    },
  };
}

describe('the own key of a spacecraft', () => {
  it('is made once and kept, and the ground trusts it by what goes down', () => {
    const storage = storageOf();
    expect(readOwnKey(storage)).toMatchObject({ ok: false, error: { code: 'MODEL_OWN_KEY' } });
    expect(provideOwnKey(storage, () => secret).ok).toBe(true);
    expect(provideOwnKey(storage, () => secret.map((byte) => byte + 1)).ok).toBe(true);
    const key = readOwnKey(storage);
    if (!key.ok) throw new Error(key.error.text);
    // RFC 8032's key of this secret, made by openssl.
    const hex = '03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8';
    expect(publicHex(key.value)).toBe(hex);
    const trusted = publicKeyOf(hex);
    if (!trusted.ok) throw new Error(trusted.error.text);
    expect(verify(null, secret, trusted.value, signManifest(secret, key.value))).toBe(true);
    expect(publicKeyOf(`${hex}0`)).toMatchObject({ ok: false, error: { code: 'MODEL_KEY_FILE' } });
  });

  it.each(OWN_KEY_FILES)(
    'survives a flipped bit or the loss of %s, which is healed from the other',
    (file) => {
      const storage = storageOf();
      provideOwnKey(storage, () => secret);
      const whole = storage.files.get(file);
      const hit = whole?.slice() ?? new Uint8Array(0);
      hit[7] ^= 0x10;
      for (const damage of [() => storage.files.set(file, hit), () => storage.files.delete(file)]) {
        damage();
        const key = readOwnKey(storage);
        expect(key.ok && publicHex(key.value)).toBe(publicHex(ownKeyOf(secret)));
        expect(storage.files.get(file)).toEqual(whole);
      }
    },
  );
});
