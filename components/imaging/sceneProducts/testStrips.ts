/** Strips of a made-up coast, for the tests of `sceneProducts`. */
import type { Value } from '../../../fsw/framework';
import type { BandStack, CloudMask, LandCoverMap, StripInfo, Vessel } from '../ports';

export const WIDTH = 96;
export const HEIGHT = 64;
const BANDS = ['blue', 'green', 'red', 'nir'] as const;

export const testInfo: Value<typeof StripInfo> = {
  capture: 1,
  target: 'Wallops Island',
  strip: 0,
  firstLine: 0,
  time: { timeBase: 2, timeContext: 0, seconds: 100, useconds: 0 },
  width: WIDTH,
  height: HEIGHT,
  latDeg: 37.68,
  lonDeg: -75.62,
  headingDeg: 193.4,
  gsdM: 10,
};

/** Counts, as of Sentinel-2: reflectance × 10,000. */
export const testCount = (band: number, x: number, y: number) =>
  300 * (band + 1) + (x + y / 3 > 50 ? 900 : 0) + ((x * 7 + y * 13) % 200);

export function testStack(bandNames: readonly string[] = BANDS) {
  let released = 0;
  const stack: BandStack = {
    bands: bandNames.map((name) => ({ name, scale: 1, gain: 1e-4, offset: 0 })),
    planes: bandNames.map((_, band) =>
      Uint16Array.from({ length: WIDTH * HEIGHT }, (_value, i) =>
        testCount(band, i % WIDTH, Math.floor(i / WIDTH)),
      ),
    ),
    release: () => void released++,
  };
  return { stack, released: () => released };
}

/** Clouded to the left of a column of cells, of two pixels each. */
export function testMask(cloudedColumns: number): CloudMask {
  const [width, height] = [WIDTH / 2, HEIGHT / 2];
  const cloud = Float32Array.from({ length: width * height }, (_, i) =>
    i % width < cloudedColumns ? 0.9 : 0.1,
  );
  return { scale: 2, width, height, cloud, fraction: cloudedColumns / width };
}

export function testCover(): LandCoverMap {
  const probabilities = Float32Array.from([0.9, 0.1, 0.2, 0.8]);
  return {
    columns: 2,
    rows: 1,
    tilePx: 48,
    classes: ['Forest', 'SeaLake'],
    probabilities,
    attention: new Float32Array(0),
  };
}

export const testVessel: Vessel = {
  x: 40.25,
  y: 12,
  lengthPx: 12,
  widthPx: 2.5,
  score: 0.8,
  latDeg: 37.6812345,
  lonDeg: -75.6198765,
};

export function testStrip(changes: {
  readonly info?: Partial<Value<typeof StripInfo>>;
  readonly clouded?: number;
  readonly vessels?: readonly Vessel[];
  readonly map?: LandCoverMap;
  readonly bands?: readonly string[];
}) {
  const { stack, released } = testStack(changes.bands);
  const mask = testMask(changes.clouded ?? 0);
  const info = { ...testInfo, ...changes.info };
  return { args: { info, stack, mask, map: changes.map, vessels: changes.vessels ?? [] }, released };
}
