import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { seededRandom } from '../../../fsw/framework/random';
import { halfOfFloat } from './float16';
import { languageModel } from './languageModel';

/** A file as SmolLM2's, with the three tensors that are taken, 64 × 2 weights each. */
function gguf(): string {
  const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
  const u64 = (value: number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
  const text = (value: string) => Buffer.concat([u64(value.length), Buffer.from(value)]);
  const names = ['blk.14.ffn_up.weight', 'blk.14.ffn_gate.weight', 'blk.14.ffn_down.weight'];
  const bytes = 4 * 20;
  const infos = names.map((name, i) =>
    Buffer.concat([text(name), u32(2), u64(64), u64(2), u32(3), u64(i * bytes)]),
  );
  const head = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(3), u64(0), ...infos]);
  const random = seededRandom(1);
  const blocks = Array.from({ length: 12 }, () => {
    const block = Buffer.from(Array.from({ length: 20 }, () => random.integer(256)));
    block.writeUInt16LE(halfOfFloat(0.01), 0);
    block.writeUInt16LE(halfOfFloat(-0.08), 2);
    return block;
  });
  const folder = mkdtempSync(join(tmpdir(), 'perigee-gguf-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'model.gguf');
  const padding = Buffer.alloc(Math.ceil(head.length / 32) * 32 - head.length);
  writeFileSync(file, Buffer.concat([head, padding, ...blocks]));
  return file;
}

function open(quantisation: 'int8' | '4-bit') {
  const model = languageModel(quantisation, gguf());
  if (!model.ok) throw new Error(model.error.text);
  return model.value;
}

describe('a block of a language model', () => {
  it.each([
    ['4-bit', 12 * 20, [0, 2]],
    ['int8', 12 * 34, [0]],
  ] as const)('is taken in %s, with its scales known', (quantisation, bytes, halves) => {
    const { weights, floats } = open(quantisation);
    expect(weights.length).toBe(bytes);
    expect(floats.map(({ at }) => at)).toEqual(halves);
    expect(floats.every(({ count, bound }) => count === 12 && bound > 0 && bound < 0.1)).toBe(true);
  });

  it('costs nothing whole, little with a low bit wrong, and all where a scale is no number', async () => {
    for (const quantisation of ['4-bit', 'int8'] as const) {
      const { weights, damage } = open(quantisation);
      expect(await damage(weights.slice(), weights)).toBe(0);
      const low = weights.slice();
      low[10] ^= 1;
      const little = await damage(low, weights);
      expect(little).toBeGreaterThan(0);
      expect(little).toBeLessThan(20);
      const high = weights.slice();
      high[1] |= 0x7c;
      expect(await damage(high, weights)).toBe(100);
    }
  });

  it('has nearly the same products in int8 as in 4 bits: only the form differs', () => {
    const [four, eight] = [open('4-bit'), open('int8')];
    const scale = new DataView(eight.weights.buffer).getUint16(0, true);
    // Weights of the first block: 0.01 × (0…15) − 0.08, quantised by their greatest magnitude over 127.
    const most = Math.max(
      ...Array.from(four.weights.subarray(4, 20), (byte) =>
        Math.max(Math.abs(0.01 * (byte & 15) - 0.08), Math.abs(0.01 * (byte >> 4) - 0.08)),
      ),
    );
    expect(scale).toBeCloseTo(halfOfFloat(most / 127), -2);
    const [low] = four.weights.subarray(4, 5);
    const [value] = eight.weights.subarray(2, 3);
    expect(((value << 24) >> 24) * (most / 127)).toBeCloseTo(0.01 * (low & 15) - 0.08, 2);
  });
});
