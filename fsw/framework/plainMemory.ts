import { fail, succeed } from '../errors';
import type { Memory } from './board';

/** The host's own memory, up to `limitBytes` in all. */
export function plainMemory(limitBytes = Number.POSITIVE_INFINITY): Memory {
  const held = new Map<string, number>();
  return {
    allocate(name, bytes) {
      const others = [...held].reduce((sum, [other, size]) => (other === name ? sum : sum + size), 0);
      const exhausted = () =>
        fail('MEMORY_EXHAUSTED', { name, bytes, free: Math.max(0, limitBytes - others) });
      if (others + bytes > limitBytes) return exhausted();
      try {
        const buffer = new SharedArrayBuffer(bytes);
        held.set(name, bytes);
        return succeed(buffer);
      } catch {
        return exhausted();
      }
    },
    release(name) {
      held.delete(name);
    },
  };
}
