import { describe, expect, it } from 'vitest';
import { type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import { bench } from '../../../fsw/framework/testing';
import { type Label, writeLabels } from '../../../fsw/learning/labels';
import type { ReferenceSet } from '../../payload/ports';
import { referenceSet } from './referenceSet';

const CLASSES = ['Forest', 'River', 'SeaLake'];
const label = (tile: number, says: Label['says'], use: Label['use'] = 'reference'): Label => ({
  tile,
  says,
  weight: 1,
  use,
});

async function boot(files: MemoryFiles, { gone = [] as number[], config = {} } = {}) {
  const b = await bench(referenceSet, {
    config,
    board: { files },
    answers: {
      tile: ({ tile }: { tile: number }) =>
        tile > 90 || gone.includes(tile) ? undefined : { id: tile, pixels: new Uint8Array(12).fill(tile) },
      served: ({ model }: { model: string }) =>
        model === 'land-cover' ? { manifest: { classes: CLASSES }, nextSerial: 2 } : undefined,
    },
  });
  const take = (entries: readonly Label[], { model = 'land-cover', classes = CLASSES } = {}) => {
    const written = writeLabels({ name: 'march', model, classes, entries });
    if (!written.ok) throw new Error(written.error.text);
    files.truncate('up.labels', 0);
    files.write('up.labels', 0, written.value);
    b.command('TAKE', { path: 'up.labels' });
    return b.responses.at(-1)?.status;
  };
  const set = () => b.in.reference({ model: 'land-cover' }) as ReferenceSet | undefined;
  const named = (event: string) => b.events.filter(({ name }) => name === event).map(({ args }) => args);
  return { ...b, take, set, named };
}

describe('the reference set', () => {
  it('PGE-RFS-001: takes the reference tiles of a label file, and keeps them over boots and the archive', async () => {
    const files = memoryFiles();
    const b = await boot(files);
    expect(b.set()).toBeUndefined();
    const entries = [label(1, 0), label(2, 1, 'train'), label(3, Uint8Array.of(9, 30, 200)), label(95, 2)];
    expect(b.take(entries)).toBe('OK');
    expect(b.named('ReferenceTaken')).toEqual([{ model: 'land-cover', taken: 2, missing: 1, held: 2 }]);
    const again = await boot(files, { gone: [1, 3] });
    const set = again.set();
    expect(set).toMatchObject({ classes: CLASSES, labels: Uint8Array.of(0, 2) });
    expect(set?.items(1, 1)).toEqual(new Float32Array(12).fill(3));
    expect(set?.items(0, 2)).toHaveLength(24);
    expect(again.in.reference({ model: 'other' })).toBeUndefined();
  });

  it('PGE-RFS-002: adds to what it holds, and the later label of a tile counts', async () => {
    const b = await boot(memoryFiles());
    b.take([label(1, 0), label(2, 1)]);
    expect(b.take([label(2, 2), label(4, 1)])).toBe('OK');
    expect(b.set()?.labels).toEqual(Uint8Array.of(0, 2, 1));
    expect(b.named('ReferenceTaken').at(-1)).toMatchObject({ taken: 2, held: 3 });
  });

  it.each<[string, string, (b: Awaited<ReturnType<typeof boot>>) => unknown]>([
    ['for another model', 'MODEL_UNKNOWN', (b) => b.take([label(1, 0)], { model: 'other' })],
    ['for other classes', 'LABELS_MODEL', (b) => b.take([label(1, 0)], { classes: ['a', 'b'] })],
    ['without a tile that is kept', 'REFERENCE', (b) => b.take([label(95, 0), label(2, 1, 'train')])],
    ['of too many tiles', 'REFERENCE', (b) => b.take([2, 3, 4].map((tile) => label(tile, 1)))],
    ['that is none', 'LABELS', (b) => b.command('TAKE', { path: 'reference-set/land-cover-a' })],
    ['that is not there', 'FILE_MISSING', (b) => b.command('TAKE', { path: 'none.labels' })],
  ])('PGE-RFS-003: a label file %s is refused and changes nothing', async (_, code, refuse) => {
    const b = await boot(memoryFiles(), { config: { maxTiles: 3 } });
    b.take([label(1, 0)]);
    refuse(b);
    expect(b.responses.at(-1)?.status).toBe('EXECUTION_ERROR');
    expect(b.named('ReferenceRefused')).toMatchObject([{ code }]);
    expect(b.set()?.labels).toEqual(Uint8Array.of(0));
  });

  it('PGE-RFS-004: heals a damaged or lost copy from the other, and says so; without one there is no set', async () => {
    const files = memoryFiles();
    const b = await boot(files);
    b.take([label(1, 0), label(2, 1)]);
    const copies = ['a', 'b'].map((copy) => `reference-set/land-cover-${copy}`);
    const whole = files.contents()[copies[0]].slice();
    for (const copy of copies) {
      files.contents()[copy][20] ^= 4;
      expect(b.set()?.labels).toHaveLength(2);
      files.remove(copy);
      expect(b.set()?.labels).toHaveLength(2);
      expect(files.contents()[copy]).toEqual(whole);
    }
    expect(b.named('ReferenceDamaged')).toHaveLength(2);
    for (const copy of copies) files.contents()[copy][20] ^= 4;
    expect(b.set()).toBeUndefined();
  });

  it('PGE-RFS-005: a power cut at any writing leaves the set before or the new one', async () => {
    for (let n = 1; ; n++) {
      const files = memoryFiles();
      const b = await boot(files);
      b.take([label(1, 0)]);
      const before = files.operations;
      files.cutAt(n);
      b.take([label(2, 1)]);
      const finished = files.operations - before < n;
      files.reboot();
      const after = await boot(files);
      expect([Uint8Array.of(0), Uint8Array.of(0, 1)]).toContainEqual(after.set()?.labels);
      const [one, other] = ['a', 'b'].map((copy) => files.contents()[`reference-set/land-cover-${copy}`]);
      expect(one).toEqual(other);
      if (!finished) continue;
      expect(after.set()?.labels).toHaveLength(2);
      break;
    }
  });

  it('PGE-RFS-006: says what it holds, and forgets it', async () => {
    const b = await boot(memoryFiles());
    b.take([label(1, 0), label(2, 2), label(3, 2)]);
    b.command('SHOW', { model: 'land-cover' });
    expect(b.named('ReferenceHeld')).toEqual([
      { model: 'land-cover', held: 3, classes: 'Forest 1, River 0, SeaLake 2' },
    ]);
    b.command('FORGET', { model: 'land-cover' });
    expect(b.set()).toBeUndefined();
    b.command('SHOW', { model: 'land-cover' });
    expect(b.named('ReferenceHeld').at(-1)).toMatchObject({ held: 0, classes: 'none' });
    expect(b.telemetry.TilesHeld).toBe(0);
  });
});
