/** Cells as run lengths: each run one varint, `(length − 1) × 2^bits + value`, of as many bits as the highest value needs. */
import { fail, type Result, succeed } from '../errors';
import { VarintReader, VarintWriter } from './varints';

export function packRuns(cells: Uint8Array, highest: number): Uint8Array {
  const values = valuesOf(highest);
  const writer = new VarintWriter();
  for (let at = 0; at < cells.length; ) {
    let end = at + 1;
    while (end < cells.length && cells[end] === cells[at]) end++;
    writer.push((end - at - 1) * values + cells[at]);
    at = end;
  }
  return writer.bytes;
}

/** Errors: CELL_MAP unless the runs fill `count` cells to the last. */
export function unpackRuns(body: Uint8Array, highest: number, count: number): Result<Uint8Array> {
  const values = valuesOf(highest);
  const cells = new Uint8Array(count);
  const reader = new VarintReader(body);
  let at = 0;
  while (at < count) {
    const run = reader.next();
    if (run === undefined) return fail('CELL_MAP', { why: `the runs end at cell ${at} of ${count}` });
    const value = run % values;
    const end = at + Math.floor(run / values) + 1;
    if (value > highest || end > count)
      return fail('CELL_MAP', { why: `the run at cell ${at} does not fit` });
    cells.fill(value, at, end);
    at = end;
  }
  return reader.atEnd ? succeed(cells) : fail('CELL_MAP', { why: 'bytes are left over' });
}

function valuesOf(highest: number): number {
  return 2 ** Math.max(1, Math.ceil(Math.log2(highest + 1)));
}
