import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pixelPlace } from '../../../fsw/framework/pixelPlace';
import { openSceneFolder, type Scene, sceneSwath } from '../../../fsw/imagery';
import { testFolder, writeTiff } from '../../../fsw/imagery/testTiff';
import { paintTargets, targetGrid } from './targets';

/** Sea of one colour, as wide as a strip of the Sentinel-2 scene. */
const [WIDTH, LINES, STRIP] = [1926, 768, 384];
let folder: string;
let scene: Scene;
beforeAll(async () => {
  folder = testFolder();
  const sea = {
    width: WIDTH,
    height: LINES,
    epsg: 32618,
    x: 435_780,
    y: 4_179_420,
    pixel: 10,
    rowsPerStrip: 64,
    count: () => 300,
  };
  for (const band of ['B02', 'B03', 'B04']) writeTiff(folder, `t_${band}.tif`, sea);
  writeTiff(folder, 't_B11.tif', { ...sea, width: WIDTH / 2, height: LINES / 2, pixel: 20 });
  const opened = await openSceneFolder(folder);
  if (!opened.ok) throw new Error(opened.error.text);
  scene = opened.value;
});
afterAll(async () => {
  await scene.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Where the brightness around a pixel is centred. */
function centroid(plane: Uint16Array, width: number, x: number, y: number, reach: number) {
  let [sum, sx, sy] = [0, 0, 0];
  for (let row = Math.floor(y) - reach; row <= y + reach; row++)
    for (let column = Math.floor(x) - reach; column <= x + reach; column++) {
      const light = plane[row * width + column] - 300;
      sum += light;
      sx += light * (column + 0.5);
      sy += light * (row + 0.5);
    }
  return { x: sx / sum, y: sy / sum };
}

describe('a grid of targets', () => {
  it('lies at places that are known, and is found there within one pixel from what the imager says of each strip', async () => {
    const targets = targetGrid(scene, 96);
    expect(targets).toHaveLength(20 * 8);
    const swath = sceneSwath(paintTargets(scene, targets), { startUs: 0, lineUs: 1500 });
    let worst = 0;
    let found = 0;
    for (let first = 0; first < LINES; first += STRIP) {
      const planes = swath.bands.map(({ scale }) => new Uint16Array((WIDTH / scale) * (STRIP / scale)));
      const scan = await swath.read(STRIP, planes);
      if (!scan.ok || scan.value.view === undefined) throw new Error('no view');
      const frame = { ...scan.value.view, width: WIDTH, height: STRIP };
      for (const { at, place } of targets) {
        if (at.y < first + 10 || at.y > first + STRIP - 10) continue;
        const seen = centroid(planes[0], WIDTH, at.x, at.y - first, 9);
        expect(Math.hypot(seen.x - at.x, seen.y + first - at.y)).toBeLessThan(0.05);
        const told = scene.ground?.pointOf(pixelPlace(frame, seen.x, seen.y));
        const truth = scene.ground?.pointOf(place);
        if (!told || !truth) throw new Error('nowhere');
        worst = Math.max(worst, Math.hypot(told.x - truth.x, told.y - truth.y));
        found++;
      }
    }
    expect(found).toBeGreaterThan(140);
    expect(worst).toBeLessThan(1);
  });

  it('is painted in coarser bands at the same places', async () => {
    const targets = targetGrid(scene, 96);
    const { bands } = scene;
    const coarse = new Uint16Array((WIDTH / 2) * (LINES / 2));
    expect(await paintTargets(scene, targets).read(bands.length - 1, 0, LINES / 2, coarse)).toMatchObject({
      ok: true,
    });
    for (const { at } of targets.slice(0, 20)) {
      const seen = centroid(coarse, WIDTH / 2, at.x / 2, at.y / 2, 5);
      // What is covered of a pixel counts at the pixel's middle.
      expect(Math.hypot(2 * seen.x - at.x, 2 * seen.y - at.y)).toBeLessThan(0.2);
    }
  });

  it('is empty over a scene that knows no place', () => {
    expect(targetGrid({ ...scene, ground: undefined }, 96)).toEqual([]);
  });
});
