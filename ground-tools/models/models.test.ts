import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openEnvelope } from '../../fsw/models';
import { projectRoot } from '../../fsw/root';
import { modelCommand } from './command';
import { readModelFolder } from './folder';
import { publicKeys } from './signing';

const shipped = join(projectRoot, 'fsw/missions/earth-watch/models');
const fixtures = join(projectRoot, 'components/payload/inference/fixtures');

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'perigee-model-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

/** Runs `perigee model …` and returns its exit code and what it printed. */
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
  try {
    program.parse(['model', ...argv], { from: 'user' });
  } catch {
    code = 2;
  }
  return { code, text };
}

/** A copy of the fixtures with a key pair beside them. */
function signable() {
  const dir = folder();
  cpSync(fixtures, join(dir, 'models'), { recursive: true });
  const models = join(dir, 'models');
  const key = join(dir, 'secret', 'signing.key');
  const keys = join(models, 'keys');
  expect(run('keygen', keys, '--key', key).code).toBe(0);
  return { dir, models, key, keys };
}

describe('perigee model', () => {
  it('keygen makes a pair, the private half for its owner alone, and overwrites nothing', () => {
    const { key, keys } = signable();
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const [name] = readdirSync(keys);
    expect(name).toMatch(/^[0-9a-f]{16}[.]pem$/);
    expect(readFileSync(join(keys, name), 'utf8')).toContain('BEGIN PUBLIC KEY');
    const before = readFileSync(key);
    const again = run('keygen', keys, '--key', key);
    expect([again.code, again.text]).toEqual([1, expect.stringContaining('it exists: nothing was written')]);
    expect(readFileSync(key)).toEqual(before);
  });

  it('sign writes a manifest beside each model, which verify finds good and show explains', () => {
    const { models, key, keys } = signable();
    const signed = run('sign', models, '--key', key, '--serial', '7');
    expect(signed.text).toMatch(/mean.manifest {2}1.0.0, serial 7, key [0-9a-f]{16}\n/);
    const manifests = ['mean', 'sharp'].map((name) => join(models, `${name}.manifest`));
    const verified = run('verify', ...manifests, '--keys', keys);
    expect(verified).toMatchObject({ code: 0, text: expect.stringContaining('good: sharp') });
    const shown = run('show', manifests[0], '--keys', keys);
    expect(shown.text).toContain('classes  bright');
    expect(shown.text).toContain('all under error correction');
    expect(shown.text).toContain('canary   none');
  });

  it('pack writes one file for the uplink, of one model', () => {
    const { dir, models, key, keys } = signable();
    const output = join(dir, 'mean.model');
    expect(run('pack', models, '--key', key).text).toContain('--model must be one of: mean, sharp');
    expect(run('pack', models, '--key', key, '--model', 'mean', '-o', output).code).toBe(0);
    expect(run('verify', output, '--keys', keys).text).toContain('good: mean 1.0.0, serial 1');
    const bytes = readFileSync(output);
    for (const [cut, code] of [
      [bytes.subarray(0, -1), 'ends at byte'],
      [Buffer.concat([bytes, Buffer.of(0)]), '1 bytes left over'],
      [Buffer.concat([bytes.subarray(0, -1), Buffer.of(bytes[bytes.length - 1] ^ 1)]), 'sha256 of'],
    ] as const) {
      writeFileSync(output, cut);
      expect(run('verify', output, '--keys', keys)).toMatchObject({
        code: 1,
        text: expect.stringContaining(code),
      });
    }
  });

  it('pack --protect lets the last tensors protect themselves, within a rounding, and refuses what it can’t', () => {
    const { dir, models, key, keys } = signable();
    const output = join(dir, 'mean.model');
    const pack = (rule: string) =>
      run('pack', models, '--key', key, '--model', 'mean', '-o', output, '--protect', rule);
    expect(pack('mean*=exponent').code).toBe(0);
    expect(run('show', output, '--keys', keys).text).toMatch(/1 tensors protect themselves/);
    const trusted = publicKeys(keys);
    if (!trusted.ok) throw new Error(trusted.error.text);
    const opened = openEnvelope(readFileSync(output), trusted.value, output);
    if (!opened.ok) throw new Error(opened.error.text);
    const [{ bound }] = opened.value.manifest.protection?.exponent ?? [{ bound: 0 }];
    expect(bound).toBeGreaterThan(0);
    expect(bound).toBeLessThan(1);
    expect(pack('other=exponent').text).toContain('no tensor has such a name');
    expect(pack('mean').code).toBe(2);
  });

  it('signs nothing that is not as its manifest says, and not without a key of its owner alone', () => {
    const { models, key } = signable();
    const sign = () => run('sign', models, '--key', key).text;
    const weights = readFileSync(join(models, 'mean.safetensors'));
    writeFileSync(join(models, 'mean.safetensors'), weights.subarray(0, -4));
    expect(sign()).toContain('the manifest says');
    rmSync(join(models, 'mean.safetensors'));
    expect(sign()).toContain('cannot be read: ENOENT');
    writeFileSync(join(models, 'manifest.json'), '{"models":[{}]}');
    expect(sign()).toContain('models[0]: name is missing');
    writeFileSync(join(models, 'manifest.json'), '{');
    expect(sign()).toContain('manifest.json:');
    expect(existsSync(join(models, 'mean.manifest'))).toBe(false);
    expect(run('sign', models, '--key', key, '--serial', '0').code).toBe(2);
    chmodSync(key, 0o644);
    expect(sign()).toContain('others can read it: chmod 600');
    rmSync(key);
    expect(sign()).toContain('perigee model keygen');
  });
});

describe('the models of earth-watch', () => {
  it('are signed as they lie there, with the canary of golden.json and a key whose private half is not in the tree', () => {
    const keys = publicKeys(join(shipped, 'keys'));
    if (!keys.ok) throw new Error(keys.error.text);
    const read = readModelFolder(shipped);
    if (!read.ok) throw new Error(read.error.text);
    for (const { manifest } of read.value) {
      const file = join(shipped, `${manifest.name}.manifest`);
      const opened = openEnvelope(readFileSync(file), keys.value, file);
      // Signed is exactly what manifest.json and golden.json say now: after a change, perigee model sign.
      expect(opened).toMatchObject({ ok: true, value: { manifest } });
      expect(manifest.canary?.count).toBeGreaterThan(0);
    }
    expect(run('verify', ...manifestsOf(shipped), '--keys', join(shipped, 'keys')).code).toBe(0);
    for (const name of readdirSync(join(shipped, 'keys')))
      expect(readFileSync(join(shipped, 'keys', name), 'utf8')).not.toContain('PRIVATE');
  });
});

function manifestsOf(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith('.manifest'))
    .map((name) => join(dir, name));
}
