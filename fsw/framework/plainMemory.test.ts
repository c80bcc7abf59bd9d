import { describe, expect, it } from 'vitest';
import { plainMemory } from './plainMemory';

describe('plain memory', () => {
  it('is handed out up to its limit, and again when it was released', () => {
    const memory = plainMemory(100);
    const first = memory.allocate('a', 60);
    expect(first.ok && first.value.byteLength).toBe(60);
    expect(memory.allocate('b', 60)).toMatchObject({
      ok: false,
      error: { code: 'MEMORY_EXHAUSTED', text: 'b: 60 bytes asked, 40 free' },
    });
    memory.release('a');
    expect(memory.allocate('b', 60).ok).toBe(true);
  });

  it('replaces what the same name held', () => {
    const memory = plainMemory(100);
    memory.allocate('a', 60);
    expect(memory.allocate('a', 100).ok).toBe(true);
  });

  it('refuses what no host has', () => {
    expect(plainMemory().allocate('a', 2 ** 52)).toMatchObject({ error: { code: 'MEMORY_EXHAUSTED' } });
  });
});
