import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLinkKeys } from './keys';

/** A folder of key files, each filled with one byte. */
function folderOf(
  files: Readonly<Record<string, { readonly length?: number; readonly byte: number }>>,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-keys-'));
  for (const [name, { length = 32, byte }] of Object.entries(files))
    writeFileSync(join(folder, name), new Uint8Array(length).fill(byte));
  return folder;
}

describe('key files for Yamcs', () => {
  it('have the SPI of their slot, in order', () => {
    const folder = folderOf({
      'tm-0.key': { byte: 1 },
      'tc-2.key': { byte: 2 },
      'tc-0.key': { byte: 3 },
      'notes.txt': { byte: 4 },
    });
    expect(readLinkKeys(folder)).toEqual({
      ok: true,
      value: {
        tc: [
          { spi: 1, file: join(folder, 'tc-0.key') },
          { spi: 5, file: join(folder, 'tc-2.key') },
        ],
        tm: [{ spi: 2, file: join(folder, 'tm-0.key') }],
      },
    });
  });

  it.each([
    ['a key in hexadecimal', { 'tc-0.key': { byte: 48, length: 64 }, 'tm-0.key': { byte: 2 } }, 'KEYS_FILE'],
    ['one key for both directions', { 'tc-0.key': { byte: 1 }, 'tm-0.key': { byte: 1 } }, 'SDLS_SHARED_KEY'],
    ['a direction without a key', { 'tc-0.key': { byte: 1 } }, 'KEYS_FILE'],
    ['an empty folder', {}, 'KEYS_FILE'],
  ])('are refused: %s', (_, files, code) => {
    expect(readLinkKeys(folderOf(files))).toMatchObject({ ok: false, error: { code } });
  });

  it('are refused when there is no such folder', () => {
    expect(readLinkKeys('/nowhere/keys')).toMatchObject({ ok: false, error: { code: 'KEYS_FILE' } });
  });
});
