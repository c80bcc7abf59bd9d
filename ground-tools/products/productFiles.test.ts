import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type Chunk, chunksOf, layerEnds, packCellMap } from '../../fsw/products';
import { jsonText } from '../gateway/lines';
import { ProductFiles } from './productFiles';

const head = { product: 5, kind: 'TILE', capture: 2, column: 3, row: 4 } as const;
/** As a client of the gateway gets it. */
const received = (chunk: Chunk) => JSON.parse(jsonText(chunk)) as Record<string, unknown>;

async function picture() {
  const pixels = Uint8Array.from({ length: 128 * 128 * 3 }, (_, i) => (i * i * 31 + (i >> 6)) & 0xff);
  const file = await sharp(pixels, { raw: { width: 128, height: 128, channels: 3 } })
    .jpeg({ progressive: true, quality: 80 })
    .toBuffer();
  const jpeg = Uint8Array.from(file);
  const ends = layerEnds(jpeg);
  if (!ends.ok) throw new Error(ends.error.text);
  return { jpeg, ends: ends.value };
}

describe('products as files', () => {
  it('are written once a layer is whole, under one name, and the last is the picture byte for byte', async () => {
    const { jpeg, ends } = await picture();
    const files = new ProductFiles();
    const made = ends.flatMap((_, layer) =>
      chunksOf(head, jpeg, ends, layer).map((chunk) => files.add(received(chunk))),
    );
    const written = made.flatMap((file) => (file.ok && file.value !== undefined ? [file.value] : []));
    expect(written.map(({ wholeLayers, layers }) => [wholeLayers, layers])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    expect(new Set(written.map(({ name }) => name))).toEqual(
      new Set(['capture2-tile-row4-column3-product5.jpg']),
    );
    for (const { bytes } of written)
      expect(
        (await sharp(bytes, { failOn: 'warning' }).raw().toBuffer({ resolveWithObject: true })).info.width,
      ).toBe(128);
    expect(Buffer.compare(written[2].bytes, jpeg)).toBe(0);
    expect(made.length).toBeGreaterThan(3);
  });

  it('are pictures of kept tiles as they came, by the tile and the quality', () => {
    const webp = Uint8Array.of(82, 73, 70, 70);
    const kept = { product: 17, kind: 'SPECIMEN', capture: 40, column: 0, row: 0 } as const;
    const file = new ProductFiles().add(received(chunksOf(kept, webp, [4], 0)[0]));
    expect(file).toMatchObject({ value: { name: 'tile17-quality40.webp', bytes: webp, wholeLayers: 1 } });
  });

  it('are maps that any viewer of PGM shows', () => {
    const packed = packCellMap({ width: 3, height: 2, cells: Uint8Array.of(0, 1, 2, 0, 0, 1) });
    if (!packed.ok) throw new Error(packed.error.text);
    const [chunk] = chunksOf({ ...head, kind: 'LAND_COVER' }, packed.value, [packed.value.length], 0);
    const file = new ProductFiles().add(received(chunk));
    if (!file.ok || file.value === undefined) throw new Error('no file');
    expect(file.value.name).toBe('capture2-land-cover-strip4-product5.pgm');
    expect(Buffer.from(file.value.bytes).toString('latin1')).toBe('P5\n3 2\n2\n\x00\x01\x02\x00\x00\x01');
  });

  it('are not made of what is no chunk, and a damaged map is said', () => {
    const files = new ProductFiles();
    for (const wrong of [{}, { ...head }, { product: 1, kind: 'toString' }])
      expect(files.add(wrong)).toMatchObject({ ok: false, error: { code: 'PRODUCT_CHUNK' } });
    const [chunk] = chunksOf({ ...head, kind: 'CLOUD' }, Uint8Array.of(9, 9, 9), [3], 0);
    expect(files.add(received(chunk))).toMatchObject({ ok: false, error: { code: 'CELL_MAP' } });
  });
});
