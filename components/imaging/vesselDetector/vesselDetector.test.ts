import { describe, expect, it } from 'vitest';
import { pixelPlace } from '../../../fsw/framework';
import { bench } from '../../../fsw/framework/testing';
import type { Vessel } from '../ports';
import { clearMask, land, ledger, type Scene, sea, sentinel2, stackOf, stripInfo } from '../testStrips';
import { lightFinder } from './testNetwork';
import { vesselDetector } from './vesselDetector';

interface Question {
  ticket: number;
  model: string;
  count: number;
  input: Float32Array;
}
type Status = 'OK' | 'FAILED' | 'BUSY';

async function benchWith(config: Record<string, unknown> = {}) {
  const b = await bench(vesselDetector, { config });
  const book = ledger();
  const asked = () => b.calls('infer') as unknown as Question[];
  let answered = 0;
  const self = {
    b,
    book,
    asked,
    strips: () => b.calls('analysedOut').map(({ vessels }) => vessels as readonly Vessel[]),
    async strip(scene: Scene, changes: Parameters<typeof stripInfo>[0] = {}, bands = sentinel2, cloud = 0) {
      const info = stripInfo(changes);
      const mask = clearMask(info);
      mask.cloud.fill(cloud);
      b.in.mappedIn({ info, stack: stackOf(info, scene, book, bands), mask, map: undefined });
      await b.settle();
    },
    async end(capture = 1) {
      b.in.captureEndIn({ capture, target: 'harbour', strips: 1, height: 384 });
      await b.settle();
    },
    async answer(status: Status = 'OK', redone = false) {
      const { ticket, count, input } = asked()[answered++];
      b.in.inferred({ ticket, status, redone, outputs: status === 'OK' ? lightFinder(input, count) : {} });
      await b.settle();
    },
    async answerAll() {
      while (answered < asked().length) await self.answer();
    },
  };
  return self;
}

/** The sea with lights of one pixel and a little around it. */
const lights =
  (places: readonly (readonly [number, number])[]): Scene =>
  (name, x, y) => {
    let near = 0;
    for (const [px, py] of places)
      if (Math.abs(y - py) < 6 && Math.abs(x - px) < 6)
        near += Math.exp(-((x - px) ** 2 + (y - py) ** 2) / 2);
    return sea(name, x, y) + (['red', 'green', 'blue'].includes(name) ? 0.2 * near : 0);
  };

const xy = (vessels: readonly Vessel[]) =>
  vessels.map(({ x, y }) => [Math.round(x * 2) / 2, Math.round(y * 2) / 2]);

describe('the vessel detector', () => {
  it('PGE-VES-001: finds what the network finds, once, with size, score and place', async () => {
    const { b, strip, end, answerAll, asked, strips } = await benchWith();
    await strip(lights([[200.5, 30.5]]), { headingDeg: 90 });
    await end();
    await answerAll();
    expect(asked()[0]).toMatchObject({ model: 'vessel-detector', count: 24 });
    expect(strips()).toHaveLength(1);
    const [[vessel, ...more]] = strips();
    expect(more).toEqual([]);
    expect(xy([vessel])).toEqual([[200.5, 30.5]]);
    expect(vessel).toMatchObject({ lengthPx: 5, widthPx: 2 });
    expect(vessel.score).toBeGreaterThan(0.5);
    const place = pixelPlace(stripInfo({ headingDeg: 90 }), 200.5, 30.5);
    expect(vessel.latDeg).toBeCloseTo(place.latDeg, 4);
    expect(vessel.lonDeg).toBeCloseTo(place.lonDeg, 4);
    expect(b.telemetry).toMatchObject({ VesselsFound: 1, TilesSearched: 36 });
  });

  it('PGE-VES-002: judges every centre once, over the borders of tiles and of strips and up to the edges', async () => {
    const { strip, end, answerAll, strips } = await benchWith();
    const places: [number, number][] = [];
    for (let i = 0; i < 60; i++) places.push([2.5 + ((i * 37) % 296), 3.5 + i * 6.7]);
    const scene = lights(places);
    for (const [n, height] of [192, 192, 26].entries())
      await strip(scene, { strip: n, firstLine: n * 192, width: 300, height });
    await end();
    await answerAll();
    expect(strips()).toHaveLength(3);
    const found = strips().flat();
    expect(found).toHaveLength(places.length);
    for (const [x, y] of places) {
      const nearest = Math.min(...found.map((vessel) => Math.hypot(vessel.x - x, vessel.y - y)));
      expect(nearest).toBeLessThan(1);
    }
    // Each with the strip that it lies in, but for a hair.
    strips().forEach((vessels, n) => {
      for (const { y } of vessels) expect(Math.abs(y - (n * 192 + 96))).toBeLessThan(98);
    });
  });

  it('PGE-VES-003: searches only clear water, if the sensor can tell', async () => {
    const scene: Scene = (name, x, y) => (x < 208 ? land(name, x, y) : sea(name, x, y));
    const { b, strip, end, asked, answerAll } = await benchWith();
    await strip(scene);
    await end();
    // Six rows of tiles that judge columns from 208 on.
    expect(asked().reduce((sum, { count }) => sum + count, 0)).toBe(18);
    await answerAll();
    await strip(sea, { capture: 2 }, sentinel2, 0.9);
    await end(2);
    expect(b.telemetry).toMatchObject({ TilesSearched: 18, TilesSkipped: 18 + 36 });
    await strip(land, { capture: 3 }, sentinel2.slice(0, 3));
    await end(3);
    await answerAll();
    expect(b.telemetry).toMatchObject({ TilesSearched: 18 + 36 });
    b.command('WaterOnly_PRM_SET', { val: false });
    await strip(land, { capture: 4 });
    await end(4);
    await answerAll();
    expect(b.telemetry).toMatchObject({ TilesSearched: 18 + 72 });
  });

  it('PGE-VES-004: looks for nothing at another resolution or without colours, and says so once a capture', async () => {
    const { b, strip, end, asked, strips } = await benchWith();
    await strip(sea, { gsdM: 30 });
    await strip(sea, { gsdM: 30, strip: 1, firstLine: 384 });
    await end();
    await strip(sea, { capture: 2 }, sentinel2.slice(3));
    await end(2);
    expect(asked()).toEqual([]);
    expect(strips()).toEqual([[], [], []]);
    expect(b.events.map(({ args }) => args.code)).toEqual(['IMAGING_GSD', 'IMAGING_BANDS']);
  });

  it('PGE-VES-005: calls a vessel what reaches the score threshold', async () => {
    const { b, strip, end, answerAll, strips } = await benchWith();
    b.command('ScoreThreshold_PRM_SET', { val: 0.95 });
    await strip(lights([[200.5, 30.5]]));
    await end();
    await answerAll();
    expect(strips()).toEqual([[]]);
  });

  it('PGE-VES-006: sends a strip on with what was found when an answer fails, and goes on with the next', async () => {
    const scene = lights([
      [30.5, 30.5],
      [200.5, 330.5],
      [100.5, 500.5],
    ]);
    const { b, strip, end, answer, answerAll, strips } = await benchWith({
      batch: 18,
      answerTimeoutUs: 1000,
    });
    await strip(scene);
    await strip(scene, { strip: 1, firstLine: 384 });
    await answer();
    await answer('BUSY');
    await end();
    await answerAll();
    expect(strips().map(xy)).toEqual([[[30.5, 30.5]], [[100.5, 500.5]]]);
    await strip(scene, { capture: 2 });
    await end(2);
    await b.advance(1000);
    expect(strips()[2]).toEqual([]);
    expect(b.events.map(({ args }) => [args.tiles, args.reason])).toEqual([
      [18, 'inference answered BUSY'],
      [36, 'inference answered DEADLINE'],
    ]);
    expect(b.telemetry.TilesFailed).toBe(54);
  });

  it('PGE-VES-007: keeps strips and ends in order, and begins anew after a strip that is missing', async () => {
    const { b, strip, end, answerAll, strips } = await benchWith();
    const scene = lights([[100.5, 780.5]]);
    await strip(scene);
    await strip(scene, { strip: 2, firstLine: 768 });
    await end();
    await answerAll();
    expect(b.sent.filter(({ end: name }) => name !== 'infer').map(({ end: name }) => name)).toEqual([
      'analysedOut',
      'analysedOut',
      'captureEndOut',
    ]);
    expect(strips().map(xy)).toEqual([[], [[100.5, 780.5]]]);
    expect(b.events).toMatchObject([{ name: 'StripsMissing', args: { strip: 2, line: 768, expected: 384 } }]);
  });

  it('PGE-VES-008: begins the strip before when a new capture comes without an end of the old one', async () => {
    const { strip, answerAll, strips } = await benchWith();
    await strip(lights([[30.5, 380.5]]));
    await strip(sea, { capture: 2 });
    await answerAll();
    expect(strips().map(xy)).toEqual([[[30.5, 380.5]]]);
  });

  it('PGE-VES-009: gives the stacks it holds back when it restarts and when it ends, and tells of a redo', async () => {
    const { b, strip, end, answer, answerAll, book } = await benchWith();
    await strip(sea);
    await end();
    await answer('OK', true);
    await answerAll();
    expect(b.events).toMatchObject([{ name: 'StripRedone', args: { strip: 0 } }]);
    await strip(sea, { capture: 2 });
    const info = stripInfo({ capture: 3 });
    b.in.mappedIn({ info, stack: { release() {} } as never, mask: clearMask(info), map: undefined });
    await b.settle();
    await answerAll();
    await end(3);
    expect(b.telemetry.Faults).toBe(1);
    await strip(sea, { capture: 4 });
    await b.stop();
    expect(book.made.map(({ releases }) => releases)).toEqual([0, 0, 1]);
  });
});
