import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAddon, native } from './addon';

const reasonOf = (loaded: ReturnType<typeof loadAddon>) =>
  loaded.addon === undefined ? loaded.reason : 'loaded';

describe('the addon', () => {
  it('is left out when the environment says so', () => {
    expect(reasonOf(loadAddon(undefined, { PERIGEE_NATIVE: 'off' }))).toBe('PERIGEE_NATIVE=off');
  });

  it('is absent with a reason where it was not built', () => {
    expect(reasonOf(loadAddon('/nowhere/perigee.node', {}))).toContain('not built');
  });

  it('is absent with a reason where its file is no addon', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'perigee-addon-')), 'perigee.node');
    writeFileSync(file, 'not a library');
    expect(reasonOf(loadAddon(file, {}))).toMatch(/file too short|invalid ELF header|not valid|dlopen/i);
  });

  it('names its instructions where it is loaded, or says why it is not', () => {
    if (native.addon) expect(native.addon.simd()).toMatch(/^(avx2|neon|portable)$/);
    else expect(native.reason).not.toBe('');
  });
});
