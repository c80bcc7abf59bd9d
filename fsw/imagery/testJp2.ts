/** For tests: JPEG 2000 files of 16 bit, without loss, whole or tiled, with a georeference or none. */
import { tiffBytes } from './testTiff';

interface Encoder {
  getDecodedBuffer(frame: {
    width: number;
    height: number;
    bitsPerSample: number;
    componentCount: number;
    isSigned: boolean;
  }): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setQuality(lossless: boolean, rate: number): void;
  encode(): void;
  delete(): void;
}
type Factory = (module: { print(): void; printErr(): void }) => Promise<{ J2KEncoder: new () => Encoder }>;

type Count = (column: number, row: number) => number;

/** A codestream of one tile, 32 pixels and more along each side: the encoder makes five wavelet levels. */
async function encode(width: number, height: number, count: Count): Promise<Buffer> {
  const factory = require('@cornerstonejs/codec-openjpeg/wasmjs') as Factory;
  const { J2KEncoder } = await factory({ print() {}, printErr() {} });
  const encoder = new J2KEncoder();
  const frame = { width, height, bitsPerSample: 16, componentCount: 1, isSigned: false };
  const counts = Uint16Array.from({ length: width * height }, (_, i) =>
    count(i % width, Math.floor(i / width)),
  );
  encoder.getDecodedBuffer(frame).set(new Uint8Array(counts.buffer));
  encoder.setQuality(true, 0);
  encoder.encode();
  const bytes = Buffer.from(encoder.getEncodedBuffer());
  encoder.delete();
  return bytes;
}

/**
 * A codestream of square tiles, joined of one for each: this is right where a tile's side is a multiple of 32, so that the
 * five wavelet levels of a tile begin as they do at the origin.
 */
export async function codestreamBytes(
  width: number,
  height: number,
  tilePx: number,
  count: Count,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  const [columns, rows] = [Math.ceil(width / tilePx), Math.ceil(height / tilePx)];
  let header: Buffer | undefined;
  for (let index = 0; index < columns * rows; index++) {
    const [left, top] = [(index % columns) * tilePx, Math.floor(index / columns) * tilePx];
    const [w, h] = [Math.min(tilePx, width - left), Math.min(tilePx, height - top)];
    const one = await encode(w, h, (x, y) => count(left + x, top + y));
    const start = one.indexOf(Buffer.from('ff90000a', 'hex'));
    header ??= Buffer.from(one.subarray(0, start));
    const tile = Buffer.from(one.subarray(start, -2));
    tile.writeUInt16BE(index, 4);
    tile.writeUInt32BE(tile.length, 6);
    parts.push(tile);
  }
  if (header === undefined) throw new Error('a picture without pixels');
  for (const [i, value] of [width, height, 0, 0, tilePx, tilePx, 0, 0].entries())
    header.writeUInt32BE(value, 8 + 4 * i);
  return Buffer.concat([header, ...parts, Buffer.from('ffd9', 'hex')]);
}

function box(type: string, ...content: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from(type, 'latin1'), ...content]);
  bytes.writeUInt32BE(bytes.length, 0);
  return bytes;
}

/** A JP2 file around a codestream; `boxes` come before it. */
export function jp2File(codestream: Buffer, ...boxes: readonly Buffer[]): Buffer {
  const signature = box('jP  ', Buffer.from('0d0a870a', 'hex'));
  const kind = box('ftyp', Buffer.from('jp2 \0\0\0\0jp2 ', 'latin1'));
  return Buffer.concat([signature, kind, ...boxes, box('jp2c', codestream)]);
}

/** The GeoJP2 box: a GeoTIFF of one pixel. */
export function geoJp2Box(epsg: number, x: number, y: number, pixel: number): Buffer {
  const uuid = Buffer.from('b14bf8bd083d4b43a5ae8cd7d5a6ce03', 'hex');
  return box('uuid', uuid, tiffBytes({ width: 1, height: 1, bits: 8, epsg, x, y, pixel }));
}

/** The GML box as the files of Sentinel-2 have it; the origin is the first pixel's centre. */
export function gmlBox(epsg: number, x: number, y: number, pixel: number): Buffer {
  const srs = `urn:ogc:def:crs:EPSG::${epsg}`;
  const gml = `<gml:RectifiedGrid dimension="2" srsName="${srs}"><gml:origin><gml:Point srsName="${srs}">
    <gml:pos>${x + pixel / 2} ${y - pixel / 2}</gml:pos></gml:Point></gml:origin>
    <gml:offsetVector srsName="${srs}">${pixel} 0</gml:offsetVector>
    <gml:offsetVector srsName="${srs}">0 -${pixel}</gml:offsetVector></gml:RectifiedGrid>`;
  const label = box('lbl ', Buffer.from('gml.data'));
  return box(
    'asoc',
    label,
    box('asoc', box('lbl ', Buffer.from('gml.root-instance')), box('xml ', Buffer.from(gml))),
  );
}
