/**
 * Pictures that come down by layers: progressive JPEG (ITU-T T.81, G). Each scan refines all that came before it, so any
 * first part of the file is a picture, for every decoder there is.
 */
import { fail, type Result, succeed } from '../errors';

const MARKER = 0xff;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const RST0 = 0xd0;
const RST7 = 0xd7;

/**
 * Scans, counted from one, with which layers end, for the ten scans that libjpeg makes of a colour picture: the whole
 * picture at an eighth of its resolution with its first waves; all waves, coarse; finer but for the last bit; all.
 */
const LAYER_SCANS = [5, 9, 10] as const;
export const MAX_LAYERS = LAYER_SCANS.length;

/** Where each layer of a progressive JPEG ends, in bytes; the last is the file's end. Errors: LAYERS for anything else. */
export function layerEnds(jpeg: Uint8Array): Result<number[]> {
  const scans = scanEnds(jpeg);
  if (!scans.ok) return scans;
  const ends = LAYER_SCANS.flatMap((scan) => scans.value[scan - 1] ?? []);
  const last = scans.value.length - 1;
  if (!LAYER_SCANS.some((scan) => scan - 1 === last)) ends.push(scans.value[last]);
  ends[ends.length - 1] = jpeg.length;
  return succeed(ends);
}

/** The file of a picture of which only the first bytes came: they, and the end that a decoder looks for. */
export function endedJpeg(bytes: Uint8Array): Uint8Array {
  const isEnded = bytes.at(-2) === MARKER && bytes.at(-1) === EOI;
  return isEnded ? bytes : Uint8Array.from([...bytes, MARKER, EOI]);
}

function scanEnds(jpeg: Uint8Array): Result<number[]> {
  if (jpeg[0] !== MARKER || jpeg[1] !== SOI) return fail('LAYERS', { why: 'it does not begin as a JPEG' });
  const ends: number[] = [];
  let at = 2;
  while (at + 4 <= jpeg.length && jpeg[at] === MARKER && jpeg[at + 1] !== EOI) {
    const isScan = jpeg[at + 1] === SOS;
    at += 2 + ((jpeg[at + 2] << 8) | jpeg[at + 3]);
    if (!isScan) continue;
    while (at + 1 < jpeg.length && !isMarker(jpeg[at], jpeg[at + 1])) at++;
    ends.push(at);
  }
  const isWhole = jpeg[at] === MARKER && jpeg[at + 1] === EOI && at + 2 === jpeg.length;
  if (!isWhole || ends.length === 0)
    return fail('LAYERS', { why: `no end of the picture after ${ends.length} scans` });
  return succeed(ends);
}

/** Inside a scan a stuffed zero or a restart follows; everything else begins what comes after it. */
function isMarker(first: number, second: number): boolean {
  return first === MARKER && second !== 0 && !(second >= RST0 && second <= RST7);
}
