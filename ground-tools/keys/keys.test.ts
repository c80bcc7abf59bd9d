import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it, onTestFinished } from 'vitest';
import { keysCommand } from './command';
import { makeKeys, raiseGroundCounter, showKeys } from './keys';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'perigee-keys-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

/** Runs `perigee keys …` and returns its exit code and what it printed. */
function run(...argv: string[]) {
  let text = '';
  let code = 0;
  const write = (line: string) => {
    text += line;
    return true;
  };
  const screen = { write } as never;
  const program = new Command().exitOverride();
  keysCommand(program, { out: screen, err: screen } as never, (ended) => {
    code = ended;
  });
  program.parse(['keys', ...argv], { from: 'user' });
  return { code, text };
}

describe('perigee keys', () => {
  it('makes eight different keys of 32 bytes for each end, readable by their owner alone', () => {
    const dir = folder();
    expect(run('make', dir)).toMatchObject({ code: 0 });
    const keys = (end: string) => readdirSync(join(dir, end)).filter((name) => name.endsWith('.key'));
    expect(keys('ground')).toEqual(keys('board'));
    const bytes = keys('ground').map((name) => readFileSync(join(dir, 'ground', name)));
    expect(new Set(bytes.map((key) => key.toString('hex'))).size).toBe(8);
    expect(bytes.every((key) => key.length === 32)).toBe(true);
    for (const end of ['ground', 'board']) {
      expect(statSync(join(dir, end)).mode & 0o777).toBe(0o700);
      for (const name of readdirSync(join(dir, end)))
        expect(statSync(join(dir, end, name)).mode & 0o777).toBe(0o600);
    }
    // Each end counts for itself; a copied counter would repeat numbers.
    expect(readdirSync(join(dir, 'ground')).filter((name) => name.endsWith('.bin'))).toEqual([
      'ground-counters.bin',
    ]);
    expect(readdirSync(join(dir, 'board')).filter((name) => name.endsWith('.bin'))).toEqual([
      'link-counters.bin',
      'link-reserve.bin',
    ]);
  });

  it('overwrites nothing', () => {
    const dir = folder();
    makeKeys(dir);
    const before = readFileSync(join(dir, 'ground', 'tc-0.key'));
    const again = run('make', dir);
    expect(again.code).toBe(1);
    expect(again.text).toContain('it exists: nothing was written');
    expect(readFileSync(join(dir, 'ground', 'tc-0.key'))).toEqual(before);
  });

  it('shows keys by fingerprint, never their bytes, and what is wrong with them', () => {
    const dir = folder();
    makeKeys(dir);
    const ground = join(dir, 'ground');
    const good = run('show', ground);
    expect(good.code).toBe(0);
    expect(good.text.split('\n')[0]).toMatch(/^tc-0 {2}SPI 1 {2}[0-9a-f]{16} {2}next 0$/);
    expect(good.text).toContain('reserve');
    for (const name of readdirSync(ground))
      expect(good.text).not.toContain(readFileSync(join(ground, name)).toString('hex').slice(0, 16));
    chmodSync(join(ground, 'tm-1.key'), 0o644);
    writeFileSync(join(ground, 'tm-2.key'), 'ab'.repeat(32));
    writeFileSync(join(ground, 'tc-2.key'), readFileSync(join(ground, 'tc-1.key')));
    const bad = run('show', ground, '--json');
    expect(bad.code).toBe(1);
    const warnings = bad.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { direction: string; slot: number; warning?: string })
      .flatMap(({ direction, slot, warning }) => (warning ? [`${direction}-${slot} ${warning}`] : []));
    expect(warnings).toEqual([
      'tc-2 the same key is in another slot',
      'tm-1 others can read it: chmod 600',
      'tm-2 64 bytes, 32 needed',
    ]);
    expect(run('show', folder()).code).toBe(1);
  });

  it('raises the counter of a slot, never lowers it, also after its file was lost', () => {
    const dir = folder();
    makeKeys(dir);
    const ground = join(dir, 'ground');
    expect(run('raise', ground, '0', '40').code).toBe(0);
    expect(run('raise', ground, '0', '39').code).toBe(1);
    expect(run('raise', ground, '4', '1').code).toBe(2);
    expect(run('raise', ground, '0', '-1').code).toBe(2);
    rmSync(join(ground, 'ground-counters.bin'));
    expect(raiseGroundCounter(ground, 0, 50n).ok).toBe(true);
    const shown = showKeys(ground);
    expect(shown.ok && shown.value[0].next).toBe(50n);
  });
});
