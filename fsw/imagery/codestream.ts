/** The frame of a JPEG 2000 codestream (ISO/IEC 15444-1, Annex A): its size, where its tiles are, and each tile as a codestream of its own. */
import { fail, type Result, succeed } from '../errors';
import { checkSize, imageryLimits } from './raster';

/** Start of codestream, then the size of the picture: what each begins with. */
const SOC_SIZ = 0xff4fff51;
const TLM = 0xff55;
const PLM = 0xff57;
const PPM = 0xff60;
const SOT = 0xff90;
const EOC = 0xffd9;
/** Their index has 16 bits. */
const MAX_TILES = 65_535;
/** SOT marker segment, with its marker. */
const SOT_LENGTH = 12;
/** A main header holds some hundred bytes, and a table of the tiles. */
const MAX_HEADER = 2 ** 20;
/** What a tile may take in the file: 16 bit that did not compress, and its headers. */
const MAX_TILE_BYTES = 2 * imageryLimits.blockPx + MAX_HEADER;

/** Reads `length` bytes of the codestream, fewer at its end. */
export type ReadBytes = (offset: number, length: number) => Promise<Uint8Array>;

interface TilePart {
  readonly offset: number;
  readonly length: number;
}

export interface Codestream {
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  readonly bits: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly columns: number;
  readonly rows: number;
  /** Of tile `index`, counted row by row: its place in the picture, in pixels. */
  placeOf(index: number): { left: number; top: number; width: number; height: number };
  /** A tile as a codestream that holds nothing else: the same header, with the picture cut to it. */
  tile(index: number): Promise<Uint8Array>;
}

/**
 * Walks a codestream of `length` bytes without decoding it, so that a file that was cut short is known as such: the decoder
 * would fill the rest with grey. Errors: IMAGERY_FORMAT, IMAGERY_SIZE, IMAGERY_TRUNCATED.
 */
export async function readCodestream(
  file: string,
  length: number,
  read: ReadBytes,
): Promise<Result<Codestream>> {
  const wrong = (why: string) => fail('IMAGERY_FORMAT', { file, why });
  const head = viewOf(await read(0, Math.min(length, MAX_HEADER)));
  if (head.byteLength < 4 || head.getUint32(0) !== SOC_SIZ) return wrong('it has no codestream of JPEG 2000');
  const header = mainHeader(head);
  if (header === undefined) return fail('IMAGERY_TRUNCATED', { file, why: 'it ends within its main header' });
  if (header.segments.some(({ marker }) => marker === PPM))
    return wrong('packed packet headers are not read here');
  const size = sizeOf(file, head);
  if (!size.ok) return size;
  const grid = size.value;
  const parts = await tileParts(file, header.end, length, grid.columns * grid.rows, read);
  if (!parts.ok) return parts;
  const kept = header.segments.filter(({ marker }) => marker !== TLM && marker !== PLM);
  const bytes = new Uint8Array(head.buffer, head.byteOffset);
  const segments = kept.map(({ at, length: size }) => bytes.slice(at, at + size));
  const { x0, y0, x1, y1, tx, ty } = grid;
  const spanOf = (index: number) => {
    const [column, row] = [index % grid.columns, Math.floor(index / grid.columns)];
    const [left, top] = [
      Math.max(x0, tx + column * grid.tileWidth),
      Math.max(y0, ty + row * grid.tileHeight),
    ];
    const right = Math.min(x1, tx + (column + 1) * grid.tileWidth);
    const bottom = Math.min(y1, ty + (row + 1) * grid.tileHeight);
    return { left, top, right, bottom };
  };
  return succeed({
    ...grid,
    placeOf(index) {
      const { left, top, right, bottom } = spanOf(index);
      return { left: left - x0, top: top - y0, width: right - left, height: bottom - top };
    },
    async tile(index) {
      const { left, top, right, bottom } = spanOf(index);
      const siz = viewOf(segments[0].slice());
      // The picture becomes the tile, at its old place on the reference grid, so that every subband stays what it was.
      for (const [i, value] of [
        right,
        bottom,
        left,
        top,
        grid.tileWidth,
        grid.tileHeight,
        left,
        top,
      ].entries())
        siz.setUint32(6 + 4 * i, value);
      const data: Uint8Array[] = [];
      for (const { offset, length: size } of parts.value[index]) {
        const part = await read(offset, size);
        const sot = viewOf(part);
        sot.setUint16(4, 0);
        sot.setUint32(6, size);
        data.push(part);
      }
      return Buffer.concat([
        Uint8Array.of(0xff, 0x4f),
        new Uint8Array(siz.buffer),
        ...segments.slice(1),
        ...data,
        Uint8Array.of(0xff, 0xd9),
      ]);
    },
  });
}

/** The segments of the main header, SIZ first; undefined where the bytes end before the first tile. */
function mainHeader(head: DataView) {
  const segments: { marker: number; at: number; length: number }[] = [];
  let at = 2;
  while (at + 4 <= head.byteLength) {
    const marker = head.getUint16(at);
    if (marker === SOT) return { segments, end: at };
    const length = 2 + head.getUint16(at + 2);
    segments.push({ marker, at, length });
    at += length;
  }
  return undefined;
}

function sizeOf(file: string, head: DataView) {
  const wrong = (why: string) => fail('IMAGERY_FORMAT', { file, why });
  const at = 2;
  const field = (i: number) => head.getUint32(at + 6 + 4 * i);
  const [x1, y1, x0, y0, tileWidth, tileHeight, tx, ty] = [0, 1, 2, 3, 4, 5, 6, 7].map(field);
  const samples = head.getUint16(at + 38);
  const [width, height] = [x1 - x0, y1 - y0];
  const checked = checkSize(file, width, height, samples);
  if (!checked.ok) return checked;
  if (tx > x0 || ty > y0 || tx + tileWidth <= x0 || ty + tileHeight <= y0)
    return wrong('its tiles do not cover it');
  const columns = Math.ceil((x1 - tx) / tileWidth);
  const rows = Math.ceil((y1 - ty) / tileHeight);
  if (columns * rows > MAX_TILES) return wrong(`it has ${columns * rows} tiles`);
  const [value, max] = [
    Math.min(tileWidth, width) * Math.min(tileHeight, height) * samples,
    imageryLimits.blockPx,
  ];
  if (value > max) return fail('IMAGERY_SIZE', { file, what: 'a tile of it, in samples', value, max });
  const depths = Array.from({ length: samples }, (_, i) => head.getUint8(at + 40 + 3 * i));
  const steps = Array.from({ length: 2 * samples }, (_, i) =>
    head.getUint8(at + 41 + 3 * (i >> 1) + (i & 1)),
  );
  const bits = depths[0] + 1;
  if (bits > 16 || depths.some((depth) => depth !== depths[0]))
    return wrong('its samples are no unsigned integers of one size up to 16 bit');
  if (steps.some((step) => step !== 1)) return wrong('its samples are not of one resolution');
  return succeed({
    x0,
    y0,
    x1,
    y1,
    tx,
    ty,
    width,
    height,
    samples,
    bits,
    tileWidth,
    tileHeight,
    columns,
    rows,
  });
}

/** Where the parts of every tile are. */
async function tileParts(
  file: string,
  start: number,
  length: number,
  tiles: number,
  read: ReadBytes,
): Promise<Result<TilePart[][]>> {
  const cut = (why: string) => fail('IMAGERY_TRUNCATED', { file, why });
  const parts: TilePart[][] = [];
  let at = start;
  while (at + 2 <= length) {
    const sot = viewOf(await read(at, SOT_LENGTH));
    const marker = sot.getUint16(0);
    if (marker === EOC) break;
    if (marker !== SOT)
      return fail('IMAGERY_FORMAT', { file, why: `no tile begins at byte ${at} of its codestream` });
    if (sot.byteLength < SOT_LENGTH) return cut('it ends within the head of a tile');
    const index = sot.getUint16(4);
    const size = sot.getUint32(6) || length - 2 - at;
    if (index >= tiles) return fail('IMAGERY_FORMAT', { file, why: `tile ${index} of ${tiles}` });
    if (at + size > length)
      return cut(`${length} bytes of codestream on hand, tile ${index} ends at ${at + size}`);
    if (size < SOT_LENGTH + 2) return fail('IMAGERY_FORMAT', { file, why: `tile ${index} is empty` });
    const others = parts[index] ?? [];
    parts[index] = [...others, { offset: at, length: size }];
    at += size;
  }
  for (let index = 0; index < tiles; index++) {
    if (parts[index] === undefined) return cut(`tile ${index} of ${tiles} is missing`);
    const value = parts[index].reduce((sum, part) => sum + part.length, 0);
    if (value > MAX_TILE_BYTES)
      return fail('IMAGERY_SIZE', { file, what: 'a tile in bytes', value, max: MAX_TILE_BYTES });
  }
  return succeed(parts);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
