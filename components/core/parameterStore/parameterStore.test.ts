import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Storage } from '../../../fsw/framework';
import { bench } from '../../../fsw/framework/testing';
import { readParameterFile, writeParameterFile } from './parameterFile';
import { parameterStore } from './parameterStore';

const FILE = 'parameters.bin';

/** A storage in memory, that can be made to refuse writes. */
function memory(files: Record<string, Uint8Array> = {}) {
  const kept = new Map(Object.entries(files));
  const storage: Storage & { full: boolean } = {
    full: false,
    read(name) {
      const bytes = kept.get(name);
      return bytes === undefined ? fail('STORAGE_MISSING', { name }) : succeed(bytes);
    },
    write(name, bytes): Result<void> {
      if (storage.full) return fail('STORAGE_FAILED', { name, why: 'full' });
      kept.set(name, bytes.slice());
      return succeed(undefined);
    },
  };
  return { storage, kept };
}

const onBench = (storage: Storage) => bench(parameterStore, { board: { storage } });

describe('parameterStore', () => {
  it('PGE-PRM-001: gives back after a reboot what was set before it', async () => {
    const { storage } = memory();
    const before = await onBench(storage);
    expect(before.in.get({ id: 0x101 })).toMatchObject({ valid: false });
    expect(before.in.set({ id: 0x101, value: Uint8Array.of(1, 2) })).toBe(true);
    expect(before.in.set({ id: 0x200, value: Uint8Array.of(9) })).toBe(true);
    const after = await onBench(storage);
    expect(after.in.get({ id: 0x101 })).toEqual({ valid: true, value: Uint8Array.of(1, 2) });
    expect(after.in.get({ id: 0x200 })).toEqual({ valid: true, value: Uint8Array.of(9) });
    expect(after.events.map(({ text }) => text)).toEqual(['2 saved parameters loaded']);
    expect(after.telemetry.ParamsSaved).toBe(2);
  });

  it('PGE-PRM-002: is silent when there is no file yet', async () => {
    const b = await onBench(memory().storage);
    expect(b.events).toEqual([]);
  });

  it('PGE-PRM-003: uses nothing of a damaged file, says so, and keeps its bytes aside', async () => {
    const { storage, kept } = memory();
    const b = await onBench(storage);
    b.in.set({ id: 1, value: Uint8Array.of(5, 6, 7) });
    const file = kept.get(FILE) ?? new Uint8Array(0);
    for (let i = 0; i < file.length; i++) {
      const damaged = file.slice();
      damaged[i] ^= 0x10;
      const world = memory({ [FILE]: damaged });
      const after = await onBench(world.storage);
      expect(after.in.get({ id: 1 }).valid).toBe(false);
      expect(after.events.map(({ name }) => name)).toEqual(['ParamFileCorrupt']);
      expect(world.kept.get(`${FILE}.damaged`)).toEqual(damaged);
    }
  });

  it('PGE-PRM-004: takes a file that cannot be read as damaged, and flies on', async () => {
    const storage: Storage = {
      read: (name) => fail('STORAGE_FAILED', { name, why: 'bad block' }),
      write: () => succeed(undefined),
    };
    const b = await onBench(storage);
    expect(b.events[0].text).toContain('bad block');
    expect(b.events[0].args.keptAs).toBe('nothing');
    expect(b.in.set({ id: 1, value: Uint8Array.of(1) })).toBe(true);
  });

  it('PGE-PRM-005: keeps the old value, and says so, when the storage refuses the file', async () => {
    const { storage } = memory();
    const b = await onBench(storage);
    b.in.set({ id: 1, value: Uint8Array.of(1) });
    storage.full = true;
    expect(b.in.set({ id: 1, value: Uint8Array.of(2) })).toBe(false);
    expect(b.in.get({ id: 1 }).value).toEqual(Uint8Array.of(1));
    expect(b.events.at(-1)?.name).toBe('ParamFileWriteFailed');
    expect(b.telemetry.FileWrites).toBe(1);
  });

  it('PGE-PRM-006: writes the file again on command', async () => {
    const { storage, kept } = memory();
    const b = await onBench(storage);
    b.in.set({ id: 1, value: Uint8Array.of(1) });
    kept.clear();
    b.command('PRM_SAVE_FILE');
    await b.settle();
    expect(kept.has(FILE)).toBe(true);
    storage.full = true;
    b.command('PRM_SAVE_FILE');
    await b.settle();
    expect(b.responses.map(({ status }) => status)).toEqual(['OK', 'EXECUTION_ERROR']);
  });

  it('PGE-PRM-007: the file format reads back what it wrote, and survives any bytes', () => {
    const value = fc.uint8Array({ maxLength: 60 });
    const values = fc.uniqueArray(fc.tuple(fc.nat(0xffffffff), value), { selector: ([id]) => id });
    fc.assert(
      fc.property(values, (entries) => {
        const read = readParameterFile(writeParameterFile(new Map(entries)));
        expect(read.ok && new Map([...read.value].sort())).toEqual(new Map([...entries].sort()));
      }),
      { seed: 7 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(readParameterFile(bytes).ok).toBe(false);
      }),
      { seed: 7 },
    );
  });
});
