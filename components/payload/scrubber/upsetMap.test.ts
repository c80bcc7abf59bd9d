import { describe, expect, it } from 'vitest';
import { CELLS, cellOf, UpsetMap } from './upsetMap';

describe('the upset map', () => {
  it('PGE-SCRB-007: has one cell for each place, at the poles and at 180° too', () => {
    const cell = (latDeg: number, lonDeg: number) => cellOf({ latDeg, lonDeg });
    expect([cell(-90, -180), cell(-90, 180), cell(89.9, 179.9), cell(90, 179.9)]).toEqual([
      0,
      0,
      CELLS - 1,
      CELLS - 1,
    ]);
    expect([cell(-75, -180), cell(-75.1, -160)]).toEqual([18, 1]);
    const all = new Set<number>();
    for (let latDeg = -90; latDeg <= 90; latDeg += 5)
      for (let lonDeg = -180; lonDeg <= 360; lonDeg += 5) all.add(cell(latDeg, lonDeg));
    expect([...all].sort((a, b) => a - b)).toEqual(Array.from({ length: CELLS }, (_, i) => i));
  });

  it('PGE-SCRB-007: gives the peak as a rate, and takes no single upset over a short exposure for it', () => {
    const map = new UpsetMap();
    expect(map.peak()).toEqual({ latDeg: 0, lonDeg: 0, perMiBDay: 0 });
    const anomaly = cellOf({ latDeg: -26, lonDeg: -50 });
    map.expose(anomaly, 2, 432);
    map.add(anomaly, 100);
    const entered = cellOf({ latDeg: 50, lonDeg: 50 });
    map.expose(entered, 2, 1);
    map.add(entered, 1);
    expect(map.peak()).toEqual({ latDeg: -22.5, lonDeg: -50, perMiBDay: 10_000 });
    map.clear();
    expect(map.peak().perMiBDay).toBe(0);
  });
});
