import { describe, expect, it } from 'vitest';
import { ReedSolomon } from '../../fsw/protocols';
import vectors from './coding.json';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

describe(`vectors made by reed-solomon-ccsds ${vectors.madeBy['reed-solomon-ccsds']}`, () => {
  it.each(vectors.blocks)('are the codeblocks we write and put right, interleave $interleave', (vector) => {
    const { data, parity, wrong, corrected } = vector;
    const code = new ReedSolomon({ interleave: vector.interleave as 1 | 2 | 3 | 4 | 5 });
    const block = new Uint8Array(data.length / 2 + code.parityLength);
    block.set(bytes(data));
    code.encode(block);
    expect(Buffer.from(block).toString('hex')).toBe(data + parity);
    const received = bytes(wrong);
    expect(code.decode(received)).toEqual({ ok: true, value: corrected });
    expect(received).toEqual(block);
  });
});
