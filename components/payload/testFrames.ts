/** Frames and tiles for the tests of payload components. */
import { BufferPool, type Value } from '../../fsw/framework';
import type { FrameInfo, TileBatch } from './ports';

export const testInfo: Value<typeof FrameInfo> = {
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

/** Makes batches of 2 x 2 tiles of one pixel over a pool; `pool.available` tells who has not given back. */
export function testTiles(capacity: number) {
  const pool = new BufferPool(4 * 3 * 4, capacity);
  const tiles = (brightness = 100): TileBatch => {
    const buffer = pool.acquire();
    if (!buffer.ok) throw new Error(buffer.error.text);
    const data = new Float32Array(buffer.value.bytes.buffer, 0, 12).fill(brightness);
    const release = () => void buffer.value.release();
    return {
      columns: 2,
      rows: 2,
      tilePx: 1,
      data,
      brightness: new Float32Array(4).fill(brightness),
      release,
    };
  };
  return { pool, tiles };
}
