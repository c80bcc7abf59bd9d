import { describe, expect, it } from 'vitest';
import { MAX_PAYLOAD } from '../../../fsw/framework';
import { bench } from '../../../fsw/framework/testing';
import type { RegionScrub, ScrubRegion } from '../ports';
import { scrubber } from './scrubber';
import { CELL_LAT_DEG, CELL_LON_DEG } from './upsetMap';

const MIB = 2 ** 20;
const clean: RegionScrub = {
  correctedBits: 0,
  correctedPages: 0,
  parityPages: 0,
  goldenPages: 0,
  lostPages: 0,
};

/** A store of regions of 1 MiB pages; `found` is what the next scrub of a region finds, `log` what was scrubbed. */
function fakeStore(pages: Record<string, number>) {
  const log: string[] = [];
  const urgent = new Set<string>();
  const found = new Map<string, Partial<RegionScrub>>();
  const state = { underWay: 0, most: 0 };
  const broken = { store: false };
  const regions = (): ScrubRegion[] =>
    Object.entries(pages).map(([name, count]) => ({
      name,
      pages: count,
      pageBytes: MIB,
      urgent: urgent.has(name),
      async scrub(first, number) {
        log.push(`${name} ${first}+${number}`);
        state.most = Math.max(state.most, ++state.underWay);
        await Promise.resolve();
        if (broken.store) throw new Error('no such slot');
        state.underWay--;
        const result = { ...clean, ...found.get(name) };
        found.delete(name);
        return result;
      },
    }));
  return { log, urgent, found, state, broken, regions };
}

async function onBench(
  pages: Record<string, number>,
  { rate = 8, config = {} as Record<string, unknown> } = {},
) {
  const store = fakeStore(pages);
  let place = { latDeg: 0, lonDeg: 0, sunElevationDeg: 0 };
  const b = await bench(scrubber, {
    config: { stripeKiB: 4096, costUsPerMiB: 1000, ...config },
    answers: { regions: store.regions },
    board: { ephemeris: { groundPoint: () => place, contactAt: () => undefined } },
  });
  b.command('RateMiBps_PRM_SET', { val: rate });
  await b.settle();
  const tick = async (seconds = 1) => {
    await b.advance(seconds * 1e6 - (b.clock.nowUs() % 1e6));
    b.in.schedIn({ context: 0 });
    await b.advance(5e5);
  };
  const over = (latDeg: number, lonDeg: number) => {
    place = { latDeg, lonDeg, sunElevationDeg: 0 };
  };
  const names = () => b.events.map(({ name }) => name);
  return { b, ...store, tick, over, names };
}

describe('the scrubber', () => {
  it('PGE-SCRB-001: walks all regions stripe by stripe within its budget, each page once a pass', async () => {
    const { b, log, tick } = await onBench({ a: 6, b: 5, c: 3 });
    await tick();
    expect(log).toEqual(['a 0+4', 'a 4+2']);
    await tick();
    expect(log.slice(2)).toEqual(['b 0+4', 'b 4+1', 'c 0+3']);
    expect(b.telemetry).toMatchObject({ Passes: 1, PassUpsets: 0, ScrubbedMiB: 14 });
    await tick();
    expect(log[5]).toBe('a 0+4');
  });

  it('PGE-SCRB-001: makes one pass a tick at most, and does not save budget up', async () => {
    const { b, log, tick } = await onBench({ a: 3 }, { rate: 1000 });
    for (let i = 0; i < 3; i++) await tick();
    expect(log).toEqual(['a 0+3', 'a 0+3', 'a 0+3']);
    expect(b.telemetry).toMatchObject({ Passes: 3, PassS: 1 });
  });

  it('PGE-SCRB-001: gathers budget for a stripe that is dearer than a tick, and does nothing when there is no region', async () => {
    const slow = await onBench({ a: 4 }, { rate: 1.5 });
    for (let i = 0; i < 3; i++) await slow.tick();
    expect(slow.log).toEqual(['a 0+4']);
    const empty = await onBench({});
    await empty.tick();
    expect(empty.b.telemetry).not.toHaveProperty('Passes');
    expect(empty.b.telemetry.Faults).toBe(0);
  });

  it('PGE-SCRB-002: scrubs a region that turns urgent before the others, from its first page, and once', async () => {
    const { log, urgent, tick } = await onBench({ a: 8, b: 8 }, { rate: 4 });
    await tick();
    urgent.add('b');
    await tick();
    await tick();
    await tick();
    expect(log).toEqual(['a 0+4', 'b 0+4', 'b 4+4', 'a 4+4']);
    urgent.delete('b');
    await tick();
    urgent.add('b');
    await tick();
    expect(log.slice(4)).toEqual(['a 0+4', 'b 0+4']);
  });

  it('PGE-SCRB-003: has one scrub under way at a time, which takes the flight time of its declared cost', async () => {
    const { b, state, log } = await onBench({ a: 8 }, { rate: 100 });
    b.in.schedIn({ context: 0 });
    await b.advance(1e6);
    b.in.schedIn({ context: 0 });
    b.in.schedIn({ context: 0 });
    b.command('SCRUB', { region: 'a' });
    await b.advance(7999);
    expect(b.responses.map(({ command }) => command)).toEqual(['RateMiBps_PRM_SET']);
    await b.advance(1);
    expect(b.responses.at(-1)).toMatchObject({ command: 'SCRUB', status: 'OK' });
    await b.advance(1e5);
    expect(log).toHaveLength(4);
    expect(state.most).toBe(1);
  });

  it('PGE-SCRB-004: counts what was healed by each step, and tells each by an event', async () => {
    const { b, found, tick } = await onBench({ a: 2 });
    found.set('a', { correctedBits: 5, correctedPages: 2, parityPages: 1 });
    await tick();
    found.set('a', { goldenPages: 2, lostPages: 1 });
    await tick();
    expect(b.events.map(({ severity, text }) => `${severity}: ${text}`)).toEqual([
      'activity-low: a: 5 bits corrected in 2 pages',
      'warning-low: a: 1 pages rebuilt from parity',
      'warning-high: a: 2 pages restored from a golden copy',
      'warning-high: a: 1 pages are lost; the model is needed from the ground',
    ]);
    expect(b.telemetry).toMatchObject({
      ...{ BitsCorrected: 5, PagesCorrected: 2, PagesRebuilt: 1, PagesRestored: 2, PagesLost: 1 },
      PassUpsets: 2,
    });
    await tick();
    expect(b.telemetry).toMatchObject({ PagesLost: 0, PassUpsets: 0 });
  });

  it('PGE-SCRB-004: throttles each event until a pass finds nothing', async () => {
    const { found, tick, names } = await onBench({ a: 2 });
    const find = async (times: number) => {
      for (let i = 0; i < times; i++) {
        found.set('a', { correctedBits: 1, correctedPages: 1, lostPages: 1 });
        await tick();
      }
    };
    await find(12);
    expect(names()).toHaveLength(20);
    await tick();
    await find(1);
    expect(names().slice(20)).toEqual(['UpsetsCorrected', 'PagesLost']);
  });

  it('PGE-SCRB-005: scrubs one region or all by command, whatever the budget, and answers when it is done', async () => {
    const { b, log, found } = await onBench({ a: 6, b: 1 }, { rate: 0.001 });
    const scrub = async (region: string) => {
      b.command('SCRUB', { region });
      await b.advance(1e6);
      return b.responses.at(-1);
    };
    expect(await scrub('nobody')).toMatchObject({
      status: 'EXECUTION_ERROR',
      reason: 'there is no region nobody',
    });
    expect(await scrub('a')).toMatchObject({ status: 'OK' });
    expect(log).toEqual(['a 0+4', 'a 4+2']);
    found.set('b', { lostPages: 2 });
    expect(await scrub('')).toMatchObject({ status: 'EXECUTION_ERROR', reason: 'b: 2 pages are lost' });
    expect(log.slice(2)).toEqual(['a 0+4', 'a 4+2', 'b 0+1']);
  });

  it('PGE-SCRB-006: pauses and goes on by command, with a pass from the start', async () => {
    const { b, log, tick, names } = await onBench({ a: 8 }, { rate: 4 });
    await tick();
    b.command('PAUSE');
    await tick();
    await tick();
    expect(b.telemetry.Paused).toBe(true);
    b.command('RESUME');
    b.command('RESUME');
    await tick();
    expect(log).toEqual(['a 0+4']);
    await tick();
    expect(log).toEqual(['a 0+4', 'a 0+4']);
    expect(names()).toEqual(['Paused', 'Resumed']);
    expect(b.telemetry.Paused).toBe(false);
  });

  it('PGE-SCRB-007: maps where upsets happen: the cell with the highest rate is the one over the anomaly', async () => {
    const { b, found, over, tick } = await onBench({ a: 2 });
    const tracks = 24;
    for (let track = 0; track < tracks; track++)
      for (let step = 0; step < 60; step++) {
        const latDeg = -87 + step * 3;
        const lonDeg = -180 + ((track * 67 + step) % 360);
        over(latDeg, lonDeg);
        // Upsets in the anomaly, a few at high latitudes; where one long track passes, exposure is no rate.
        const inside = Math.abs(latDeg + 26) < 12 && Math.abs(lonDeg + 50) < 25;
        if (inside) found.set('a', { correctedBits: 3, correctedPages: 1 });
        else if (Math.abs(latDeg) > 60 && step % 7 === 3)
          found.set('a', { correctedBits: 1, correctedPages: 1 });
        await tick();
      }
    b.command('REPORT_MAP');
    await b.settle();
    const { latDeg, lonDeg, perMiBDay } = b.telemetry.UpsetPeak as Record<string, number>;
    expect(Math.abs(latDeg + 26)).toBeLessThanOrEqual(12 + CELL_LAT_DEG / 2);
    expect(Math.abs(lonDeg + 50)).toBeLessThanOrEqual(25 + CELL_LON_DEG / 2);
    expect(perMiBDay).toBeGreaterThan(0);
    const counts = b.telemetry.UpsetCounts as number[];
    const exposure = b.telemetry.UpsetExposure as number[];
    expect(exposure.reduce((sum, mibS) => sum + mibS, 0)).toBeCloseTo(2 * (tracks * 60 - 1), 0);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(b.telemetry.BitsCorrected);
  });

  it('PGE-SCRB-007: does not map what may have happened anywhere: in the first pass, and in the first after a pause', async () => {
    const { b, found, tick } = await onBench({ a: 2 });
    const upset = async () => {
      found.set('a', { correctedBits: 1, correctedPages: 1 });
      await tick();
    };
    await upset();
    b.command('PAUSE');
    await tick();
    b.command('RESUME');
    await tick();
    b.command('REPORT_MAP');
    await b.settle();
    expect(Math.max(...(b.telemetry.UpsetCounts as number[]))).toBe(0);
    await upset();
    b.command('REPORT_MAP');
    await b.settle();
    expect(Math.max(...(b.telemetry.UpsetCounts as number[]))).toBe(1);
    b.command('CLEAR_MAP');
    await b.settle();
    expect(Math.max(...(b.telemetry.UpsetCounts as number[]))).toBe(0);
    expect(b.telemetry.UpsetPeak).toEqual({ latDeg: 0, lonDeg: 0, perMiBDay: 0 });
  });

  it('PGE-SCRB-007: sends the map on schedule, in channels that fit a packet', async () => {
    const { b, tick } = await onBench({ a: 2 });
    b.command('MapPeriodS_PRM_SET', { val: 3 });
    await tick();
    await tick();
    expect(b.telemetry).not.toHaveProperty('UpsetCounts');
    await tick();
    expect(b.telemetry).toHaveProperty('UpsetCounts');
    for (const { type } of Object.values(scrubber.model.telemetry))
      expect(type.maxSize).toBeLessThanOrEqual(MAX_PAYLOAD);
  });

  it('PGE-SCRB-008: a store that fails is a fault of this component alone, which starts afresh', async () => {
    const { b, broken, tick, log } = await onBench({ a: 2 });
    broken.store = true;
    await tick();
    expect(b.events).toMatchObject([{ name: 'ComponentFault', args: { action: 'restart' } }]);
    broken.store = false;
    await tick();
    expect(log).toEqual(['a 0+2', 'a 0+2']);
    expect(b.telemetry).toMatchObject({ Passes: 1, Faults: 1 });
  });
});
