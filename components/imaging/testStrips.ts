/** Strips of made-up scenes, for the tests of this room. */
import type { SpectralBand, Value } from '../../fsw/framework';
import type { BandStack, CloudMask, StripInfo } from './ports';

const band = (name: string, scale: number): SpectralBand => ({ name, scale, gain: 1e-4, offset: 0 });

/** The bands of Sentinel-2 that the networks use, and one of 60 m. */
export const sentinel2 = [
  band('blue', 1),
  band('green', 1),
  band('red', 1),
  band('nir', 1),
  band('swir16', 2),
  band('swir22', 2),
  band('coastal', 6),
];

/** Reflectance at a point of the capture, finest pixels. */
export type Scene = (band: string, x: number, y: number) => number;

/** Counts how often each stack was released. */
export interface Ledger {
  readonly made: TestStack[];
  /** Stacks that were not released exactly once. */
  readonly wrong: () => number;
}
export interface TestStack extends BandStack {
  releases: number;
}

export function ledger(): Ledger {
  const made: TestStack[] = [];
  return { made, wrong: () => made.filter(({ releases }) => releases !== 1).length };
}

export function stripInfo(changes: Partial<Value<typeof StripInfo>> = {}): Value<typeof StripInfo> {
  return {
    capture: 1,
    target: 'harbour',
    strip: 0,
    firstLine: 0,
    time: { timeBase: 2, timeContext: 0, seconds: 100, useconds: 0 },
    width: 384,
    height: 384,
    latDeg: 37.68,
    lonDeg: -75.62,
    headingDeg: 0,
    gsdM: 10,
    ...changes,
  };
}

/** The strip of a scene that `info` describes. */
export function stackOf(
  info: Value<typeof StripInfo>,
  scene: Scene,
  book: Ledger,
  bands: readonly SpectralBand[] = sentinel2,
): TestStack {
  const planes = bands.map(({ name, scale, gain, offset }) => {
    const [width, height] = [Math.ceil(info.width / scale), Math.floor(info.height / scale)];
    const centre = (i: number) => (i + 0.5) * scale;
    return Uint16Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [centre(i % width), info.firstLine + centre(Math.floor(i / width))];
      return Math.round((scene(name, x, y) - offset) / gain);
    });
  });
  const stack: TestStack = {
    bands,
    planes,
    releases: 0,
    release() {
      stack.releases++;
    },
  };
  book.made.push(stack);
  return stack;
}

/** Dark in the near infrared, as open water is. */
export const sea: Scene = (name) => ({ blue: 0.06, green: 0.05, red: 0.03, nir: 0.01 })[name] ?? 0.005;

export const land: Scene = (name) => ({ blue: 0.06, green: 0.08, red: 0.07, nir: 0.3 })[name] ?? 0.2;

export function clearMask({ width, height }: { width: number; height: number }, scale = 2): CloudMask {
  const [columns, rows] = [Math.ceil(width / scale), Math.floor(height / scale)];
  return { scale, width: columns, height: rows, cloud: new Float32Array(columns * rows), fraction: 0 };
}
