/**
 * A kept tile as a file. Numbers big-endian; probabilities beyond the last class are 0:
 *
 *     0   8  "PGETILE1"
 *     8   4  CRC-32 of the rest of the head
 *    12   4  CRC-32 of the pixels
 *    16   4  id                       20  8  time, Unix us
 *    28   8  latitude                 36  8  longitude (f64, degrees; NaN: not known)
 *    44   4  GSD (f32, m)             48  4  heading (f32, degrees)
 *    52   4  its lot                  56  2  tag of the classes      58  2  tag of the version
 *    60   1  classes                  61  3  0
 *    64  64  probabilities (f32)
 *   128      pixels, channel first
 */
import { crc32 } from 'node:zlib';
import { fail, type Result, succeed } from '../../../fsw/errors';

export interface StoredTile {
  readonly id: number;
  readonly timeUs: number;
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly gsdM: number;
  readonly headingDeg: number;
  /** Uniform at random, a U32: the tiles with the smallest are a fair sample of all that were seen. */
  readonly lot: number;
  readonly classesTag: number;
  readonly versionTag: number;
  readonly probabilities: Float32Array;
}

const MAGIC = 'PGETILE1';
const CHECKED_FROM = 12;
const PROBABILITIES_AT = 64;
export const TILE_HEAD_BYTES = 128;

export function writeTile(tile: StoredTile, pixels: Uint8Array): Uint8Array {
  const file = new Uint8Array(TILE_HEAD_BYTES + pixels.length);
  const view = new DataView(file.buffer);
  file.set(Buffer.from(MAGIC, 'latin1'));
  view.setUint32(12, crc32(pixels));
  view.setUint32(16, tile.id);
  view.setBigUint64(20, BigInt(Math.round(tile.timeUs)));
  view.setFloat64(28, tile.latDeg);
  view.setFloat64(36, tile.lonDeg);
  view.setFloat32(44, tile.gsdM);
  view.setFloat32(48, tile.headingDeg);
  view.setUint32(52, tile.lot);
  view.setUint16(56, tile.classesTag);
  view.setUint16(58, tile.versionTag);
  view.setUint8(60, tile.probabilities.length);
  for (const [i, share] of tile.probabilities.entries()) view.setFloat32(PROBABILITIES_AT + i * 4, share);
  file.set(pixels, TILE_HEAD_BYTES);
  view.setUint32(8, crc32(file.subarray(CHECKED_FROM, TILE_HEAD_BYTES)));
  return file;
}

/** Reads the first 128 bytes. Errors: TILE_FILE. */
export function readTileHead(head: Uint8Array, path: string): Result<StoredTile> {
  if (head.length < TILE_HEAD_BYTES) return fail('TILE_FILE', { path, why: `${head.length} bytes` });
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (Buffer.from(head.subarray(0, MAGIC.length)).toString('latin1') !== MAGIC)
    return fail('TILE_FILE', { path, why: 'it does not begin as one' });
  if (view.getUint32(8) !== crc32(head.subarray(CHECKED_FROM, TILE_HEAD_BYTES)))
    return fail('TILE_FILE', { path, why: 'the CRC of its head is wrong' });
  return succeed({
    id: view.getUint32(16),
    timeUs: Number(view.getBigUint64(20)),
    latDeg: view.getFloat64(28),
    lonDeg: view.getFloat64(36),
    gsdM: view.getFloat32(44),
    headingDeg: view.getFloat32(48),
    lot: view.getUint32(52),
    classesTag: view.getUint16(56),
    versionTag: view.getUint16(58),
    probabilities: Float32Array.from({ length: view.getUint8(60) }, (_, i) =>
      view.getFloat32(PROBABILITIES_AT + i * 4),
    ),
  });
}

/** Reads a whole file. Errors: TILE_FILE. */
export function readTile(
  file: Uint8Array,
  path: string,
): Result<{ readonly tile: StoredTile; readonly pixels: Uint8Array }> {
  const tile = readTileHead(file.subarray(0, TILE_HEAD_BYTES), path);
  if (!tile.ok) return tile;
  const pixels = file.slice(TILE_HEAD_BYTES);
  const expected = new DataView(file.buffer, file.byteOffset).getUint32(12);
  if (crc32(pixels) !== expected) return fail('TILE_FILE', { path, why: 'the CRC of its pixels is wrong' });
  return succeed({ tile: tile.value, pixels });
}
