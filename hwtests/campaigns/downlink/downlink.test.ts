import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeWholeFile } from '../../../fsw/wholeFile';
import { comparisonPage, readComparison } from '../../report/comparison';
import { type Flown, flyPolicy } from './fly';
import type { PolicyName } from './policies';
import { COMPARISON_FORMAT, type Comparison, promiseOf, ratioAt, tableOf } from './table';

const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'perigee-downlink-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

/** The first twenty minutes: daylight and two passes. */
async function flown(policy: PolicyName, downlinkBps: number): Promise<Flown> {
  const spec = { policy, downlinkBps, orbits: 0.2, seed: 7, outDir: folder() } as const;
  const result = await flyPolicy(spec);
  if (!result.ok) throw new Error(result.error.text);
  return result.value;
}

function row(
  policy: PolicyName,
  downlinkBps: number,
  bytes: number,
  leftBytes: number,
  value: number,
): Flown {
  return {
    policy,
    title: policy,
    downlinkBps,
    frames: 10,
    grantedBytes: bytes,
    bytes,
    leftBytes,
    value,
    valuePerKB: (value / bytes) * 1000,
    share: value / 100,
    detections: { right: 3, wrong: 1 },
    detectionValue: 30,
    pictureValue: 5,
    pictureBytes: 900,
    clearPictureShare: 0.5,
    latencyS: { p50: 60, p99: null },
    faults: {},
  };
}
const comparisonOf = (...flights: Flown[]): Comparison => ({
  format: COMPARISON_FORMAT,
  mission: 'earth-watch',
  orbits: 3,
  seed: 7,

  flights,
});

describe('the comparison of downlink policies', () => {
  it('flies the same frames by each, spends no more than the passes grant, and repeats itself', async () => {
    const [density, again] = [await flown('density', 200), await flown('density', 200)];
    const fifo = await flown('fifo', 200);
    const everything = await flown('everything', 200);
    expect(again).toEqual(density);
    for (const one of [density, fifo, everything]) {
      expect(one).toMatchObject({ frames: density.frames, grantedBytes: density.grantedBytes, faults: {} });
      expect(one.bytes).toBeLessThanOrEqual(one.grantedBytes);
      expect(one.leftBytes).toBeGreaterThan(0);
    }
    expect(density.frames).toBeGreaterThan(5);
    expect(density.value).toBeGreaterThan(fifo.value);
    expect(everything.detections.wrong).toBe(0);
  }, 120_000);

  it('is judged where the link is the bottleneck, and only there', () => {
    const scarce = [row('density', 100, 1000, 9000, 40), row('fifo', 100, 1000, 9000, 10)];
    const ample = [row('density', 800, 8000, 2000, 80), row('fifo', 800, 8000, 2000, 79)];
    expect(ratioAt(comparisonOf(...scarce), 100)).toBeCloseTo(4, 9);
    expect(promiseOf(comparisonOf(...scarce, ...ample)).kept).toBe(true);
    expect(promiseOf(comparisonOf(...ample))).toMatchObject({ kept: false });
    expect(promiseOf(comparisonOf(...ample)).text).toContain('not judged');
    const weak = [row('density', 100, 1000, 9000, 19), row('fifo', 100, 1000, 9000, 10)];
    expect(promiseOf(comparisonOf(...weak, ...ample))).toMatchObject({ kept: false });
    expect(promiseOf(comparisonOf(...weak)).text).toContain('NOT kept');
  });

  it('says the same in the table, on the page, and read back from the disk', () => {
    const comparison = comparisonOf(row('density', 100, 1000, 9000, 40), row('fifo', 100, 1000, 9000, 10));
    expect(tableOf(comparison)).toContain('| 100   | density | 1.0 kB');
    const page = comparisonPage(comparison);
    for (const part of [
      '4.00 × at 100 bit/s (10 % fits)',
      '<td>40</td>',
      '1.0 min',
      'Content-Security-Policy',
    ])
      expect(page).toContain(part);
    const file = join(folder(), 'comparison.json');
    expect(readComparison(file)).toBeUndefined();
    writeWholeFile(file, JSON.stringify(comparison));
    expect(readComparison(file)).toEqual(comparison);
    for (const wrong of ['{', 'null', '{"format":0,"flights":[]}']) {
      writeWholeFile(file, wrong);
      expect(readComparison(file)).toBeUndefined();
    }
  });
});
