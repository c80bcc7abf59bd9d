import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../framework';
import { Assembler, type Chunk } from './assembler';
import { chunksOf } from './chunks';
import { MAX_CHUNK, ProductChunk, StripNote, VesselRecord } from './records';

const head = { product: 7, kind: 'THUMBNAIL', capture: 3, column: 1, row: 2 } as const;
const content = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31) & 0xff);
const layered = (ends: readonly number[]) => {
  const bytes = content(ends[ends.length - 1]);
  return { bytes, chunks: ends.flatMap((_, layer) => chunksOf(head, bytes, ends, layer)) };
};

describe('chunks of a product', () => {
  it('come together in any order, twice or not, and say how many layers are whole', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 6000 }), { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(fc.nat()),
        (lengths, order) => {
          const ends = lengths.toSorted((a, b) => a - b);
          const { bytes, chunks } = layered(ends);
          const keys = [...order.take(chunks.length)];
          const shuffled = chunks.map((chunk, i) => ({ chunk, key: keys[i] })).sort((a, b) => a.key - b.key);
          const assembler = new Assembler();
          let last: ReturnType<Assembler['add']>;
          for (const { chunk } of [...shuffled, ...shuffled.slice(0, 2)]) last = assembler.add(chunk);
          expect(last).toMatchObject({ ...head, layers: ends.length, wholeLayers: ends.length, bytes });
        },
      ),
      { seed: 21 },
    );
  });

  it('are the picture up to the first that is lost', () => {
    const { bytes, chunks } = layered([1000, 3000, 9000]);
    const assembler = new Assembler();
    const lost = chunks.findIndex(({ layer }) => layer === 1) + 1;
    const states = chunks.filter((_, i) => i !== lost).map((chunk) => assembler.add(chunk));
    const last = states.at(-1);
    expect(last?.wholeLayers).toBe(1);
    expect(last?.bytes).toEqual(bytes.slice(0, chunks[lost].offset));
    expect(assembler.add(chunks[lost])).toMatchObject({ wholeLayers: 3, bytes });
  });

  it('fit a packet, and survive their wire format', () => {
    const { chunks } = layered([2000, 5000]);
    for (const chunk of chunks) {
      expect(chunk.data.length).toBeLessThanOrEqual(MAX_CHUNK);
      const packed = encode(ProductChunk, chunk);
      expect(packed.length + 16).toBeLessThanOrEqual(1016);
      expect(decode(ProductChunk, packed)).toEqual({ ok: true, value: chunk });
    }
    expect([StripNote.maxSize, VesselRecord.maxSize]).toEqual([28, 23]);
  });

  it('that cannot be true are refused, and the oldest product is forgotten first', () => {
    const { chunks } = layered([100]);
    const [good] = chunks;
    const wrong: Partial<Chunk>[] = [
      { layer: 1 },
      { offset: 1 },
      { data: new Uint8Array(0) },
      { layerEnd: 2 ** 31 },
    ];
    for (const change of wrong) expect(new Assembler().add({ ...good, ...change })).toBeUndefined();
    const assembler = new Assembler(1);
    const [first, second] = layered([1500]).chunks;
    assembler.add(first);
    assembler.add({ ...good, product: 8 });
    expect(assembler.add(second)).toMatchObject({ wholeLayers: 0, bytes: new Uint8Array(0) });
  });
});
