/**
 * Maps of cells on their way down: a cloud mask, or the classes of a land-cover map, as run lengths or as outlines,
 * whichever is shorter.
 *
 *     form u8 (0 runs, 1 outlines) | highest value u8 | width u16 | height u16 | body
 */
import { fail, type Result, succeed } from '../errors';
import { readU16, writeU16 } from '../protocols';
import { packOutlines, unpackOutlines } from './outlines';
import { packRuns, unpackRuns } from './runs';

export interface CellMap {
  readonly width: number;
  readonly height: number;
  /** Row by row; 0 is background, `MAX_CELL_VALUE` the highest. */
  readonly cells: Uint8Array;
}

export const MAX_CELL_VALUE = 31;
/** A map that says that it has more is not believed. */
export const MAX_CELLS = 1 << 22;
const HEAD_LENGTH = 6;
const forms = { RUNS: 0, OUTLINES: 1 } as const;
export type CellMapForm = keyof typeof forms;

/** Errors: CELL_MAP when it is empty, too large, or has a value that is too high. */
export function packCellMap(map: CellMap): Result<Uint8Array> {
  const { width, height, cells } = map;
  const count = width * height;
  const sound = width > 0 && height > 0 && width <= 0xffff && height <= 0xffff && cells.length === count;
  if (!sound || count > MAX_CELLS)
    return fail('CELL_MAP', { why: `${width} × ${height} cells, ${cells.length} given` });
  const highest = cells.reduce((most, value) => Math.max(most, value), 0);
  if (highest > MAX_CELL_VALUE)
    return fail('CELL_MAP', { why: `value ${highest}, ${MAX_CELL_VALUE} the most` });
  const runs = packRuns(cells, highest);
  const outlines = packOutlines(map, highest);
  const [form, body] =
    outlines.length < runs.length ? (['OUTLINES', outlines] as const) : (['RUNS', runs] as const);
  const packed = new Uint8Array(HEAD_LENGTH + body.length);
  packed[0] = forms[form];
  packed[1] = highest;
  packed.set(body, writeU16(packed, writeU16(packed, 2, width), height));
  return succeed(packed);
}

/** Errors: CELL_MAP for whatever is not a whole map. */
export function unpackCellMap(packed: Uint8Array): Result<CellMap & { readonly form: CellMapForm }> {
  if (packed.length < HEAD_LENGTH) return fail('CELL_MAP', { why: `${packed.length} bytes` });
  const [formByte, highest] = packed;
  const width = readU16(packed, 2);
  const height = readU16(packed, 4);
  const count = width * height;
  if (count === 0 || count > MAX_CELLS) return fail('CELL_MAP', { why: `${width} × ${height} cells` });
  if (highest > MAX_CELL_VALUE)
    return fail('CELL_MAP', { why: `value ${highest}, ${MAX_CELL_VALUE} the most` });
  const body = packed.subarray(HEAD_LENGTH);
  if (formByte !== forms.RUNS && formByte !== forms.OUTLINES)
    return fail('CELL_MAP', { why: `form ${formByte}` });
  const isRuns = formByte === forms.RUNS;
  const cells = isRuns ? unpackRuns(body, highest, count) : unpackOutlines(body, highest, width, height);
  if (!cells.ok) return cells;
  return succeed({ width, height, cells: cells.value, form: isRuns ? 'RUNS' : 'OUTLINES' });
}
