import { describe, expect, it } from 'vitest';
import { BufferPool } from '../../../fsw/framework';
import { bench } from '../../../fsw/framework/testing';
import type { TileBatch } from '../../payload/ports';
import type { Specimen } from '../ports';
import { tileClassifier } from './tileClassifier';

const good = new Float32Array([0.8, 0.2, 0.3, 0.7, 1, 0, 0.5, 0.5]);

const testInfo = {
  id: 7,
  time: { timeBase: 2, timeContext: 0, seconds: 100, useconds: 5 },
  width: 64,
  height: 64,
  located: true,
  latDeg: 0,
  lonDeg: 0,
  headingDeg: 0,
  gsdM: 1000,
};

/** Batches of 2 x 2 tiles of one pixel over a pool. */
function testTiles(capacity: number) {
  const pool = new BufferPool(4 * 3 * 4, capacity);
  const tiles = (level: number): TileBatch => {
    const buffer = pool.acquire();
    if (!buffer.ok) throw new Error(buffer.error.text);
    const data = new Float32Array(buffer.value.bytes.buffer, 0, 12).fill(level);
    const brightness = new Float32Array(4).fill(level);
    return { columns: 2, rows: 2, tilePx: 1, data, brightness, release: () => void buffer.value.release() };
  };
  return { pool, tiles };
}

async function benchWith(config: Record<string, unknown> = {}, queueDepth = 16) {
  const { pool, tiles } = testTiles(8);
  const b = await bench(tileClassifier, {
    config: { classes: 'land,water', ...config },
    queueDepth,
    answers: { versionOf: () => '1.4.0' },
  });
  const send = (info = testInfo) => b.in.tilesIn({ info, tiles: tiles(7.6) });
  const frame = async (info = testInfo) => {
    send(info);
    await b.settle();
  };
  const answer = async (probabilities: Float32Array, status: 'OK' | 'NOT_LOADED' = 'OK') => {
    const asked = b.calls('infer') as { ticket: number }[];
    b.in.inferred({ ticket: asked.at(-1)?.ticket ?? 0, status, redone: false, outputs: { probabilities } });
    await b.settle();
  };
  const given = () => b.calls('specimensOut') as { model: string; version: string; tiles: Specimen[] }[];
  return { b, pool, send, frame, answer, given };
}

describe('the tile classifier', () => {
  it('PGE-TCL-001: hands on each tile with its place, time, pixels and answer, and the version that gave it', async () => {
    const { b, pool, frame, answer, given } = await benchWith();
    await frame();
    expect(b.calls('infer')).toMatchObject([{ model: 'land-cover', count: 4 }]);
    await answer(good);
    const [{ model, version, tiles }] = given();
    expect([model, version, tiles.length, pool.available]).toEqual(['land-cover', '1.4.0', 4, 8]);
    expect(tiles[1]).toMatchObject({
      timeUs: 100_000_005,
      headingDeg: 0,
      gsdM: 1000,
      pixels: Uint8Array.of(8, 8, 8),
    });
    expect([...tiles[1].probabilities].map((share) => Math.round(share * 10))).toEqual([3, 7]);
    // Two by two tiles of one pixel in a frame of 64, about 0, 0: the first is the upper left.
    expect(tiles[0].latDeg).toBeCloseTo(31.5 / 111.19, 2);
    expect(tiles[0].lonDeg).toBeCloseTo(-31.5 / 111.19, 2);
    expect(tiles[1].lonDeg).toBeGreaterThan(tiles[0].lonDeg);
    expect(tiles[2].latDeg).toBeLessThan(tiles[0].latDeg);
    expect(b.telemetry.TilesClassified).toBe(4);
  });

  it('PGE-TCL-001: says of a frame without a place that its tiles have none', async () => {
    const { frame, answer, given } = await benchWith();
    await frame({ ...testInfo, located: false });
    await answer(good);
    expect(given()[0].tiles[3]).toMatchObject({
      latDeg: Number.NaN,
      lonDeg: Number.NaN,
      headingDeg: 0,
      gsdM: 0,
    });
  });

  it('PGE-TCL-002: fails a frame whose answer is an error, has another shape or is not finite', async () => {
    const { b, pool, frame, answer, given } = await benchWith();
    await frame();
    await answer(good, 'NOT_LOADED');
    await frame();
    await answer(good.subarray(1));
    await frame();
    await answer(good.map(() => Number.NaN));
    expect(b.events.map(({ args }) => args.reason)).toEqual([
      'inference answered NOT_LOADED',
      ...Array(2).fill('the answer is not 2 probabilities a tile'),
    ]);
    expect(given()).toEqual([]);
    expect([b.telemetry.FramesFailed, pool.available]).toEqual([3, 8]);
  });

  it('PGE-TCL-003: lets few frames wait, none for ever, and loses no buffer to a full queue or a restart', async () => {
    const { b, pool, send } = await benchWith({ maxWaiting: 2, answerTimeoutUs: 1000 }, 4);
    for (let n = 0; n < 6; n++) send();
    await b.settle();
    expect([b.telemetry.QueueDrops, b.telemetry.FramesFailed, pool.available]).toEqual([2, 2, 6]);
    await b.advance(1000);
    expect([b.telemetry.FramesFailed, pool.available]).toEqual([4, 8]);
    send();
    b.in.tilesIn({ info: testInfo, tiles: undefined as never });
    await b.settle();
    expect([b.telemetry.Faults, pool.available]).toEqual([1, 8]);
  });
});
