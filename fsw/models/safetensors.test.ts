import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from './safetensors';

/** A file with this header (an object, or raw text) and so many bytes of data. */
function safetensors(header: unknown, dataLength: number): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const tensor = (shape: unknown, from: number, to: number, dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [from, to],
});

function codeOf(bytes: Uint8Array): string {
  const result = readSafetensors(bytes, 'w');
  return result.ok ? 'OK' : result.error.code;
}

describe('a safetensors header', () => {
  it('is read in the order of the data, with absolute offsets; metadata and scalars are allowed', () => {
    const header = { __metadata__: { by: 'us' }, b: tensor([], 8, 12), a: tensor([2, 1], 0, 8) };
    const bytes = safetensors(header, 12);
    const start = bytes.length - 12;
    expect(readSafetensors(bytes, 'w')).toEqual({
      ok: true,
      value: [
        { name: 'a', dtype: 'F32', shape: [2, 1], offset: start, length: 8 },
        { name: 'b', dtype: 'F32', shape: [], offset: start + 8, length: 4 },
      ],
    });
  });

  it.each([
    ['no bytes at all', new Uint8Array(0), 'MODEL_TRUNCATED'],
    ['a header longer than the file', safetensors({}, 0).subarray(0, 9), 'MODEL_TRUNCATED'],
    ['a header of absurd length', new Uint8Array(16).fill(0xff), 'MODEL_HEADER'],
    ['a header that is not JSON', safetensors('{"a":', 0), 'MODEL_HEADER'],
    ['a header that is not UTF-8', safetensors({}, 0).fill(0xff, 8), 'MODEL_HEADER'],
    ['a header that is a list', safetensors([], 0), 'MODEL_HEADER'],
    ['an entry that is not an object', safetensors({ a: 1 }, 0), 'MODEL_HEADER'],
    ['a negative side', safetensors({ a: tensor([-1], 0, 4) }, 4), 'MODEL_HEADER'],
    ['a side that is text', safetensors({ a: tensor(['1'], 0, 4) }, 4), 'MODEL_HEADER'],
    ['offsets the wrong way round', safetensors({ a: tensor([1], 4, 0) }, 4), 'MODEL_HEADER'],
    ['an unknown dtype', safetensors({ a: tensor([1], 0, 4, 'F33') }, 4), 'MODEL_DTYPE'],
    ['a shape that its bytes do not hold', safetensors({ a: tensor([2], 0, 4) }, 4), 'MODEL_SHAPE'],
    ['a shape beyond all numbers', safetensors({ a: tensor([2 ** 52, 2 ** 52], 0, 4) }, 4), 'MODEL_SHAPE'],
    ['tensors that overlap', safetensors({ a: tensor([1], 0, 4), b: tensor([1], 2, 6) }, 6), 'MODEL_SHAPE'],
    [
      'a gap between tensors',
      safetensors({ a: tensor([1], 0, 4), b: tensor([1], 8, 12) }, 12),
      'MODEL_SHAPE',
    ],
    ['data that ends early', safetensors({ a: tensor([2], 0, 8) }, 7), 'MODEL_TRUNCATED'],
    ['bytes left over', safetensors({ a: tensor([1], 0, 4) }, 5), 'MODEL_HEADER'],
  ])('with %s is refused', (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  it('round-trips any list of tensors', () => {
    const shapes = fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }), { maxLength: 6 });
    fc.assert(
      fc.property(shapes, fc.constantFrom('U8', 'BF16', 'F32', 'I64'), (list, dtype) => {
        const size = { U8: 1, BF16: 2, F32: 4, I64: 8 }[dtype];
        let at = 0;
        const entries = list.map((shape, i): [string, unknown] => {
          const from = at;
          at += shape.reduce((product, side) => product * side, size);
          return [`t${i}`, tensor(shape, from, at, dtype)];
        });
        const read = readSafetensors(safetensors(Object.fromEntries(entries), at), 'w');
        if (!read.ok) throw new Error(read.error.text);
        const byName = new Map(read.value.map((info) => [info.name, info.shape]));
        expect(list.map((_, i) => byName.get(`t${i}`))).toEqual(list);
      }),
      { seed: 3 },
    );
  });

  it('never throws, whatever the bytes, and never points outside of them', () => {
    const good = safetensors({ a: tensor([2], 0, 8), b: tensor([3], 8, 20) }, 20);
    const edits = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(edits, fc.nat(good.length), (changes, length) => {
        const bytes = good.slice();
        for (const [at, value] of changes) bytes[at] = value;
        const file = bytes.subarray(0, length);
        const read = readSafetensors(file, 'w');
        if (read.ok)
          for (const info of read.value) expect(info.offset + info.length).toBeLessThanOrEqual(file.length);
      }),
      { seed: 4, numRuns: 2000 },
    );
  });
});
