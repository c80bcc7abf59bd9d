import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownKeyOf, publicHex, sealEnvelope } from '../../fsw/models';
import { sha256Hex, testKeys, testModel } from '../../fsw/models/testModel';
import { modelCommand } from './command';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perigee-delta-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const at = (file: string) => join(folder, file);

function run(...argv: string[]) {
  let text = '';
  let code = 0;
  const write = (line: string) => {
    text += line;
    return true;
  };
  const screen = { write } as never;
  const program = new Command().exitOverride().configureOutput({ writeErr: write });
  modelCommand(program, { out: screen, err: screen } as never, (ended) => {
    code = ended;
  });
  program.parse(['model', ...argv], { from: 'user' });
  return { code, text };
}

/** Two versions as bundles, of which the second has other last weights, and the owner's keys. */
function versions() {
  const { key, publicPem } = testKeys();
  writeFileSync(at('signing.key'), key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  writeFileSync(at('owner.pem'), publicPem);
  const one = testModel(1);
  const weights = one.weights.slice();
  weights.fill(7, -200);
  const manifest = {
    ...one.manifest,
    serial: 2,
    version: '2.0.0',
    weights: { ...one.manifest.weights, sha256: sha256Hex(weights) },
  };
  writeFileSync(at('one.model'), Buffer.concat([sealEnvelope(one.manifest, key), one.graph, one.weights]));
  writeFileSync(at('two.model'), Buffer.concat([sealEnvelope(manifest, key), one.graph, weights]));
  return { key };
}

describe('perigee model delta', () => {
  it('writes what a new version changes, which verify finds good and show explains', () => {
    versions();
    const keys = ['--keys', at('owner.pem')];
    const made = run(
      'delta',
      at('one.model'),
      at('two.model'),
      ...keys,
      '--key',
      at('signing.key'),
      '-o',
      at('up.delta'),
    );
    expect(made).toMatchObject({
      code: 0,
      text: expect.stringMatching(/2.0.0, serial 2, \d+ bytes, \d+[.]\d % of/),
    });
    expect(readFileSync(at('up.delta')).length).toBeLessThan(1200);
    expect(run('verify', at('up.delta'), ...keys).text).toContain('what comes out was not checked');
    const verified = run('verify', at('up.delta'), ...keys, '--base', at('one.model'));
    expect(verified.text).toMatch(/good: mean 2.0.0, serial 2 of serial 1, \d+ bytes, key [0-9a-f]{16}\n/);
    const shown = run('show', at('up.delta'), ...keys).text;
    expect(shown).toContain('0 low-rank products, 1 tensors in part, 0 whole');
    expect(shown).toContain('w: 50 elements');
  });

  it('refuses another base, another network, and a delta with a wrong byte', () => {
    const { key } = versions();
    const keys = ['--keys', at('owner.pem')];
    const delta = (base: string, next: string) =>
      run('delta', at(base), at(next), ...keys, '--key', at('signing.key'), '-o', at('up.delta'));
    expect(delta('one.model', 'two.model').code).toBe(0);
    expect(run('verify', at('up.delta'), ...keys, '--base', at('two.model'))).toMatchObject({
      code: 1,
      text: expect.stringContaining('the delta is of serial 1'),
    });
    const bytes = readFileSync(at('up.delta'));
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(at('bad.delta'), bytes);
    expect(run('show', at('bad.delta'), ...keys).text).toContain('the hash of its payload');
    expect(run('show', at('none.delta'), ...keys).text).toContain('ENOENT');
    const other = testModel(3);
    writeFileSync(
      at('other.model'),
      Buffer.concat([sealEnvelope(other.manifest, key), other.graph, other.weights]),
    );
    expect(delta('one.model', 'other.model')).toMatchObject({
      code: 1,
      text: expect.stringContaining('its graph'),
    });
  });

  it('trust writes the key that a spacecraft sent down, under its id', () => {
    const hex = publicHex(ownKeyOf(new Uint8Array(32).fill(3)));
    expect(run('trust', hex, folder)).toMatchObject({
      code: 0,
      text: expect.stringMatching(/[0-9a-f]{16}[.]pem/),
    });
    expect(run('trust', hex.slice(1), folder)).toMatchObject({ code: 1 });
  });
});
