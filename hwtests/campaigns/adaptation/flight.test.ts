/** The flown part of the campaign, small. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findEurosat, readEurosat, someTiles } from '../../datasets/eurosat';
import { flownTable, flySeeds } from './flown';

describe('adaptation that flies', () => {
  it.skipIf(findEurosat() === undefined)(
    'labels by records over the link, calibrates, learns and promotes; what flies then is scored',
    async () => {
      const out = mkdtempSync(join(tmpdir(), 'perigee-flown-'));
      onTestFinished(() => rmSync(out, { recursive: true, force: true }));
      const test = await readEurosat('test');
      if (!test.ok) throw new Error(test.error.text);
      const scored = someTiles(
        test.value,
        Array.from({ length: 64 }, (_, i) => i * 20),
      );
      const trial = { seeds: 1, tiles: 40, known: test.value, scored, out, steps: 2 };
      const flown = await flySeeds(trial, 'swapped');
      if (!flown.ok) throw new Error(flown.error.text);
      const [one] = flown.value;
      expect(one.train + one.reference).toBe(48);
      expect(one.calibrated).toBeGreaterThan(one.before);
      expect(one.after).toBeGreaterThanOrEqual(one.calibrated);
      expect(one.scoredAfter).toBeGreaterThan(one.scoredBefore + 0.2);
      expect(one).toMatchObject({ version: 'learned-1', refused: [] });
      // 40 bytes of record a tile and ten of label, beside packets, commands and events.
      expect(one.recordBytes).toBeGreaterThan(48 * 40);
      expect(one.downBytes + one.upBytes).toBeLessThan(one.rawBytes / 20);
      expect(readFileSync(join(out, 'swapped-0/areas.json'), 'utf8').match(/Polygon/g)).toHaveLength(48);
      expect(flownTable(flown.value)).toContain(` | ${one.scoredAfter.toFixed(3)} | `);
    },
    60_000,
  );
});
