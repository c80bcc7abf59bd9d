import { describe, expect, it } from 'vitest';
import { BufferPool, type PooledBuffer } from './buffers';

function lend(pool: BufferPool, size?: number): PooledBuffer {
  const loan = pool.acquire(size);
  if (!loan.ok) throw new Error(loan.error.text);
  return loan.value;
}

describe('buffer pool', () => {
  it('lends blocks of shared memory of the size asked for', () => {
    const pool = new BufferPool(100, 2);
    expect(lend(pool, 40).bytes).toHaveLength(40);
    expect(lend(pool).bytes).toHaveLength(100);
    expect(lend(new BufferPool(8, 1)).bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('refuses what is too large, and when all blocks are on loan', () => {
    const pool = new BufferPool(10, 1);
    expect(pool.acquire(11)).toMatchObject({ error: { code: 'BUFFER_TOO_LARGE' } });
    lend(pool);
    expect(pool.acquire()).toMatchObject({
      error: { code: 'BUFFER_POOL_EMPTY', text: 'all 1 buffers of the pool are on loan' },
    });
  });

  it('takes a block back once, and leaves the late owner nothing to touch', () => {
    const pool = new BufferPool(4, 1);
    const first = lend(pool);
    expect(first.release().ok).toBe(true);
    expect(first.bytes).toHaveLength(0);
    const second = lend(pool);
    second.bytes.fill(7);
    expect(first.release()).toMatchObject({ error: { code: 'BUFFER_NOT_OWNED' } });
    expect([...second.bytes]).toEqual([7, 7, 7, 7]);
    expect(pool.available).toBe(0);
  });

  it('remembers how close it came to running dry', () => {
    const pool = new BufferPool(4, 3);
    expect(pool.lowWater).toBe(3);
    const loans = [lend(pool), lend(pool)];
    for (const loan of loans) loan.release();
    expect([pool.available, pool.lowWater, pool.capacity, pool.blockSize]).toEqual([3, 1, 3, 4]);
  });

  it('poisons a returned block in a debug build, so that a late reader shows itself', () => {
    const pool = new BufferPool(4, 1, true);
    const loan = lend(pool);
    const kept = loan.bytes.fill(1);
    loan.release();
    expect([...kept]).toEqual([0xde, 0xde, 0xde, 0xde]);
  });
});
