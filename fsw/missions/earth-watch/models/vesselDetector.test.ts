import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import golden from './golden.json';
import manifest from './manifest.json';

const TOLERANCE = 1e-4;
const CELLS = 24;
const given = golden['vessel-detector.tiles'];
const wanted = golden['vessel-detector'];
const pixels = Float32Array.from(Buffer.from(given.u8Base64, 'base64'));
const entry = manifest.models.find(({ name }) => name === 'vessel-detector');
const threshold = (entry?.thresholds as { vessel?: number } | undefined)?.vessel ?? Number.NaN;
/** Where the generated tile has its vessels (`FLEET` of ground-tools/training/vessels/enter.py): x, y, length. */
const FLEET = [
  [22, 24, 30],
  [68, 30, 14],
  [30, 70, 9],
  [70, 72, 22],
] as const;

const read = (file: string) => new Uint8Array(readFileSync(join(__dirname, file)));

describe('vessel-detector', () => {
  let session: InferenceSession;
  const run = (values: Float32Array, shape: readonly number[]) =>
    session.run({ tiles: new Tensor('float32', values, shape) });

  beforeAll(async () => {
    session = await InferenceSession.create(read('vessel-detector.onnx'), {
      externalData: [{ path: 'vessel-detector.safetensors', data: read('vessel-detector.safetensors') }],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
  });
  afterAll(() => session.release());

  it('is the very bytes that the manifest names, with the inputs and outputs that it names', () => {
    for (const { path, bytes, sha256 } of Object.values(entry?.files ?? {})) {
      expect(read(path).length).toBe(bytes);
      expect(createHash('sha256').update(read(path)).digest('hex')).toBe(sha256);
    }
    expect(session.inputNames).toEqual(entry?.inputs.map(({ name }) => name));
    expect(session.outputNames).toEqual(entry?.outputs.map(({ name }) => name));
  });

  it('gives the golden outputs for the golden tile', async () => {
    const found = await run(pixels, given.shape);
    expect(found.heat.dims).toEqual([1, CELLS, CELLS]);
    expect(found.offset.dims).toEqual([1, 2, CELLS, CELLS]);
    expect(found.size.dims).toEqual([1, 2, CELLS, CELLS]);
    for (const name of ['heat', 'offset', 'size'] as const)
      expect(largestDifference(found[name].data as Float32Array, wanted[name].flat())).toBeLessThan(
        TOLERANCE,
      );
  });

  it('finds the four generated vessels, each once, its centre and length about right, and no point', async () => {
    const { heat, offset, size } = await run(pixels, given.shape);
    const found = peaks(heat.data as Float32Array).map((cell) => ({
      x: ((cell % CELLS) + (offset.data[cell] as number)) * 4,
      y: (Math.floor(cell / CELLS) + (offset.data[cell + CELLS * CELLS] as number)) * 4,
      length: size.data[cell] as number,
    }));
    expect(found).toHaveLength(FLEET.length);
    for (const [x, y, length] of FLEET) {
      const [nearest] = found.toSorted((a, b) => Math.hypot(a.x - x, a.y - y) - Math.hypot(b.x - x, b.y - y));
      expect(Math.hypot(nearest.x - x, nearest.y - y)).toBeLessThan(Math.max(2, length / 6));
      expect(Math.abs(nearest.length / length - 1)).toBeLessThan(1 / 3);
    }
  });

  it('gives a tile in a batch what it gives it alone, whatever lies beside it', async () => {
    const three = new Float32Array(3 * pixels.length).fill(200);
    three.set(pixels, pixels.length);
    const { heat } = await run(three, [3, ...given.shape.slice(1)]);
    const middle = (heat.data as Float32Array).subarray(CELLS * CELLS, 2 * CELLS * CELLS);
    expect(largestDifference(middle, wanted.heat.flat())).toBeLessThan(TOLERANCE);
  });

  it('finds nothing on black, grey and white', async () => {
    for (const level of [0, 40, 255]) {
      const { heat } = await run(new Float32Array(pixels.length).fill(level), given.shape);
      expect(Math.max(...(heat.data as Float32Array))).toBeLessThan(threshold);
    }
  });
});

/** Cells from the threshold on that none of their neighbours exceeds. */
function peaks(heat: Float32Array): number[] {
  const at = (row: number, column: number) =>
    row < 0 || column < 0 || row >= CELLS || column >= CELLS ? 0 : heat[row * CELLS + column];
  const around = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((across) => [down, across]));
  return Array.from(heat.keys()).filter((cell) => {
    const [row, column] = [Math.floor(cell / CELLS), cell % CELLS];
    return (
      heat[cell] >= threshold &&
      around.every(([down, across]) => at(row + down, column + across) <= heat[cell])
    );
  });
}

function largestDifference(found: Float32Array, expected: readonly number[]): number {
  expect(found.length).toBe(expected.length);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - found[i])), 0);
}
