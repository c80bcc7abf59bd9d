import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { AnalysedStrip, BandStack, LandCoverMap, Vessel } from '../../../components/imaging/ports';
import { timeOf } from '../../../fsw/framework';
import type { Arguments } from '../../../fsw/framework/ports';
import { pageOf } from '../page';
import { testRecord } from '../testRecord';
import { trueColour } from './display';
import { MAX_SCENES, SceneRecorder } from './sceneRecorder';

const EPOCH_MS = Date.UTC(2022, 2, 1, 16);
const [WIDTH, HEIGHT, TILE] = [128, 64, 64];
const classes = ['Forest', 'River'];

/** Counts 0 to 2750 are black to white; red on the left half, blue at half resolution everywhere. */
function stack(): BandStack {
  const full = (count: (x: number) => number) =>
    Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => count(i % WIDTH));
  const band = (name: string, scale: number) => ({ name, scale, gain: 1e-4, offset: 0 });
  return {
    bands: [band('blue', 2), band('green', 1), band('red', 1)],
    planes: [
      new Uint16Array((WIDTH / 2) * (HEIGHT / 2)).fill(1375),
      full(() => 0),
      full((x) => (x < WIDTH / 2 ? 9999 : 0)),
    ],
    release() {},
  };
}

function strip(number: number, capture = 0, firstTile = [0.9, 0.1]) {
  const attention = new Float32Array(128).fill(1 / 64);
  const map: LandCoverMap = {
    columns: 2,
    rows: 1,
    tilePx: TILE,
    classes,
    probabilities: Float32Array.from([...firstTile, 0, 0]),
    attention,
  };
  const vessel: Vessel = {
    x: 100,
    y: number * HEIGHT + 10,
    lengthPx: 12,
    widthPx: 3,
    score: 0.8,
    latDeg: 37.6,
    lonDeg: -75.6,
  };
  return {
    info: {
      capture,
      target: 'harbour',
      strip: number,
      firstLine: number * HEIGHT,
      time: timeOf(EPOCH_MS * 1000 + 5e6),
      width: WIDTH,
      height: HEIGHT,
      latDeg: 37.6,
      lonDeg: -75.6,
      headingDeg: 0,
      gsdM: 10,
    },
    stack: stack(),
    mask: {
      scale: 2,
      width: 64,
      height: 32,
      cloud: new Float32Array(64 * 32),
      fraction: number === 0 ? 0.5 : 0,
    },
    map,
    vessels: [vessel],
  };
}

async function record(...strips: Arguments<typeof AnalysedStrip>[]) {
  const recorder = new SceneRecorder(EPOCH_MS);
  for (const one of strips) recorder.taps[0].hear(one as never, 0);
  return { scenes: await recorder.heard(), scenesLeftOut: recorder.notShown };
}

describe('a strip in true colour', () => {
  it('takes each band at its own resolution, and is as bright as its reflectance', () => {
    const whole = trueColour(stack(), WIDTH, { left: 0, top: 0, width: WIDTH, height: HEIGHT }, 4);
    expect([whole.width, whole.height]).toEqual([32, 16]);
    expect([...whole.pixels.subarray(0, 3)]).toEqual([255, 0, 127]);
    expect([...whole.pixels.subarray(-3)]).toEqual([0, 0, 127]);
    const right = trueColour(stack(), WIDTH, { left: 64, top: 2, width: 8, height: 8 }, 1);
    expect([...right.pixels.subarray(0, 3)]).toEqual([0, 0, 127]);
  });
});

describe('what the page keeps of a capture', () => {
  it('joins its strips to one picture, and places tiles and vessels in the whole', async () => {
    const { scenes } = await record(strip(0), strip(1, 0, [0.2, 0.8]));
    expect(scenes).toHaveLength(1);
    const [scene] = scenes;
    expect(scene).toMatchObject({
      target: 'harbour',
      atUs: 5e6,
      width: WIDTH,
      height: 2 * HEIGHT,
      cloudShare: 0.25,
    });
    // The second tile of each strip was not asked about.
    expect(scene.tiles.map(({ x, y, classIndex }) => [x, y, classIndex])).toEqual([
      [0, 0, 0],
      [0, 64, 1],
    ]);
    expect(scene.vessels.map(({ y }) => y)).toEqual([10, 74]);
    const { width, height } = await sharp(scene.overview.picture).metadata();
    expect([width, height]).toEqual([WIDTH, 2 * HEIGHT]);
  });

  it('shows the surest tile of each class with its attention', async () => {
    const { scenes } = await record(strip(0, 0, [0.6, 0.4]), strip(1), strip(2, 0, [0.7, 0.3]));
    expect(scenes[0].examples.map(({ y, confidence }) => [y, Number(confidence.toFixed(2))])).toEqual([
      [64, 0.9],
    ]);
    expect(scenes[0].examples[0].attention).toHaveLength(64);
  });

  it('holds a bounded number of captures and counts the others', async () => {
    const many = Array.from({ length: MAX_SCENES + 3 }, (_, capture) => strip(0, capture));
    const { scenes, scenesLeftOut } = await record(...many);
    expect([scenes.length, scenesLeftOut]).toEqual([MAX_SCENES, 3]);
  });
});

describe('the high-resolution section', () => {
  it('shows the picture with land cover, vessels, areas and attention', async () => {
    const page = pageOf(testRecord(await record(strip(0), strip(1))));
    expect(page).toContain('id="scenes"');
    expect(page.match(/<title>Forest 0.90<\/title>/g)).toHaveLength(2);
    expect(page.match(/<title>vessel 0.80, 37.60° N, 75.60° W<\/title>/g)).toHaveLength(2);
    expect(page).toContain('25.0 % taken for cloud');
    expect(page).toContain('<td>0.8</td><td>0.90</td>');
    expect(page.match(/aria-label="Attention over the tile"/g)).toHaveLength(1);
    expect(page).toContain('high-resolution captures');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('is left out of a flight without captures', () => {
    expect(pageOf(testRecord())).not.toContain('id="scenes"');
  });

  it('says so where no land cover was asked for, and shows a hostile name as text', async () => {
    const bare = { ...strip(0), map: undefined, vessels: [] };
    const page = pageOf(testRecord(await record({ ...bare, info: { ...bare.info, target: '<b>x' } })));
    expect(page).toContain('No land cover');
    expect(page).toContain('&lt;b&gt;x');
    expect(page).not.toContain('<b>x');
  });
});
