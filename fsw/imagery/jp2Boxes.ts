/** The boxes of a JP2 file (ISO/IEC 15444-1, Annex I): where the codestream is, and what says where the picture lies. */
import { fail, type Result, succeed } from '../errors';
import type { ReadBytes } from './codestream';
import { georeferenceOf } from './geoKeys';
import { type Georeference, type Projection, projectionOf } from './georeference';
import { geotiffLibrary } from './geotiffLibrary';

/** GeoJP2: a TIFF of one pixel, whose tags are those of the picture (LizardTech, "GeoTIFF box specification", 2004). */
const GEOJP2_UUID = 'b14bf8bd083d4b43a5ae8cd7d5a6ce03';
/** A box with a georeference is small. */
const MAX_BOX = 2 ** 20;
const MAX_BOXES = 1000;

export interface Jp2Boxes {
  readonly codestream: { readonly offset: number; readonly length: number };
  readonly georeference?: Georeference;
}

interface Box {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
}

/** A file of boxes, or a bare codestream, of `length` bytes. Errors: IMAGERY_FORMAT, IMAGERY_TRUNCATED, IMAGERY_CRS. */
export async function readBoxes(file: string, length: number, read: ReadBytes): Promise<Result<Jp2Boxes>> {
  const magic = Buffer.from(await read(0, 4)).toString('hex');
  if (magic === 'ff4fff51') return succeed({ codestream: { offset: 0, length } });
  const boxes = await boxesOf(file, 0, length, read);
  if (!boxes.ok) return boxes;
  const codestream = boxes.value.find(({ type }) => type === 'jp2c');
  if (codestream === undefined) return fail('IMAGERY_TRUNCATED', { file, why: 'it has no codestream' });
  const georeference = await georeferenceIn(file, boxes.value, read);
  if (!georeference.ok) return georeference;
  return succeed({ codestream, georeference: georeference.value });
}

async function boxesOf(file: string, start: number, end: number, read: ReadBytes): Promise<Result<Box[]>> {
  const boxes: Box[] = [];
  let at = start;
  while (at + 8 <= end && boxes.length < MAX_BOXES) {
    const head = Buffer.from(await read(at, 16));
    const short = head.readUInt32BE(0);
    const type = head.toString('latin1', 4, 8);
    // 0: to the end of the file; 1: the length follows in 64 bits.
    const long = short === 1;
    if (long && head.length < 16) break;
    const size = short === 0 ? end - at : long ? Number(head.readBigUInt64BE(8)) : short;
    const inside = long ? 16 : 8;
    if (size < inside)
      return fail('IMAGERY_FORMAT', { file, why: `its box at byte ${at} has ${size} bytes` });
    if (at + size > end)
      return fail('IMAGERY_TRUNCATED', {
        file,
        why: `${end} bytes on hand, its box ${type} ends at ${at + size}`,
      });
    boxes.push({ type, offset: at + inside, length: size - inside });
    at += size;
  }
  return succeed(boxes);
}

/** Of a GeoJP2 box, else of a GML box (OGC 05-047r3). */
async function georeferenceIn(
  file: string,
  boxes: readonly Box[],
  read: ReadBytes,
): Promise<Result<Georeference | undefined>> {
  const xml: Box[] = [];
  for (const box of boxes) {
    if (box.length > MAX_BOX) continue;
    if (box.type === 'asoc') xml.push(...(await xmlBoxes(file, box, read)));
    if (box.type === 'xml ') xml.push(box);
    if (box.type !== 'uuid' || box.length < 16) continue;
    const bytes = await read(box.offset, box.length);
    if (Buffer.from(bytes.subarray(0, 16)).toString('hex') !== GEOJP2_UUID) continue;
    const { fromArrayBuffer } = await geotiffLibrary();
    const tiff = await fromArrayBuffer(bytes.slice(16).buffer);
    return georeferenceOf(file, (await tiff.getImage(0)).fileDirectory);
  }
  for (const { offset, length } of xml) {
    const text = Buffer.from(await read(offset, length)).toString('utf8');
    if (text.includes('RectifiedGrid')) return gmlGeoreference(file, text);
  }
  return succeed(undefined);
}

/** The XML boxes within an association, which associations within it may hold. */
async function xmlBoxes(file: string, { offset, length }: Box, read: ReadBytes, depth = 0): Promise<Box[]> {
  const boxes = await boxesOf(file, offset, offset + length, read);
  if (!boxes.ok || depth > 3) return [];
  const found: Box[] = [];
  for (const box of boxes.value) {
    if (box.type === 'xml ') found.push(box);
    if (box.type === 'asoc') found.push(...(await xmlBoxes(file, box, read, depth + 1)));
  }
  return found;
}

/**
 * A rectified grid: the place of the first pixel's centre, and the steps of a column and a row. In degrees, GML names the
 * latitude first.
 */
function gmlGeoreference(file: string, text: string): Result<Georeference | undefined> {
  const wrong = (why: string) => fail('IMAGERY_FORMAT', { file, why: `its GML box: ${why}` });
  const code = /srsName\s*=\s*["'][^"']*EPSG:+(?:[\d.]*:)?(\d+)["']/.exec(text)?.[1];
  const origin = numbersIn(/<gml:(?:pos|coordinates)[^>]*>([^<]+)</.exec(text)?.[1]);
  const steps = [...text.matchAll(/<gml:offsetVector[^>]*>([^<]+)</g)].map(([, step]) => numbersIn(step));
  if (code === undefined) return wrong('no reference system of EPSG');
  const projection: Result<Projection> = projectionOf(Number(code), file);
  if (!projection.ok) return projection;
  const all = [origin, ...steps].slice(0, 3);
  if (all.length < 3 || all.some((pair) => pair.length < 2 || pair.some(Number.isNaN)))
    return wrong('no origin and two offset vectors');
  const [o, column, row] = Number(code) === 4326 ? all.map(([lat, lon]) => [lon, lat]) : all;
  const affine = { xx: column[0], yx: column[1], xy: row[0], yy: row[1] };
  const x = o[0] - (affine.xx + affine.xy) / 2;
  const y = o[1] - (affine.yx + affine.yy) / 2;
  if (!(Math.abs(affine.xx * affine.yy - affine.xy * affine.yx) > 0)) return wrong('its pixels have no size');
  return succeed({ epsg: Number(code), affine: { x, y, ...affine } });
}

function numbersIn(text = ''): number[] {
  return text
    .trim()
    .split(/[\s,]+/)
    .map(Number);
}
