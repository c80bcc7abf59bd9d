import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { plainMemory } from '../../../fsw/framework/plainMemory';
import { seededRandom } from '../../../fsw/framework/random';
import { orbitFrom } from '../orbit';
import { sentinel2a } from '../tle';
import { RadiationEnvironment } from './environment';
import { exposedMemory, filesAtRest, memoryTarget, type Target } from './targets';
import { arrivals, CLUSTERS, clusterSize, flipBits } from './upsets';

const opened = orbitFrom(sentinel2a);
if (!opened.ok) throw new Error(opened.error.text);
const orbit = opened.value;
const MINUTE_US = 60e6;
/** The seeds of these tests bring what they need from here on. */
const epochMs = Date.UTC(2022, 1, 22, 9, 21);

function world(targets: readonly Target[], { seed = 3, factor = 1e6 } = {}) {
  return new RadiationEnvironment({ orbit, epochMs, seed, factor, targets: () => targets });
}
const cells = (bytes = 65_536) => new Uint8Array(bytes);
const setBits = (bytes: Uint8Array) =>
  bytes.reduce((sum, byte) => sum + byte.toString(2).replace(/0/g, '').length, 0);

describe('the radiation environment', () => {
  it('hits the same cells from the same seed, and others from another', () => {
    const fly = (seed: number) => {
      const memory = cells();
      const environment = world([memoryTarget('store', 'weights', memory)], { seed });
      for (let minute = 1; minute <= 100; minute++) environment.irradiate(minute * MINUTE_US);
      return memory;
    };
    expect(setBits(fly(3))).toBeGreaterThan(100);
    expect(fly(3)).toEqual(fly(3));
    expect(fly(4)).not.toEqual(fly(3));
  });

  it('hits a target alike, whether others are hit too or not', () => {
    const alone = cells();
    const beside = cells();
    const one = world([memoryTarget('store', 'weights', alone)]);
    const two = world([memoryTarget('store', 'other', cells()), memoryTarget('store', 'weights', beside)]);
    for (const environment of [one, two]) environment.irradiate(100 * MINUTE_US);
    expect(beside).toEqual(alone);
  });

  it('brings as many events as rate, size and time say', () => {
    const memory = cells();
    const environment = world([memoryTarget('store', 'weights', memory)]);
    for (let minute = 1; minute <= 1000; minute++) environment.irradiate(minute * MINUTE_US);
    const expected = environment.fluence(0, 1000 * MINUTE_US) * memory.length * 8;
    expect(Math.abs(environment.hits.all.length - expected)).toBeLessThan(4 * Math.sqrt(expected));
  });

  it('integrates along the flight: one long step is many short ones', () => {
    const environment = world([]);
    let sum = 0;
    for (let second = 0; second < 6000; second++)
      sum += environment.fluence(second * 1e6, (second + 1) * 1e6);
    expect(environment.fluence(0, 6000e6) / sum).toBeCloseTo(1, 3);
  });

  it('records every bit that it upsets', () => {
    const memory = cells();
    const environment = world([memoryTarget('store', 'weights', memory)]);
    environment.irradiate(10 * MINUTE_US);
    const again = cells();
    for (const { first, bits } of environment.hits.all) flipBits(again, first, bits);
    expect(again).toEqual(memory);
    expect(environment.hits.byKind().store.hits).toBe(environment.hits.all.length);
    expect(
      environment.hits
        .map()
        .flat()
        .reduce((sum, hits) => sum + hits, 0),
    ).toBe(environment.hits.all.length);
  });

  it('leaves some cells stuck: they come back after each repair, until the power is cycled', () => {
    const memory = cells();
    const environment = world([memoryTarget('store', 'weights', memory)]);
    let minute = 0;
    while (environment.stuckCells === 0 && minute < 5000) environment.irradiate(++minute * MINUTE_US);
    expect(environment.stuckCells).toBe(1);
    const { first } = environment.hits.all[environment.hits.all.length - 1];
    // Repaired both ways: to a cell that is stuck at one of them this is no repair.
    const afterRepair = (value: number) => {
      memory.fill(value);
      environment.irradiate(++minute * MINUTE_US);
      return memory.filter((byte) => byte !== value).length;
    };
    expect(first).toBeLessThan(memory.length * 8);
    const differing = [afterRepair(0), afterRepair(0xff)];
    environment.powerCycle();
    expect(environment.stuckCells).toBe(0);
    expect(differing.some((count) => count > 0)).toBe(true);
  });
});

describe('targets', () => {
  it('are memory by name, from its allocation to its release', () => {
    const memory = exposedMemory(plainMemory());
    memory.allocate('models/a', 100);
    memory.allocate('parameters', 10);
    expect(memory.targets().map(({ kind, name, bits }) => [kind, name, bits])).toEqual([
      ['store', 'models/a', 800],
      ['parameters', 'parameters', 80],
    ]);
    memory.release('models/a');
    expect(memory.targets().map(({ name }) => name)).toEqual(['parameters']);
  });

  it('are files at rest, hit on the medium itself', () => {
    const folder = mkdtempSync(join(tmpdir(), 'perigee-radiation-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'models'));
    writeFileSync(join(folder, 'models', 'a.bin'), new Uint8Array(64));
    writeFileSync(join(folder, '.models.tmp'), new Uint8Array(64));
    const [target, ...others] = filesAtRest(folder, 'golden', /models/);
    expect(others).toEqual([]);
    expect(target.flip(510, 8)).toBe(2);
    expect(target.flip(3, 1)).toBe(1);
    const bytes = readFileSync(join(folder, 'models', 'a.bin'));
    expect(bytes.length).toBe(64);
    expect([bytes[0], bytes[63]]).toEqual([8, 0xc0]);
    expect(filesAtRest(join(folder, 'nowhere'), 'golden', /./)).toEqual([]);
  });
});

describe('upsets', () => {
  it('come in clusters of the sizes and shares that are documented', () => {
    expect(CLUSTERS.reduce((sum, [, share]) => sum + share, 0)).toBeCloseTo(1, 12);
    const random = seededRandom(1);
    const sizes = Array.from({ length: 20_000 }, () => clusterSize(random));
    const share = (cells: number) => sizes.filter((size) => size === cells).length / sizes.length;
    expect(share(1)).toBeCloseTo(0.8, 1);
    expect(share(2)).toBeCloseTo(0.12, 2);
    expect(share(4)).toBeCloseTo(0.05, 2);
  });

  it('arrive as Poisson says, in mean and variance', () => {
    const random = seededRandom(2);
    const counts = Array.from({ length: 4000 }, () => arrivals(random, 5));
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
    expect(mean).toBeCloseTo(5, 0);
    expect(variance / mean).toBeCloseTo(1, 0);
  });
});
