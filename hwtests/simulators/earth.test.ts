import { beforeAll, describe, expect, it } from 'vitest';
import { type Earth, type EarthMap, sample } from './earth';
import { testEarth } from './testWorld';

let earth: Earth;
beforeAll(async () => {
  earth = await testEarth();
});

const at = (map: EarthMap, latDeg: number, lonDeg: number) => {
  const out = new Float32Array(map.channels);
  sample(map, (lonDeg + 180) / 360, (90 - latDeg) / 180, out);
  return [...out];
};

describe('the maps', () => {
  it('are whole Earths with the channels that they promise', () => {
    for (const map of Object.values(earth)) {
      expect(map.width).toBe(map.height * 2);
      expect(map.data.length).toBe(map.width * map.height * map.channels);
    }
    expect([earth.day, earth.lights].map((map) => map.channels)).toEqual([3, 3]);
    expect([earth.clouds, earth.water, earth.elevation].map((map) => map.channels)).toEqual([1, 1, 1]);
  });

  it('know water from land', () => {
    for (const [lat, lon] of [
      [0, -150],
      [35, 18],
      [43, 34],
      [-1, 33],
    ])
      expect(at(earth.water, lat, lon)[0]).toBeGreaterThan(128);
    for (const [lat, lon] of [
      [23, 12],
      [-5, -63],
      [48, 11],
      [-25, 133],
    ])
      expect(at(earth.water, lat, lon)[0]).toBeLessThan(127);
  });

  it('show the Sahara sandy, the Congo green and the sea blue', () => {
    const [sahara, congo, sea] = [at(earth.day, 23, 12), at(earth.day, -1, 22), at(earth.day, 35, 18)];
    expect(sahara[0]).toBeGreaterThan(sahara[2]);
    expect(congo[1]).toBeGreaterThan(Math.max(congo[0], congo[2]));
    expect(sea[2]).toBeGreaterThan(2 * sea[0]);
  });

  it('are lit where people live, and black over deserts, ice and sea', () => {
    expect(at(earth.lights, 48.86, 2.35)[0]).toBeGreaterThan(50);
    for (const [lat, lon] of [
      [23, 12],
      [-80, 0],
      [0, -150],
    ])
      expect(at(earth.lights, lat, lon)).toEqual([0, 0, 0]);
  });

  it('know that Tibet is high', () => {
    expect(at(earth.elevation, 33, 88)[0]).toBeGreaterThan(at(earth.elevation, 52, 5)[0] + 50);
  });
});

describe('sample', () => {
  const map: EarthMap = {
    width: 4,
    height: 2,
    channels: 1,
    data: Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 70),
  };
  const value = (u: number, v: number) => {
    const out = new Float32Array(1);
    sample(map, u, v, out);
    return out[0];
  };

  it('gives a pixel back at its centre', () => {
    expect([0.125, 0.375, 0.625, 0.875].map((u) => value(u, 0.25))).toEqual([0, 10, 20, 30]);
    expect(value(0.125, 0.75)).toBe(40);
  });

  it('blends between centres', () => {
    expect(value(0.25, 0.5)).toBe(25);
  });

  it('wraps in longitude without a seam', () => {
    expect(value(0, 0.25)).toBe(15);
    expect(value(1, 0.25)).toBe(15);
    expect(value(-0.125, 0.25)).toBe(30);
    expect(value(3.375, 0.25)).toBe(10);
    expect(value(1 - 1e-9, 0.25)).toBeCloseTo(15, 4);
  });

  it('holds the last row to the poles', () => {
    expect(value(0.375, 0)).toBe(10);
    expect(value(0.375, 1)).toBe(50);
  });
});
