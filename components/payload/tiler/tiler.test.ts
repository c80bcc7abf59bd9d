import { describe, expect, it } from 'vitest';
import { BufferPool } from '../../../fsw/framework';
import { bench } from '../../../fsw/framework/testing';
import type { TileBatch } from '../ports';
import { tiler } from './tiler';

const info = {
  id: 3,
  time: { timeBase: 2, timeContext: 0, seconds: 0, useconds: 0 },
  located: false,
  latDeg: 0,
  lonDeg: 0,
  headingDeg: 0,
  gsdM: 0,
};

async function benchWith(config: Record<string, unknown> = {}) {
  const pool = new BufferPool(5 * 4 * 3, 1);
  const b = await bench(tiler, { config: { tilePx: 2, maxTiles: 4, batches: 1, ...config } });
  /** Sends a frame whose bytes count upwards. */
  const frame = (width: number, height: number, bytes = width * height * 3) => {
    const pixels = pool.acquire(bytes);
    if (!pixels.ok) throw new Error(pixels.error.text);
    pixels.value.bytes.forEach((_, i, all) => {
      all[i] = i;
    });
    b.in.frameIn({ info: { ...info, width, height }, pixels: pixels.value });
  };
  const batches = () => b.calls('tilesOut').map(({ tiles }) => tiles as TileBatch);
  return { b, pool, frame, batches };
}

describe('the tiler', () => {
  it('PGE-TIL-001: cuts a frame into whole tiles row by row, colour planes apart, 0 to 255', async () => {
    const { b, frame, batches } = await benchWith();
    frame(5, 4);
    const [{ columns, rows, tilePx, data, brightness }] = batches();
    expect({ columns, rows, tilePx }).toEqual({ columns: 2, rows: 2, tilePx: 2 });
    // Pixel (x, y) is byte (5y + x) * 3 and on: red, green, blue.
    expect([...data.subarray(0, 12)]).toEqual([0, 3, 15, 18, 1, 4, 16, 19, 2, 5, 17, 20]);
    expect([...data.subarray(12, 16)]).toEqual([6, 9, 21, 24]);
    expect([...data.subarray(24, 28)]).toEqual([30, 33, 45, 48]);
    expect([...brightness]).toEqual([10, 16, 40, 46]);
    expect(b.telemetry.FramesTiled).toBe(1);
  });

  it('PGE-TIL-002: gives the frame buffer back at once, and the tile buffer when its owner does', async () => {
    const { b, pool, frame, batches } = await benchWith();
    frame(4, 4);
    expect(pool.available).toBe(1);
    frame(4, 4);
    expect(batches()).toHaveLength(1);
    expect(b.events).toMatchObject([{ name: 'FrameRefused', args: { code: 'BUFFER_POOL_EMPTY' } }]);
    batches()[0].release();
    frame(4, 4);
    expect(batches()).toHaveLength(2);
    expect(pool.available).toBe(1);
  });

  it('PGE-TIL-003: refuses a frame that is smaller than a tile or gives too many, and loses no buffer', async () => {
    const { b, pool, frame, batches } = await benchWith();
    frame(5, 1);
    frame(0, 0);
    const few = await benchWith({ maxTiles: 1 });
    few.frame(4, 4);
    for (const { events } of [b, few.b])
      for (const { args } of events) expect(args).toMatchObject({ frame: 3, code: 'TILER_FRAME_SIZE' });
    expect(b.telemetry.FramesRefused).toBe(2);
    expect([...batches(), ...few.batches()]).toEqual([]);
    expect([pool.available, few.pool.available]).toEqual([1, 1]);
  });

  it('PGE-TIL-004: refuses a truncated frame', async () => {
    const { b, pool, frame, batches } = await benchWith();
    frame(4, 4, 47);
    expect(b.events).toMatchObject([{ args: { code: 'TILER_FRAME_BYTES' } }]);
    expect(b.events[0].text).toContain('its buffer holds 47 bytes, 48 needed');
    expect(batches()).toEqual([]);
    expect(pool.available).toBe(1);
  });
});
