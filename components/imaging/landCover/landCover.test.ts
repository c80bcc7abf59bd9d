import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import type { Specimen } from '../../learning/ports';
import type { LandCoverMap } from '../ports';
import { clearMask, land, ledger, type Scene, sentinel2, stackOf, stripInfo } from '../testStrips';
import { landCover } from './landCover';

interface Question {
  ticket: number;
  model: string;
  count: number;
  input: Float32Array;
}
const PIXELS = 64 * 64;

/** The network alone says what is water, unless told. */
async function benchWith(config: Record<string, unknown> = {}, minWaterShare = 0) {
  const b = await bench(landCover, { config: { classes: 'Forest,SeaLake', ...config } });
  b.command('MinWaterShare_PRM_SET', { val: minWaterShare });
  await b.settle();
  const book = ledger();
  const asked = () => b.calls('infer') as unknown as Question[];
  return {
    b,
    book,
    asked,
    maps: () => b.calls('mappedOut').map(({ map }) => map as LandCoverMap | undefined),
    async strip(
      scene: Scene = land,
      changes: Parameters<typeof stripInfo>[0] = {},
      bands = sentinel2,
      cloud = new Float32Array(),
    ) {
      const info = stripInfo({ width: 200, height: 192, ...changes });
      const mask = clearMask(info);
      mask.cloud.set(cloud);
      b.in.screenedIn({ info, stack: stackOf(info, scene, book, bands), mask });
      await b.settle();
    },
    async answer(status: 'OK' | 'FAILED' | 'BUSY' = 'OK', attention = true, redone = false) {
      const { ticket, count, input } = asked().at(-1) ?? { ticket: 0, count: 0, input: new Float32Array() };
      // The "network" calls what is bright in red SeaLake.
      const probabilities = Float32Array.from({ length: count * 2 }, (_, i) => {
        const red = input[(i >> 1) * 3 * PIXELS] / 255;
        return i % 2 === 1 ? red : 1 - red;
      });
      const looked = { attention: new Float32Array(count * 64).fill(1 / 64) };
      const outputs = { probabilities, ...(attention ? looked : {}) };
      b.in.inferred({ ticket, status, redone, outputs: status === 'OK' ? outputs : {} });
      await b.settle();
    },
  };
}

/** Red rises by tile, so that an answer shows which tile it is of. */
const steps: Scene = (name, x, y) =>
  name === 'red' ? 0.0275 * (Math.floor(x / 64) + 3 * Math.floor(y / 64)) : 0.05;

describe('the land-cover mapper', () => {
  it('PGE-LCV-001: asks about tiles of 64 pixels in the scaling of EuroSAT and puts each answer in its place', async () => {
    const { b, strip, answer, asked, maps } = await benchWith();
    await strip(steps);
    const [{ model, count, input }] = asked();
    expect({ model, count }).toEqual({ model: 'land-cover', count: 9 });
    // Tile 5, red and green: reflectance 0.1375 and 0.05 of 0.275.
    expect(input[5 * 3 * PIXELS]).toBe(128);
    expect(input[(5 * 3 + 1) * PIXELS]).toBe(46);
    await answer();
    const [map] = maps();
    expect(map).toMatchObject({ columns: 3, rows: 3, tilePx: 64, classes: ['Forest', 'SeaLake'] });
    for (let tile = 0; tile < 9; tile++) expect(map?.probabilities[tile * 2 + 1]).toBeCloseTo(tile / 10, 2);
    expect(map?.attention).toHaveLength(9 * 64);
    expect(b.telemetry).toMatchObject({ TilesMapped: 9, TilesUnclear: 0 });
  });

  it('PGE-LCV-007: takes no tile for water that shows none in near infrared, and says how many those were', async () => {
    const { b, strip, answer, maps } = await benchWith({}, 0.02);
    // Water is darker in near infrared than in green: here the first column of tiles.
    await strip((name, x) =>
      name === 'red' ? 0.2 : name === 'nir' && x >= 64 ? 0.3 : name === 'nir' ? 0.01 : 0.05,
    );
    await answer();
    const [map] = maps();
    expect(map?.probabilities[1]).toBeCloseTo(0.73, 1);
    expect([...(map?.probabilities.subarray(2, 4) ?? [])]).toEqual([1, 0]);
    expect(b.telemetry).toMatchObject({ TilesMapped: 9, TilesDry: 6 });
  });

  it('PGE-LCV-002: leaves clouded tiles and those without data out, and their rows zero', async () => {
    const { b, strip, answer, asked, maps } = await benchWith();
    // Cells of tile 1 are clouded, of tile 3 unknown: columns of 32 cells in a mask of 100.
    const cloud = Float32Array.from({ length: 100 * 96 }, (_, i) => {
      const tile = Math.floor((i % 100) / 32) + 3 * Math.floor(i / 3200);
      return tile === 1 ? 0.8 : tile === 3 ? Number.NaN : 0;
    });
    await strip(steps, {}, sentinel2, cloud);
    expect(asked()[0].count).toBe(7);
    await answer();
    const rows = Array.from({ length: 9 }, (_, t) => maps()[0]?.probabilities.slice(t * 2, t * 2 + 2));
    expect(rows[1]).toEqual(new Float32Array(2));
    expect(rows[3]).toEqual(new Float32Array(2));
    expect(rows[8]?.[1]).toBeCloseTo(0.8, 2);
    expect(b.telemetry).toMatchObject({ TilesMapped: 7, TilesUnclear: 2 });
  });

  it('PGE-LCV-003: claims nothing at another resolution or without red, green and blue, and says so once a capture', async () => {
    const { b, strip, asked, maps } = await benchWith();
    await strip(land, { gsdM: 30 });
    await strip(land, { gsdM: 30, strip: 1 });
    await strip(land, { capture: 2, gsdM: 0 });
    await strip(land, { capture: 3 }, sentinel2.slice(1));
    expect(asked()).toEqual([]);
    expect(maps()).toEqual([undefined, undefined, undefined, undefined]);
    expect(b.events.map(({ text }) => text)).toEqual([
      'capture 1: land cover is not claimed: IMAGING_GSD: pixels of 30 m; land-cover is for 8 to 12 m',
      'capture 2: land cover is not claimed: IMAGING_GSD: pixels of 0 m; land-cover is for 8 to 12 m',
      'capture 3: land cover is not claimed: IMAGING_BANDS: band blue is not there; the sensor has green red nir swir16 swir22 coastal',
    ]);
  });

  it('PGE-LCV-004: asks in questions of bounded size, and works on a network that gives no attention', async () => {
    const { strip, answer, asked, maps } = await benchWith({ batch: 4 });
    await strip(steps);
    for (let n = 0; n < 3; n++) await answer('OK', false);
    expect(asked().map(({ count }) => count)).toEqual([4, 4, 1]);
    expect(maps()[0]?.probabilities[17]).toBeCloseTo(0.8, 2);
    expect(maps()[0]?.attention).toHaveLength(0);
  });

  it('PGE-LCV-005: sends a strip on with what was answered when an answer fails', async () => {
    const { b, strip, answer, maps } = await benchWith({ batch: 4, answerTimeoutUs: 1000 });
    await strip(steps);
    await answer();
    await answer('BUSY');
    expect(maps()[0]?.probabilities[7]).toBeCloseTo(0.3, 2);
    expect(maps()[0]?.probabilities.slice(8)).toEqual(new Float32Array(10));
    await strip(steps, { strip: 1 });
    await b.advance(1000);
    expect(b.events.map(({ args }) => [args.tiles, args.reason])).toEqual([
      [5, 'inference answered BUSY'],
      [9, 'inference answered DEADLINE'],
    ]);
    expect(b.telemetry.TilesFailed).toBe(14);
  });

  it('PGE-LCV-006: keeps strips and the end of their capture in order, and gives back what it holds at a restart', async () => {
    const { b, strip, answer, book } = await benchWith();
    await strip();
    await strip(land, { strip: 1, height: 32 });
    b.in.captureEndIn({ capture: 1, target: 'harbour', strips: 2, height: 224 });
    await b.settle();
    await answer('OK', true, true);
    expect(b.sent.map(({ end }) => end).filter((end) => !/^(specimensOut|versionOf)$/.test(end))).toEqual([
      'infer',
      'mappedOut',
      'mappedOut',
      'captureEndOut',
    ]);
    expect(b.events).toMatchObject([{ name: 'StripRedone', args: { strip: 0 } }]);
    b.in.screenedIn({ info: stripInfo(), stack: { release() {} } as never, mask: clearMask(stripInfo()) });
    await strip();
    await b.stop();
    expect(b.telemetry.Faults).toBe(1);
    expect(book.made.map(({ releases }) => releases)).toEqual([0, 0, 1]);
  });

  it('PGE-LCV-008: hands on the answered tiles with their pixels and places, and none that was not asked about', async () => {
    const { b, strip, answer } = await benchWith({ batch: 6 });
    const cloud = Float32Array.from({ length: 100 * 96 }, (_, i) => (i % 100 < 32 && i < 3200 ? 0.8 : 0));
    await strip(steps, {}, sentinel2, cloud);
    await answer();
    await answer('FAILED');
    const [{ model, tiles }] = b.calls('specimensOut') as { model: string; tiles: Specimen[] }[];
    // Tile 0 is clouded, and of the other eight two had no answer.
    expect([model, tiles.length]).toEqual(['land-cover', 6]);
    const [second, third, , below] = tiles;
    expect([second.pixels[0], second.pixels[PIXELS], second.pixels.length]).toEqual([26, 46, 3 * PIXELS]);
    expect(second.probabilities[1]).toBeCloseTo(0.1, 2);
    expect(second).toMatchObject({ timeUs: 100_000_000, gsdM: 10, headingDeg: 0 });
    expect((second.latDeg - third.latDeg) * 111_194).toBeCloseTo(0, 0);
    expect(third.lonDeg).toBeGreaterThan(second.lonDeg);
    // Tile 4 lies one tile south of tile 1.
    expect((second.latDeg - below.latDeg) * 111_194).toBeCloseTo(640, 0);
  });
});
