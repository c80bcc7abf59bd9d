import { describe, expect, it } from 'vitest';
import { tileCentre } from '../../components/payload/productPacker/tilePlace';
import { area, type LonLat, outline, piecesOf, splitLine, tileBox } from './geometry';

const frame = { width: 64, height: 64, latDeg: 0, lonDeg: 0, headingDeg: 0, gsdM: 5000 };

describe('an outline on the ground', () => {
  it('lies around the centre that the product packer gives the tile', () => {
    for (let tile = 0; tile < 4; tile++) {
      const centre = tileCentre(frame, tile, 2, 32);
      const ring = outline(frame, tileBox(frame, tile, 32));
      const mean = (axis: 0 | 1) => ring.reduce((sum, point) => sum + point[axis], 0) / ring.length;
      expect(mean(0)).toBeCloseTo(centre.lonDeg, 3);
      expect(mean(1)).toBeCloseTo(centre.latDeg, 3);
    }
  });

  it('is one piece where nothing is in its way', () => {
    const ring = outline(frame, { left: 0, top: 0, width: 64, height: 64 }, 4);
    expect(piecesOf(ring)).toEqual([ring]);
    // 64 pixels of 5 km on a sphere of 6371 km: 2.88° a side.
    expect(Math.abs(area(ring)) / 2).toBeCloseTo(2.878 ** 2, 1);
  });

  it.each([179.5, -179.5, 180, -180])('falls into two pieces at the antimeridian, around %s', (lonDeg) => {
    const whole = outline({ ...frame, lonDeg: 0 }, { left: 0, top: 0, width: 64, height: 64 });
    const pieces = piecesOf(outline({ ...frame, lonDeg }, { left: 0, top: 0, width: 64, height: 64 }));
    expect(pieces).toHaveLength(2);
    for (const [east] of pieces.flat()) expect(Math.abs(east)).toBeLessThanOrEqual(180);
    const sum = pieces.reduce((total, piece) => total + Math.abs(area(piece)), 0);
    expect(sum).toBeCloseTo(Math.abs(area(whole)), 6);
    // Each on one side of the Greenwich meridian.
    for (const piece of pieces) expect(new Set(piece.map(([east]) => Math.sign(east))).size).toBe(1);
  });

  it('is no piece at all where it goes round a pole', () => {
    const ring = outline({ ...frame, latDeg: 90 }, { left: 0, top: 0, width: 64, height: 64 }, 4);
    expect(piecesOf(ring)).toEqual([]);
  });
});

describe('a line on the ground', () => {
  it('is broken at the antimeridian, both ends on the edge', () => {
    const line: LonLat[] = [
      [170, 0],
      [178, 8],
      [-178, 12],
    ];
    expect(splitLine(line)).toEqual([
      [
        [170, 0],
        [178, 8],
        [180, 10],
      ],
      [
        [-180, 10],
        [-178, 12],
      ],
    ]);
    expect(splitLine([...line].reverse())[0].at(-1)).toEqual([-180, 10]);
  });

  it('of fewer than two points draws nothing', () => {
    expect(splitLine([])).toEqual([]);
    expect(splitLine([[1, 1]])).toEqual([]);
  });
});
