import { describe, expect, it } from 'vitest';
import { ChecksumType, Condition, FileStatus } from '../protocols/cfdp';
import { Rig, randomBytes } from './testRig';

const noisy = { loss: 0.3, duplicates: 0.2, jitterUs: 1_500_000, delayUs: 200_000 };

describe('a file goes over', () => {
  it.each([0, 1, 3, 170, 5000])('class 1, %i bytes', (size) => {
    const rig = new Rig();
    const file = randomBytes(size, size);
    rig.a.give('up.bin', file);
    rig.a.put({ sourceName: 'up.bin', destinationName: 'in/down.bin', acknowledged: false });
    expect(rig.run(60e6)).toBe(true);
    expect(rig.b.file('in/down.bin')).toEqual(file);
    expect(rig.b.of('finished')[0].outcome).toMatchObject({
      condition: 0,
      complete: true,
      fileStatus: FileStatus.RETAINED,
    });
  });

  it.each([0, 1, 170, 5000])('class 2, %i bytes, and leaves no journal of it', (size) => {
    const rig = new Rig();
    const file = randomBytes(size, size);
    rig.a.give('up.bin', file);
    rig.a.put({ sourceName: 'up.bin' });
    expect(rig.run(60e6)).toBe(true);
    expect(rig.b.file('up.bin')).toEqual(file);
    expect(rig.a.of('finished')[0]).toMatchObject({
      role: 'source',
      name: 'up.bin',
      outcome: { condition: 0, complete: true },
    });
    expect(Object.keys(rig.b.files.contents()).sort()).toEqual(['.cfdp/history', 'up.bin']);
    expect(Object.keys(rig.a.files.contents()).sort()).toEqual(['.cfdp/history', '.cfdp/sequence', 'up.bin']);
  });

  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'class 2 through a third lost, repeats and reorder, both ways (seed %i)',
    (seed) => {
      const rig = new Rig({ seed, channel: noisy });
      const [up, down] = [randomBytes(60_000, seed), randomBytes(40_001, seed + 100)];
      rig.a.give('up', up);
      rig.b.give('down', down);
      rig.a.put({ sourceName: 'up', checksumType: ChecksumType.CRC32 });
      rig.b.put({ sourceName: 'down', checksumType: ChecksumType.MODULAR });
      expect(rig.run(3600e6)).toBe(true);
      expect(rig.b.file('up')).toEqual(up);
      expect(rig.a.file('down')).toEqual(down);
      for (const node of [rig.a, rig.b]) {
        expect(node.of('finished').map(({ outcome }) => outcome.condition)).toEqual([0, 0]);
        expect(node.of('refused')).toEqual([]);
      }
    },
  );

  it('many at once, in turns', () => {
    const rig = new Rig({ channel: noisy });
    const files = Array.from({ length: 16 }, (_, i) => randomBytes(3000 + i, i));
    files.forEach((file, i) => {
      rig.a.give(`f${i}`, file);
      rig.a.put({ sourceName: `f${i}` });
    });
    expect(rig.a.entity.put({ destination: 2, sourceName: 'f0' })).toMatchObject({
      error: { code: 'CFDP_BUSY' },
    });
    expect(rig.run(3600e6)).toBe(true);
    for (const [i, file] of files.entries()) expect(rig.b.file(`f${i}`)).toEqual(file);
  });

  it('class 1 with closure: the sender is told', () => {
    const rig = new Rig();
    rig.a.give('f', randomBytes(999, 1));
    rig.a.put({ sourceName: 'f', acknowledged: false, closure: true });
    expect(rig.run(60e6)).toBe(true);
    expect(rig.a.of('finished')[0].outcome).toMatchObject({ fileStatus: FileStatus.RETAINED });
  });

  it('class 1 that loses a part: given up after the check limit, and nothing is left of it', () => {
    const rig = new Rig({ channel: { loss: 0.2 }, seed: 5 });
    rig.a.give('f', randomBytes(20_000, 1));
    rig.a.put({ sourceName: 'f', acknowledged: false });
    expect(rig.run(1000e6)).toBe(true);
    expect(rig.b.of('finished')[0].outcome).toMatchObject({
      condition: Condition.CHECK_LIMIT,
      complete: false,
    });
    expect(Object.keys(rig.b.files.contents())).toEqual(['.cfdp/history']);
  });
});
