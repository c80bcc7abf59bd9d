import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSceneFolder, type Scene, sceneSwath } from '../../../fsw/imagery';
import { testFolder, writeSentinel2 } from '../../../fsw/imagery/testTiff';
import { type SensorEffects, throughSensor } from './effects';
import { parseSensor } from './sensorOption';

let folder: string;
let scene: Scene;
beforeAll(async () => {
  folder = writeSentinel2(testFolder(), { count: () => 1000 });
  const opened = await openSceneFolder(folder);
  if (!opened.ok) throw new Error(opened.error.text);
  scene = opened.value;
});
afterAll(async () => {
  await scene.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A scene of 240 × 240 with a picture of its own, and a 60 m band. */
function painted(count: (x: number, y: number) => number): Scene {
  return {
    ...scene,
    bands: [
      { name: 'nir', scale: 1, gain: 1e-4, offset: 0 },
      { name: 'coastal', scale: 6, gain: 1e-4, offset: 0 },
    ],
    width: 240,
    lines: 240,
    async read(band, first, rows, into) {
      const width = band === 0 ? 240 : 40;
      for (let i = 0; i < rows * width; i++) into[i] = count(i % width, first + Math.floor(i / width));
      return { ok: true, value: undefined };
    },
  };
}

async function look(
  effects: SensorEffects,
  count: (x: number, y: number) => number = () => 1000,
  seed = 5,
  band = 0,
) {
  const seen = throughSensor(painted(count), effects, seed);
  const side = band === 0 ? 240 : 40;
  const plane = new Uint16Array(side * side);
  expect(await seen.read(band, 0, side, plane)).toMatchObject({ ok: true });
  return plane;
}

const mean = (plane: Uint16Array) => plane.reduce((sum, value) => sum + value, 0) / plane.length;
const deviation = (plane: Uint16Array) => {
  const middle = mean(plane);
  return Math.sqrt(plane.reduce((sum, value) => sum + (value - middle) ** 2, 0) / plane.length);
};
const share = (plane: Uint16Array, test: (value: number) => boolean) =>
  plane.filter(test).length / plane.length;

describe('a sensor', () => {
  it('changes nothing without an effect', async () => {
    const count = (x: number, y: number) => x + 200 * y;
    expect(await look({}, count)).toEqual(await look({ smear: 0, deadDetectors: 0, hits: 0 }, count));
    expect((await look({}, count))[241]).toBe(201);
  });

  it('adds noise of the variance that photons and readout have, the mean unchanged', async () => {
    const plane = await look({ noise: { photonGain: 0.1, readCounts: 5 } });
    expect(mean(plane)).toBeCloseTo(1000, 0);
    expect(deviation(plane)).toBeCloseTo(Math.sqrt(0.1 * 1000 + 25), 0);
  });

  it('sees the same from the same seed however the lines are read, and another noise from another', async () => {
    const effects: SensorEffects = {
      noise: { photonGain: 0.1, readCounts: 5 },
      smear: 0.3,
      deadDetectors: 0.05,
      hits: 0.01,
      blankTiles: 4,
      shift: { nir: { x: 1.5, y: -2.25 } },
    };
    const count = (x: number, y: number) => 3 * x + 50 * y;
    const whole = await look(effects, count);
    const seen = throughSensor(painted(count), effects, 5);
    const swath = sceneSwath(seen, { startUs: 0, lineUs: 1 });
    for (let first = 0; first < 240; first += 48) {
      const part = [new Uint16Array(240 * 48), new Uint16Array(40 * 8)];
      expect(await swath.read(48, part)).toMatchObject({ ok: true });
      expect(part[0]).toEqual(whole.slice(first * 240, (first + 48) * 240));
    }
    expect(await look(effects, count, 6)).not.toEqual(whole);
  });

  it('smears a line into the next', async () => {
    const plane = await look({ smear: 0.25 }, (_, y) => (y === 10 ? 1000 : 0));
    expect([9, 10, 11, 12].map((line) => plane[line * 240])).toEqual([0, 750, 250, 0]);
  });

  it('loses the columns of dead detectors in every line, and single pixels to particles', async () => {
    const dead = await look({ deadDetectors: 0.1 });
    const column = (x: number) => Array.from({ length: 240 }, (_, y) => dead[y * 240 + x]);
    const lost = Array.from({ length: 240 }, (_, x) => x).filter((x) =>
      column(x).every((value) => value === 0),
    );
    expect(lost.length / 240).toBeCloseTo(0.1, 1);
    expect(share(dead, (value) => value === 0)).toBeCloseTo(lost.length / 240, 10);
    expect(share(await look({ hits: 0.01 }), (value) => value === 65_535)).toBeCloseTo(0.01, 2);
  });

  it('moves a band by the shift that is known, in pixels of the finest bands', async () => {
    const spot = (x0: number, y0: number) => (x: number, y: number) => (x === x0 && y === y0 ? 6000 : 0);
    const shift = { nir: { x: 3, y: -2 }, coastal: { x: 6, y: 3 } };
    const near = await look({ shift }, spot(50, 60));
    expect(near[58 * 240 + 53]).toBe(6000);
    expect(share(near, (value) => value > 0)).toBe(1 / near.length);
    // 6 finest pixels are one of 60 m, 3 are half of one.
    const coarse = await look({ shift }, spot(20, 20), 5, 1);
    expect([coarse[20 * 40 + 21], coarse[21 * 40 + 21]]).toEqual([3000, 3000]);
  });

  it('saturates, and blanks whole tiles in all bands alike', async () => {
    expect(Math.max(...(await look({ saturation: 800 })))).toBe(800);
    const near = await look({ blankTiles: 2 });
    const coarse = await look({ blankTiles: 2 }, undefined, 5, 1);
    expect(share(near, (value) => value === 0)).toBeGreaterThan(0.1);
    expect(share(near, (value) => value === 0)).toBeLessThan(0.9);
    for (let y = 0; y < 40; y++)
      for (let x = 0; x < 40; x++) expect(coarse[y * 40 + x]).toBe(near[6 * y * 240 + 6 * x]);
  });
});

describe('the option for the sensor', () => {
  it('names effects with their usual strength or one that is given', () => {
    expect(parseSensor(undefined)).toEqual({ ok: true, value: undefined });
    expect(parseSensor('smear,dead=0.01,saturation=900')).toEqual({
      ok: true,
      value: { smear: 0.25, deadDetectors: 0.01, saturation: 900 },
    });
    expect(parseSensor('noise,shift=2')).toMatchObject({
      value: { noise: {}, shift: { red: { x: -2, y: 6 } } },
    });
  });

  it.each(['', 'fog', 'noise=x', 'smear=0', 'hits=-1', 'noise,', 'constructor', 'saturation=Infinity'])(
    'refuses %j',
    (text) => expect(parseSensor(text)).toMatchObject({ error: { code: 'SENSOR_EFFECTS' } }),
  );
});
