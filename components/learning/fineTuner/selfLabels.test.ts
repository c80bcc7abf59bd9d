import { describe, expect, it } from 'vitest';
import { agreed, viewsOf } from './selfLabels';
import { labels, TRAIN, tunerBench } from './testTuner';

describe('labels of the board’s own', () => {
  it('PGE-FTN-020: labels kept tiles whose views agree, softly; what the ground said stays', async () => {
    const b = await tunerBench({ tiles: () => 60 });
    await b.takeLabels(labels(20));
    expect(await b.obey('SELF_LABEL', { from: 10, count: 64, weight: 0.25 })).toBe('OK');
    const [{ tiles, asked, held }] = b.named('SelfLabelled');
    expect(asked).toBe(64);
    expect(tiles).toBeGreaterThan(0);
    expect(tiles).toBeLessThanOrEqual(40);
    expect(held).toBe(20 + Number(tiles));
    await b.obey('TRAIN', { ...TRAIN, steps: 1 });
    await b.tick(3);
    expect(b.named('JobStarted')).toMatchObject([{ examples: 15 + Number(tiles), reference: 5 }]);
    await b.stop();
  });

  it('PGE-FTN-020: refuses a weight that is none, a budget that allows no work, and while a job is under way', async () => {
    const b = await tunerBench();
    expect(await b.obey('SELF_LABEL', { from: 0, count: 5, weight: 2 })).toContain('TRAINING_CHOICE');
    expect(await b.obey('SELF_LABEL', { from: 0, count: 5, weight: 0 })).toContain('TRAINING_CHOICE');
    b.command('NotBeforeS_PRM_SET', { val: 4_000_000_000 });
    expect(await b.obey('SELF_LABEL', { from: 0, count: 5, weight: 1 })).toContain('TRAINING_BUDGET');
    b.command('NotBeforeS_PRM_SET', { val: 0 });
    await b.takeLabels();
    await b.obey('TRAIN', TRAIN);
    expect(await b.obey('SELF_LABEL', { from: 0, count: 5, weight: 1 })).toContain('MODEL_BUSY');
    expect(b.telemetry.LabelsHeld).toBe(40);
    await b.stop();
  });

  it('PGE-FTN-020: sees a square in its eight views, and takes their word when all have the same class first', () => {
    const views = viewsOf(Uint8Array.of(1, 2, 3, 4), 2);
    const seen = Array.from({ length: 8 }, (_, i) => [...views.subarray(i * 4, i * 4 + 4)].join(''));
    expect(new Set(seen).size).toBe(8);
    expect(seen[0]).toBe('1234');
    const alike = Float32Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 0.8 : 0.2));
    expect(agreed(alike)).toEqual(Uint8Array.of(204, 51));
    expect(agreed(alike.with(6, 0.1))).toBeUndefined();
    expect(agreed(new Float32Array(16).fill(Number.NaN))).toBeUndefined();
  });
});
