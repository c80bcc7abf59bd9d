import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CellMap, packCellMap, unpackCellMap } from './cellMap';
import { packOutlines, unpackOutlines } from './outlines';
import { packRuns, unpackRuns } from './runs';

const maps = fc
  .record({
    width: fc.integer({ min: 1, max: 24 }),
    height: fc.integer({ min: 1, max: 24 }),
    highest: fc.integer({ min: 0, max: 10 }),
  })
  .chain(({ width, height, highest }) =>
    fc
      .uint8Array({ minLength: width * height, maxLength: width * height, max: highest })
      .map((cells): CellMap => ({ width, height, cells })),
  );

/** A disc of ones: what a cloud looks like. */
function disc(side: number): CellMap {
  const cells = Uint8Array.from({ length: side * side }, (_, i) =>
    Math.hypot((i % side) - side / 2, Math.floor(i / side) - side / 2) < side / 3 ? 1 : 0,
  );
  return { width: side, height: side, cells };
}

describe('a map of cells', () => {
  it('comes back from its packed form as it was, whichever form was shorter', () => {
    fc.assert(
      fc.property(maps, (map) => {
        const packed = packCellMap(map);
        if (!packed.ok) throw new Error(packed.error.text);
        expect(unpackCellMap(packed.value)).toMatchObject({ ok: true, value: map });
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it('comes back from runs and from outlines alike', () => {
    fc.assert(
      fc.property(maps, ({ width, height, cells }) => {
        const highest = Math.max(...cells);
        const runs = unpackRuns(packRuns(cells, highest), highest, cells.length);
        const outlines = unpackOutlines(
          packOutlines({ width, height, cells }, highest),
          highest,
          width,
          height,
        );
        expect(runs).toEqual({ ok: true, value: cells });
        expect(outlines).toEqual({ ok: true, value: cells });
      }),
      { seed: 12, numRuns: 300 },
    );
  });

  it('takes the shorter form: outlines for a round patch, runs for stripes', () => {
    const round = packCellMap(disc(120));
    const stripes = packCellMap({
      width: 64,
      height: 64,
      cells: Uint8Array.from({ length: 4096 }, (_, i) => (i >> 8) & 1),
    });
    if (!round.ok || !stripes.ok) throw new Error('not packed');
    expect(unpackCellMap(round.value)).toMatchObject({ value: { form: 'OUTLINES' } });
    expect(unpackCellMap(stripes.value)).toMatchObject({ value: { form: 'RUNS' } });
    expect(round.value.length).toBeLessThan(120);
    expect(stripes.value.length).toBeLessThan(50);
  });

  it('writes a patch of one cell by the book', () => {
    const cells = Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0);
    // One loop from corner 1 + 1 × 4 = 5 of 4 × 4, four edges, four turns to the right.
    expect([...packOutlines({ width: 3, height: 3, cells }, 1)]).toEqual([1, 5, 4, 0b01010101]);
    expect([...packRuns(cells, 1)]).toEqual([(4 - 1) * 2, 1, (4 - 1) * 2]);
  });

  it('keeps holes, patches within holes and patches that touch by a corner', () => {
    const rings = Uint8Array.from({ length: 81 }, (_, i) =>
      Math.max(Math.abs((i % 9) - 4), Math.abs(Math.floor(i / 9) - 4)) % 2 === 0 ? 1 : 0,
    );
    const checkers = Uint8Array.from({ length: 81 }, (_, i) => i % 2);
    for (const cells of [rings, checkers])
      expect(unpackOutlines(packOutlines({ width: 9, height: 9, cells }, 1), 1, 9, 9)).toEqual({
        ok: true,
        value: cells,
      });
  });

  it('refuses what is no map, and nothing that comes from the link throws or hangs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(1), (bytes, form) => {
        const head = Uint8Array.of(form, 3, 0, 9, 0, 9);
        const read = unpackCellMap(Uint8Array.from([...head, ...bytes]));
        if (!read.ok) expect(read.error.code).toBe('CELL_MAP');
        else expect(read.value.cells.every((value) => value <= 3)).toBe(true);
        unpackCellMap(bytes);
      }),
      { seed: 13, numRuns: 500 },
    );
    const cut = packCellMap(disc(40));
    if (!cut.ok) throw new Error(cut.error.text);
    for (let length = 0; length < cut.value.length; length++)
      expect(unpackCellMap(cut.value.subarray(0, length))).toMatchObject({
        ok: false,
        error: { code: 'CELL_MAP' },
      });
  });

  it('refuses to pack an empty map, one that is too large, and a value that is too high', () => {
    const wrong = [
      { width: 0, height: 4, cells: new Uint8Array(0) },
      { width: 2, height: 2, cells: new Uint8Array(3) },
      { width: 1, height: 1, cells: Uint8Array.of(32) },
      { width: 2049, height: 2048, cells: new Uint8Array(2049 * 2048) },
    ];
    for (const map of wrong)
      expect(packCellMap(map)).toMatchObject({ ok: false, error: { code: 'CELL_MAP' } });
  });
});
