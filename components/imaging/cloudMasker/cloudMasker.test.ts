import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import type { CloudMask } from '../ports';
import { land, ledger, type Scene, sentinel2, stackOf, stripInfo } from '../testStrips';
import { cloudMasker } from './cloudMasker';

type Status = 'OK' | 'FAILED' | 'DEADLINE' | 'BUSY';
interface Question {
  ticket: number;
  model: string;
  count: number;
  input: Float32Array;
}
const CELLS = 96 * 96;

async function benchWith(config: Record<string, unknown> = {}) {
  const b = await bench(cloudMasker, { config });
  const book = ledger();
  const asked = () => b.calls('infer') as unknown as Question[];
  const masks = () => b.calls('screenedOut').map(({ mask }) => mask as CloudMask);
  return {
    b,
    book,
    asked,
    masks,
    order: () => b.sent.filter(({ end }) => end === 'screenedOut' || end === 'captureEndOut'),
    async strip(scene: Scene = land, changes: Parameters<typeof stripInfo>[0] = {}, bands = sentinel2) {
      const info = stripInfo(changes);
      b.in.stripIn({ info, stack: stackOf(info, scene, book, bands) });
      await b.settle();
    },
    async answer(cloud: (cell: number) => number, status: Status = 'OK', redone = false) {
      const { ticket, count } = asked().at(-1) ?? { ticket: 0, count: 0 };
      const outputs = { cloud: Float32Array.from({ length: count * CELLS }, (_, i) => cloud(i)) };
      b.in.inferred({ ticket, status, redone, outputs: status === 'OK' ? outputs : {} });
      await b.settle();
    },
  };
}

/** Bright and white in the right half of a strip of 384. */
const halfCloud: Scene = (name, x, y) => (x < 192 ? land(name, x, y) : 0.6);

describe('the cloud masker', () => {
  it('PGE-CLM-001: asks for reflectance of six bands at 20 m and lays the answer over the strip', async () => {
    const { b, strip, answer, asked, masks } = await benchWith();
    await strip((name, x) => (name === 'blue' ? (Math.floor(x) % 2) * 0.1 : land(name, 0, 0)));
    const [{ model, count, input }] = asked();
    expect({ model, count, floats: input.length }).toEqual({
      model: 'cloud-mask',
      count: 4,
      floats: 4 * 6 * CELLS,
    });
    // Blue is the mean of two columns; the others are as they are.
    for (const [b6, value] of [0.05, 0.08, 0.07, 0.3, 0.2, 0.2].entries())
      expect(input[b6 * CELLS + 5000]).toBeCloseTo(value, 5);
    await answer((i) => (Math.floor(i / CELLS) % 2 === 1 ? 0.9 : 0.1));
    const [mask] = masks();
    expect(mask).toMatchObject({ scale: 2, width: 192, height: 192, fraction: 0.5 });
    expect(mask.by).toBeUndefined();
    expect([mask.cloud[95], mask.cloud[96]]).toEqual([expect.closeTo(0.1), expect.closeTo(0.9)]);
    expect(b.telemetry).toMatchObject({ StripsScreened: 1, CloudFraction: 0.5 });
  });

  it('PGE-CLM-002: covers a strip that is no multiple of a tile, and one that is smaller, in questions of bounded size', async () => {
    const { strip, answer, asked, masks } = await benchWith({ batch: 3 });
    await strip(land, { width: 500, height: 240 });
    // 250 × 120 cells: three columns, two rows.
    for (const n of [1, 2]) await answer((i) => n / 4 + (i % 96 === 0 ? 0 : 0.1));
    expect(asked().map(({ count }) => count)).toEqual([3, 3]);
    const [mask] = masks();
    expect([mask.width, mask.height]).toEqual([250, 120]);
    expect(mask.cloud.every((cloud) => cloud > 0.2)).toBe(true);
    await strip(land, { width: 60, height: 20, strip: 1 });
    expect(asked().at(-1)).toMatchObject({ count: 1 });
    expect(
      asked()
        .at(-1)
        ?.input.every((value) => value > 0.05),
    ).toBe(true);
    await answer(() => 1);
    expect(masks()[1]).toMatchObject({ width: 30, height: 10, fraction: 1 });
  });

  it('PGE-CLM-003: falls back on the brightness index when the sensor does not fit, and says so once a capture', async () => {
    const { b, strip, asked, masks } = await benchWith();
    const visible = sentinel2.filter(({ name }) => !name.startsWith('swir'));
    await strip(halfCloud, {}, visible);
    await strip(halfCloud, { strip: 1, firstLine: 384 }, visible);
    await strip(halfCloud, { capture: 2, gsdM: 3 });
    expect(asked()).toEqual([]);
    expect(b.events.map(({ args }) => [args.capture, args.code])).toEqual([
      [1, 'IMAGING_BANDS'],
      [2, 'IMAGING_GSD'],
    ]);
    for (const mask of masks()) expect(mask).toMatchObject({ by: 'brightness', fraction: 0.5 });
    expect(b.telemetry.StripsWeaker).toBe(3);
  });

  it('PGE-CLM-004: knows nothing of a strip without blue and red', async () => {
    const { strip, masks } = await benchWith();
    await strip(halfCloud, { width: 8, height: 8 }, [sentinel2[3]]);
    expect(masks()[0].cloud).toHaveLength(64);
    expect(masks()[0].cloud.every(Number.isNaN)).toBe(true);
    expect(masks()[0].fraction).toBeNaN();
  });

  it('PGE-CLM-005: does not ask about tiles without data or saturated, flags and counts them', async () => {
    const { b, strip, answer, asked, masks } = await benchWith();
    const scene: Scene = (name, x, y) => {
      if (y < 192) return x < 192 ? 0 : 6.5535;
      return x < 20 ? 0 : land(name, x, y);
    };
    await strip(scene);
    expect(asked()[0].count).toBe(2);
    await answer(() => 0.2);
    const [{ cloud, fraction }] = masks();
    // Upper tiles are unknown, and so are the cells without data of a lower one.
    expect([cloud[0], cloud[100], cloud[100 * 192 + 9]].every(Number.isNaN)).toBe(true);
    expect(cloud[100 * 192 + 10]).toBeCloseTo(0.2);
    expect(fraction).toBe(0);
    expect(b.events).toMatchObject([{ name: 'TilesNotAsked', args: { empty: 1, saturated: 1 } }]);
    expect(b.telemetry).toMatchObject({ EmptyTiles: 1, SaturatedTiles: 1 });
  });

  it('PGE-CLM-006: sends a strip on by brightness when no usable answer comes, whatever the reason', async () => {
    const { b, strip, answer, masks } = await benchWith({ answerTimeoutUs: 1000 });
    for (const [n, status] of (['FAILED', 'BUSY', 'OK'] as const).entries()) {
      await strip(halfCloud, { strip: n });
      await answer(() => Number.NaN, status);
    }
    await strip(halfCloud, { strip: 3 });
    await b.advance(1000);
    expect(masks()).toHaveLength(4);
    for (const mask of masks()) expect(mask).toMatchObject({ by: 'brightness', fraction: 0.5 });
    expect(b.events.map(({ args }) => args.reason)).toEqual([
      'inference answered FAILED',
      'inference answered BUSY',
      'the answer has another shape',
      'inference answered DEADLINE',
    ]);
    // The late answer is nobody's.
    await answer(() => 0);
    expect(masks()).toHaveLength(4);
  });

  it('PGE-CLM-007: keeps strips and the end of their capture in order, and holds a bounded number', async () => {
    const { b, strip, answer, order, book, asked } = await benchWith({ maxWaiting: 3 });
    for (let n = 0; n < 4; n++) await strip(land, { strip: n });
    b.in.captureEndIn({ capture: 1, target: 'harbour', strips: 4, height: 1536 });
    await b.settle();
    // Strips 0 and 1 were hurried on; 2, 3 and the end are held.
    expect(order().map(({ args }) => (args.mask as CloudMask).by)).toEqual(['brightness', 'brightness']);
    expect(b.events.map(({ args }) => args.reason)).toEqual(Array(2).fill('too many strips wait'));
    for (let n = 0; n < 2; n++) await answer(() => 0);
    expect(
      order().map(({ end, args }) => (args.info as { strip: number } | undefined)?.strip ?? end),
    ).toEqual([0, 1, 2, 3, 'captureEndOut']);
    // A question that was given up keeps its input; the next one has another.
    expect(asked()[0].input.buffer).not.toBe(asked()[1].input.buffer);
    // Released by nobody here: each stack has gone on.
    expect(book.made.map(({ releases }) => releases)).toEqual([0, 0, 0, 0]);
  });

  it('PGE-CLM-008: gives the stacks it holds back when it restarts and when it ends', async () => {
    const { b, strip, book, answer, masks } = await benchWith();
    await strip();
    // Not a stack at all: its turn ends in a fault, and the component is restarted while another strip waits.
    b.in.stripIn({ info: stripInfo(), stack: { release() {} } as never });
    await strip(land, { strip: 2 });
    await answer(() => 0);
    expect(b.telemetry.Faults).toBe(1);
    expect(masks()).toHaveLength(1);
    await strip(land, { strip: 3 });
    await b.stop();
    // The first went on; the others came back.
    expect(book.made.map(({ releases }) => releases)).toEqual([0, 1, 1]);
  });

  it('PGE-CLM-009: tells which strip was answered after a redo', async () => {
    const { b, strip, answer } = await benchWith();
    await strip();
    await answer(() => 0, 'OK', true);
    expect(b.events).toMatchObject([{ name: 'StripRedone', args: { capture: 1, strip: 0 } }]);
  });
});
