import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Place } from '../../fsw/framework';
import { openSceneFolder } from '../../fsw/imagery';
import { testFolder, writeSentinel2, writeTiff } from '../../fsw/imagery/testTiff';
import { folderPushbroom } from './folderPushbroom';

let folder: string;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function scenes(...names: readonly string[]): void {
  for (const [i, name] of names.entries()) {
    mkdirSync(join(folder, name));
    // A degree apart, so that no two hold the same place.
    for (const band of ['B2', 'B3', 'B4'])
      writeTiff(join(folder, name), `t_${band}.tif`, {
        width: 8 + i,
        height: 8,
        epsg: 32618,
        x: 5e5 + 1e5 * i,
        y: 4e6,
        pixel: 30,
      });
  }
}

async function middleOf(name: string): Promise<Place | undefined> {
  const scene = await openSceneFolder(join(folder, name));
  if (!scene.ok) throw new Error(scene.error.text);
  await scene.value.close();
  return scene.value.ground?.placeOf({ x: 4, y: 4 });
}

function imager() {
  const pushbroom = folderPushbroom({ folder, nowUs: () => 42 });
  return {
    /** The width tells which scene it is. */
    async width(target?: Place) {
      const swath = await pushbroom.open(target);
      if (!swath.ok) return swath.error.code;
      swath.value.close();
      return swath.value.width;
    },
    open: pushbroom.open,
  };
}

describe('folderPushbroom', () => {
  it('PGE-DRV-050: flies the scenes of a folder in the order of their names, again and again', async () => {
    scenes('b', 'c', 'd');
    const camera = imager();
    expect([await camera.width(), await camera.width(), await camera.width(), await camera.width()]).toEqual([
      8, 9, 10, 8,
    ]);
    scenes('a');
    rmSync(join(folder, 'c'), { recursive: true });
    expect([await camera.width(), await camera.width()]).toEqual([10, 8]);
  });

  it('PGE-DRV-050: a folder of bands is a scene, and so is a picture', async () => {
    const raw = { create: { width: 20, height: 10, channels: 3, background: 'red' } } as const;
    await sharp(raw).png().toFile(join(folder, 'a.png'));
    await sharp(raw).resize(24, 10).jpeg().toFile(join(folder, 'b.jpg'));
    writeFileSync(join(folder, 'notes.txt'), 'not a picture');
    const camera = imager();
    expect([await camera.width(), await camera.width(), await camera.width()]).toEqual([20, 24, 20]);
    const swath = await camera.open();
    if (!swath.ok) throw new Error(swath.error.text);
    const planes = swath.value.bands.map(() => new Uint16Array(24 * 5));
    const first = await swath.value.read(5, planes);
    expect(first).toEqual({ ok: true, value: { atUs: 42 } });
    expect(planes[0][0]).toBeGreaterThan(250);
    // 5 lines at 664 a second.
    expect(await swath.value.read(5, planes)).toEqual({ ok: true, value: { atUs: 42 + 7530 } });
    swath.value.close();
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    writeSentinel2(folder);
    expect(await camera.width()).toBe(60);
  });

  it('PGE-DRV-051: takes the next scene that holds the target, or one that knows no place', async () => {
    scenes('a', 'b', 'c');
    const camera = imager();
    const second = await middleOf('b');
    expect([await camera.width(second), await camera.width(second)]).toEqual([9, 9]);
    const nowhere = { latDeg: 0, lonDeg: 0 };
    expect(await camera.open(nowhere)).toMatchObject({
      error: { code: 'PUSHBROOM_NOTHING_THERE', text: 'no imagery at 0 N 0 E' },
    });
    await sharp({ create: { width: 20, height: 10, channels: 3, background: 'red' } }).toFile(
      join(folder, 'z.png'),
    );
    expect(await camera.width(nowhere)).toBe(20);
  });

  it('PGE-DRV-052: names what cannot be read, and goes on with the next', async () => {
    scenes('a', 'b', 'c');
    writeFileSync(join(folder, 'b', 't_B3.tif'), 'this is no TIFF');
    rmSync(join(folder, 'c', 't_B4.tif'));
    writeFileSync(join(folder, 'd.png'), '');
    const camera = imager();
    expect(await camera.width()).toBe(8);
    expect(await camera.open()).toMatchObject({
      error: { code: 'IMAGERY_FORMAT', text: expect.stringContaining(join(folder, 'b', 't_B3.tif')) },
    });
    expect(await camera.open()).toMatchObject({ error: { code: 'SCENE_BANDS_MISSING' } });
    expect(await camera.open()).toMatchObject({ error: { code: 'IMAGERY_FORMAT' } });
    expect(await camera.width()).toBe(8);
  });

  it('PGE-DRV-052: says that there is no scene, and takes one that comes later', async () => {
    const camera = imager();
    expect(await camera.width()).toBe('SCENE_FOLDER');
    scenes('a');
    expect(await camera.width()).toBe(8);
    rmSync(folder, { recursive: true });
    expect(await camera.width()).toBe('SCENE_FOLDER');
  });
});
