/** The page of a real flight of the reference mission. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rig } from '../missions/rig';

/** The first 20 minutes: daylight, two passes, the clouded frame and shores. */
const ORBITS = 0.2;

async function flown(seed: number) {
  const { fly, flight, ground } = await rig({ seed, orbits: ORBITS });
  const report = await fly();
  const file = (await flight.page?.(report)) ?? '';
  const page = readFileSync(file, 'utf8');
  const found = JSON.parse(readFileSync(join(dirname(file), 'detections.geojson'), 'utf8'));
  return { report, page, found, ground };
}

describe('the page of a flight', () => {
  it('has what the report says: frames, verdicts, detections, bytes', async () => {
    const { report, page, found, ground } = await flown(7);
    const { captured, kept, clouded } = report.frames;
    expect(clouded).toBeGreaterThan(0);
    expect(page.match(/<article/g)).toHaveLength(captured);
    expect(page.match(/<img /g)).toHaveLength(captured);
    expect(page.match(/class="chip KEPT"/g)).toHaveLength(kept);
    expect(page.match(/class="chip CLOUDED"/g)).toHaveLength(clouded);
    expect(found.features).toHaveLength(report.detections);
    expect(new Set(found.features.map((f: { geometry: { type: string } }) => f.geometry.type))).toEqual(
      new Set(['Polygon']),
    );
    expect(page.match(/data-frame="\d+"/g)).toHaveLength(captured);
    // Each tile that the referee counts as wrong is marked once.
    const { cloud, water } = report.accuracy.detail;
    const wrong = [cloud, water].reduce((sum, side) => sum + side.falsePositive + side.falseNegative, 0);
    const marks = page.match(/<text class="wrong"/g)?.length ?? 0;
    expect(marks).toBeGreaterThan(0);
    expect(marks).toBeLessThanOrEqual(wrong);
    const received = ground.received.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(page).toContain(`on the ground, all together: from 0 to ${received.toLocaleString('en-US')}`);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('is the same for the same seed, byte for byte, and another for another', async () => {
    const { page } = await flown(7);
    expect((await flown(7)).page === page).toBe(true);
    expect((await flown(8)).page === page).toBe(false);
  });
});
