import { createHash } from 'node:crypto';
import { Encoder } from 'cbor-x';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSequence, writeSequence } from './codec';
import { comparisons, limits, type Sequence, type Step } from './types';

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const index = fc.integer({ min: 0, max: limits.steps });
const onFail = fc.constantFrom('abort', 'continue');
const bytes = fc.uint8Array({ maxLength: 40 });
const condition = fc.record({ channel: u32, comparison: fc.constantFrom(...comparisons), value: bytes });
const step = fc.oneof(
  fc.record({ op: fc.constant('command'), opcode: u32, args: bytes, onFail }),
  fc.record({ op: fc.constant('at'), seconds: u32, useconds: fc.integer({ min: 0, max: 999_999 }) }),
  fc.record({ op: fc.constant('wait'), ms: u32 }),
  fc.record({ op: fc.constant('await'), condition, timeoutMs: u32, onTimeout: onFail }),
  fc.record({ op: fc.constant('branch'), condition, otherwise: index }),
  fc.record({ op: fc.constant('jump'), to: index }),
  fc.record({ op: fc.constant('loop'), to: index, times: fc.integer({ min: 1, max: limits.times }) }),
  fc.record({ op: fc.constant('abort'), reason: fc.string({ maxLength: 20 }) }),
) as fc.Arbitrary<Step>;
const sequence: fc.Arbitrary<Sequence> = fc.record({
  name: fc.string({ maxLength: 10 }),
  dictionary: fc.constant('0123456789abcdef'),
  maxSteps: fc.integer({ min: 1, max: limits.maxSteps }),
  onAbort: fc.string({ maxLength: 20 }),
  labels: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), index, { maxKeys: 5 }),
  steps: fc.array(step, { maxLength: 30 }),
});

/** A file with a good SHA-256 around any body. */
function sealed(body: Uint8Array): Uint8Array {
  const digest = createHash('sha256').update(body).digest();
  return new Encoder({ useRecords: false, tagUint8Array: false }).encode([
    'perigee-sequence',
    1,
    body,
    digest,
  ]);
}

describe('the sequence file', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(sequence, (written) => {
        const read = readSequence(writeSequence(written));
        expect(read.ok && { ...read.value, labels: { ...read.value.labels } }).toEqual({
          ...written,
          labels: { ...written.labels },
        });
      }),
    );
  });

  it('is refused when any one bit is wrong', () => {
    const file = writeSequence({
      name: 'a',
      dictionary: '0123456789abcdef',
      maxSteps: 5,
      onAbort: '',
      labels: { here: 0 },
      steps: [{ op: 'wait', ms: 5 }],
    });
    for (let bit = 0; bit < file.length * 8; bit++) {
      const flipped = Uint8Array.from(file);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      expect(readSequence(flipped).ok, `bit ${bit}`).toBe(false);
    }
  });

  it('is refused without a throw whatever its bytes, under a good SHA-256 too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (random) => {
        expect(readSequence(random)).toMatchObject({ error: { code: 'SEQ_FILE' } });
        expect(readSequence(sealed(random))).toMatchObject({ error: { code: 'SEQ_FILE' } });
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused when a header asks for more than there is, or lists lie too deep', () => {
    const hugeArray = Uint8Array.of(0x9a, 0x05, 0xff, 0xff, 0xff);
    const deep = new Uint8Array(60_000).fill(0x81);
    for (const body of [hugeArray, deep, new Uint8Array(0)])
      expect(readSequence(sealed(body))).toMatchObject({ error: { code: 'SEQ_FILE' } });
    expect(readSequence(new Uint8Array(limits.fileBytes + 1))).toMatchObject({ error: { code: 'SEQ_FILE' } });
  });

  it('says which step has a field that is out of its range', () => {
    const encoder = new Encoder({ useRecords: false, tagUint8Array: false });
    const withStep = (bad: unknown) =>
      readSequence(sealed(encoder.encode(['0123456789abcdef', 'a', 5, '', [], [[2, 1000], bad]])));
    for (const bad of [
      [2, -1],
      [2, 1.5],
      [2, '5'],
      [2],
      [2, 1, 1],
      [6, 0, 0],
      [99],
      [],
      7,
      null,
      [0, 5, 'args', 0],
    ])
      expect(withStep(bad)).toMatchObject({ error: { text: expect.stringContaining('step 2') } });
  });
});
