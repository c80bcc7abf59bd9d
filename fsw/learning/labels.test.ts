import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCbor } from '../models/cbor';
import {
  checkLabelsFor,
  type Label,
  type Labels,
  labelUses,
  readLabels,
  targetOf,
  writeLabels,
} from './labels';

const classes = ['Forest', 'River', 'SeaLake'];
const label = (tile: number, says: Label['says'] = 0): Label => ({ tile, says, weight: 1, use: 'train' });
const labels = (entries: readonly Label[]): Labels => ({
  name: 'pass-7',
  model: 'land-cover',
  classes,
  entries,
});

/** A file with this body, whatever it is. */
function fileOf(body: unknown): Uint8Array {
  const encoded = encodeCbor(body);
  const head = Buffer.from('5047454c4142454c00000001', 'hex');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(encoded.length);
  return Uint8Array.from([...head, ...length, ...createHash('sha256').update(encoded).digest(), ...encoded]);
}

function bytesOf(given: Labels): Uint8Array {
  const written = writeLabels(given);
  if (!written.ok) throw new Error(written.error.text);
  return written.value;
}

const arbitrary = fc.record({
  tile: fc.integer({ min: 0, max: 0xffff_ffff }),
  says: fc.oneof(
    fc.integer({ min: 0, max: 2 }),
    fc.uint8Array({ minLength: 3, maxLength: 3 }).filter((shares) => shares.some((share) => share > 0)),
  ),
  weight: fc.integer({ min: 1, max: 255 }).map((count) => count / 255),
  use: fc.constantFrom(...labelUses),
});

describe('label files', () => {
  it('give back what was written, with the hash of their body', () => {
    const entries = fc.uniqueArray(arbitrary, { minLength: 1, maxLength: 40, selector: ({ tile }) => tile });
    fc.assert(
      fc.property(entries, (given) => {
        const bytes = bytesOf(labels(given));
        const sha256 = createHash('sha256').update(bytes.subarray(48)).digest('hex');
        expect(readLabels(bytes, 'a')).toEqual({ ok: true, value: { ...labels(given), sha256 } });
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  it('are few bytes: ten for a class', () => {
    const [one, many] = [100, 200].map((n) =>
      bytesOf(labels(Array.from({ length: n }, (_, i) => label(0x8000_0000 + i)))),
    );
    expect((many.length - one.length) / 100).toBeLessThanOrEqual(10);
  });

  it('stay the same from build to build, byte for byte', () => {
    const bytes = bytesOf(
      labels([label(70_000, 2), { ...label(7, Uint8Array.of(1, 2, 3)), use: 'reference' }]),
    );
    expect(Buffer.from(bytes.subarray(48)).toString('hex')).toBe(
      'a4646e616d6566706173732d37656d6f64656c6a6c616e642d636f76657267636c6173736573' +
        '8366466f72657374655269766572675365614c616b6567656e747269657382841a0001117002' +
        '18ff0084074301020318ff01',
    );
  });

  it('are refused when one bit is wrong, wherever it is', () => {
    const good = bytesOf(labels([label(1), label(2, 1)]));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: good.length * 8 - 1 }), (bit) => {
        const bad = Uint8Array.from(good);
        bad[bit >> 3] ^= 1 << (bit & 7);
        expect(readLabels(bad, 'a')).toMatchObject({ ok: false, error: { code: 'LABELS' } });
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  it('are read without a throw, whatever body has the right hash', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.object().map(encodeCbor)), (body) => {
        const [head, length] = [Buffer.from('5047454c4142454c00000001', 'hex'), Buffer.alloc(4)];
        length.writeUInt32BE(body.length);
        const hash = createHash('sha256').update(body).digest();
        const read = readLabels(Uint8Array.from([...head, ...length, ...hash, ...body]), 'a');
        expect(read).toMatchObject({ ok: false, error: { code: 'LABELS' } });
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it('are refused when they are cut, too long or no label file, by name', () => {
    const good = bytesOf(labels([label(1)]));
    const text = (bytes: Uint8Array) => {
      const read = readLabels(bytes, 'x.labels');
      return read.ok ? 'ok' : read.error.text;
    };
    expect(text(good.subarray(0, 20))).toBe('labels x.labels: 20 bytes, 48 the least');
    expect(text(good.subarray(0, good.length - 1))).toContain('its header says');
    expect(text(new Uint8Array(2 ** 20 + 1))).toContain('1048576 the most');
    expect(text(new Uint8Array(100))).toContain('does not begin as a label file does');
    expect(text(Uint8Array.from(good, (byte, i) => (i === 11 ? 2 : byte)))).toContain('format 2');
  });

  it.each<[string, unknown, string]>([
    ['a body that is no map', 7, 'name'],
    [
      'a class that is not there',
      { entries: [[1, 3, 255, 0]] },
      'entries[0], class: not a whole number of 0 to 2',
    ],
    ['a tile without a number', { entries: [[-1, 0, 255, 0]] }, 'entries[0], tile'],
    [
      'a tile twice',
      {
        entries: [
          [1, 0, 255, 0],
          [1, 1, 255, 1],
        ],
      },
      'entries[1]: tile 1 is there twice',
    ],
    ['no weight', { entries: [[1, 0, 0, 0]] }, 'entries[0], weight'],
    ['an unknown use', { entries: [[1, 0, 255, 2]] }, 'entries[0], use'],
    ['too few probabilities', { entries: [[1, Uint8Array.of(1, 2), 255, 0]] }, '2 bytes, 3 needed'],
    ['probabilities of 0', { entries: [[1, new Uint8Array(3), 255, 0]] }, 'all are 0'],
    ['too few fields', { entries: [[1, 0]] }, 'entries[0]: 2 fields, 4 needed'],
    ['no entry', { entries: [] }, 'entries: there is none'],
    ['one class', { classes: ['a'] }, 'classes: 1, 2 the least'],
    ['a class twice', { classes: ['a', 'b', 'a'] }, 'classes: one is there twice'],
    [
      'too many classes',
      { classes: Array.from({ length: 17 }, (_, i) => `c${i}`) },
      '17 entries, 16 the most',
    ],
    ['a name that leads out of its folder', { name: '../x' }, 'is not a plain file name'],
  ])('are refused with %s', (_, change, says) => {
    const body = { name: 'a', model: 'm', classes, entries: [[1, 0, 255, 0]] };
    const read = readLabels(fileOf(typeof change === 'object' ? { ...body, ...change } : change), 'a');
    expect(read).toMatchObject({ ok: false, error: { code: 'LABELS' } });
    if (!read.ok && typeof change === 'object') expect(read.error.text).toContain(says);
  });

  it('cannot be written when they could not be read', () => {
    expect(writeLabels(labels([label(1, 3)]))).toMatchObject({ ok: false, error: { code: 'LABELS' } });
    expect(writeLabels(labels([{ ...label(1), weight: 0.001 }]))).toMatchObject({ ok: false });
  });

  it('are for one model and its classes in their order', () => {
    const file = labels([label(1)]);
    expect(checkLabelsFor(file, { model: 'land-cover', classes }).ok).toBe(true);
    expect(checkLabelsFor(file, { model: 'other', classes })).toMatchObject({
      error: { text: 'labels pass-7: they are for model land-cover, this is other' },
    });
    expect(checkLabelsFor(file, { model: 'land-cover', classes: [...classes].reverse() })).toMatchObject({
      error: { code: 'LABELS_MODEL' },
    });
  });

  it('say what a network is to answer: a class, or probabilities that sum to one', () => {
    expect([...targetOf({ says: 1 }, 3)]).toEqual([0, 1, 0]);
    expect([...targetOf({ says: Uint8Array.of(10, 30, 0) }, 3)]).toEqual([0.25, 0.75, 0]);
  });
});
