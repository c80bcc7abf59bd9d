import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Memory, Storage } from '../../../fsw/framework';
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

const COPY = `${FILE}.b`;

/** Memory whose cells a test can hit. */
function openMemory() {
  const held: { cells: Uint8Array } = { cells: new Uint8Array(0) };
  const memory: Memory = {
    allocate(_, bytes) {
      const buffer = new SharedArrayBuffer(bytes);
      held.cells = new Uint8Array(buffer);
      return succeed(buffer);
    },
    release: () => undefined,
  };
  return { memory, held };
}

const onBench = (storage: Storage, memory?: Memory) =>
  bench(parameterStore, { board: { storage, ...(memory && { memory }) } });

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
        const read = readParameterFile(writeParameterFile({ sequence: 5, values: new Map(entries) }));
        expect(read.ok && read.value.sequence).toBe(5);
        expect(read.ok && new Map([...read.value.values].sort())).toEqual(new Map([...entries].sort()));
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

  it('PGE-PRM-008: of two copies of the file the newest good one counts, and the other is written again', async () => {
    const { storage, kept } = memory();
    const before = await onBench(storage);
    before.in.set({ id: 1, value: Uint8Array.of(1) });
    const old = kept.get(FILE) ?? new Uint8Array(0);
    before.in.set({ id: 1, value: Uint8Array.of(2) });
    const good = kept.get(FILE) ?? new Uint8Array(0);
    expect(kept.get(COPY)).toEqual(good);
    const damaged = good.slice();
    damaged[9] ^= 1;
    for (const [a, b] of [
      [damaged, good],
      [good, damaged],
      [old, good],
      [good, old],
      [undefined, good],
      [good, undefined],
    ]) {
      const world = memory({ ...(a && { [FILE]: a }), ...(b && { [COPY]: b }) });
      const after = await onBench(world.storage);
      expect(after.in.get({ id: 1 })).toEqual({ valid: true, value: Uint8Array.of(2) });
      expect(world.kept.get(FILE)).toEqual(good);
      expect(world.kept.get(COPY)).toEqual(good);
      expect(after.events.map(({ name }) => name)).toEqual(['ParamFileLoaded', 'ParamFileRepaired']);
      expect(after.telemetry.FilesRepaired).toBe(1);
    }
  });

  it('PGE-PRM-008: one copy on the medium is enough to save, and the check makes up for the other', async () => {
    const { storage, kept } = memory();
    const refusing: Storage = {
      read: storage.read,
      write: (name, bytes) =>
        name === FILE && storage.full ? fail('STORAGE_FAILED', { name, why: 'bad block' }) : put(name, bytes),
    };
    const put = (name: string, bytes: Uint8Array): Result<void> => {
      kept.set(name, bytes.slice());
      return succeed(undefined);
    };
    const b = await onBench(refusing);
    storage.full = true;
    expect(b.in.set({ id: 1, value: Uint8Array.of(3) })).toBe(true);
    b.in.schedIn({ context: 0 });
    expect(b.events.at(-1)?.text).toContain('bad block');
    storage.full = false;
    b.in.schedIn({ context: 0 });
    expect(kept.get(FILE)).toEqual(kept.get(COPY));
    expect((await onBench(refusing)).in.get({ id: 1 }).value).toEqual(Uint8Array.of(3));
  });

  it('PGE-PRM-009: a check heals a file that was hit on the medium, and says so', async () => {
    const { storage, kept } = memory();
    const b = await onBench(storage);
    b.in.set({ id: 1, value: Uint8Array.of(1) });
    const whole = kept.get(COPY)?.slice();
    for (const name of [FILE, COPY]) {
      const hit = kept.get(name)?.slice() ?? new Uint8Array(0);
      hit[hit.length - 1] ^= 0x80;
      kept.set(name, hit);
    }
    b.in.schedIn({ context: 0 });
    expect([kept.get(FILE), kept.get(COPY)]).toEqual([whole, whole]);
    expect(b.events.map(({ name }) => name)).toEqual(['ParamFileRepaired', 'ParamFileRepaired']);
    expect(b.telemetry.FilesRepaired).toBe(2);
    b.in.schedIn({ context: 0 });
    expect(b.telemetry.FilesRepaired).toBe(2);
  });

  it('PGE-PRM-010: upsets of one copy in memory are outvoted at once, healed by the check, and counted', async () => {
    const { storage } = memory();
    const { memory: open, held } = openMemory();
    const b = await onBench(storage, open);
    b.in.set({ id: 1, value: Uint8Array.of(7, 8) });
    const whole = held.cells.slice();
    held.cells.fill(0xff, 0, 20);
    expect(b.in.get({ id: 1 })).toEqual({ valid: true, value: Uint8Array.of(7, 8) });
    b.in.schedIn({ context: 0 });
    expect(held.cells).toEqual(whole);
    expect(b.events.map(({ name }) => name)).toEqual(['ParamMemoryCorrected']);
    expect(b.telemetry.BitsCorrected).toBeGreaterThan(50);
  });

  it('PGE-PRM-010: memory beyond its majority comes back from the file, and is reported', async () => {
    const { storage, kept } = memory();
    const { memory: open, held } = openMemory();
    const b = await onBench(storage, open);
    b.in.set({ id: 1, value: Uint8Array.of(7, 8) });
    held.cells.fill(0xff);
    expect(b.in.get({ id: 1 })).toEqual({ valid: true, value: Uint8Array.of(7, 8) });
    b.in.schedIn({ context: 0 });
    expect(b.events.at(-1)?.args).toEqual({ restored: true });
    kept.clear();
    held.cells.fill(0xff);
    expect(b.in.get({ id: 1 }).valid).toBe(false);
    b.in.schedIn({ context: 0 });
    expect(b.events.at(-1)?.args).toEqual({ restored: false });
  });

  it('PGE-PRM-011: parameters that do not fit are refused, and nothing changes', async () => {
    const { storage } = memory();
    const b = await bench(parameterStore, { board: { storage }, config: { maxBytes: 64 } });
    expect(b.in.set({ id: 1, value: Uint8Array.of(1) })).toBe(true);
    expect(b.in.set({ id: 2, value: new Uint8Array(60) })).toBe(false);
    expect(b.events.at(-1)?.text).toContain('64 the most');
    expect(b.in.get({ id: 1 }).value).toEqual(Uint8Array.of(1));
    expect(b.in.get({ id: 2 }).valid).toBe(false);
  });

  it('PGE-PRM-007: a file of version 1, which had no sequence number, is read', () => {
    const body = Uint8Array.of(0x50, 0x47, 0x50, 0x52, 0, 1, 0, 0, 0, 9, 0, 1, 42);
    const file = new Uint8Array([...body, ...createHash('sha256').update(body).digest()]);
    expect(readParameterFile(file)).toEqual({
      ok: true,
      value: { sequence: 1, values: new Map([[9, Uint8Array.of(42)]]) },
    });
  });
});
