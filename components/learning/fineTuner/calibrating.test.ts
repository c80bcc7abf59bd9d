import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../fsw/framework/random';
import { oneClass } from '../../../fsw/learning';
import { classColours } from '../../../fsw/learning/colour';
import { sameProcessEngine } from '../../../fsw/learning/engines/sameProcess';
import { writeLabels } from '../../../fsw/learning/labels';
import { shippedModel } from '../../../fsw/learning/testModels';
import { isDelta, type ManifestModel } from '../../../fsw/models';
import { sha256Hex } from '../../../fsw/models/testModel';
import type { StoredModel } from '../../payload/ports';
import { coloursOf } from './calibrating';
import { labels, TRAIN, tunerBench, worth } from './testTuner';

const CLASSES = Array.from({ length: 10 }, (_, i) => `Class${i}`);

/** The land-cover network, with classes that are colours; its tiles as a camera sees them that has lost half its gain. */
function landCover() {
  const { graph, weights, weightsName } = shippedModel('land-cover');
  const manifest: ManifestModel = {
    name: 'land-cover',
    version: '1.0.0',
    serial: 1,
    graph: { path: 'land-cover.onnx', bytes: graph.length, sha256: sha256Hex(graph) },
    weights: { path: weightsName, bytes: weights.length, sha256: sha256Hex(weights) },
    input: { name: 'tiles', shape: ['N', 3, 64, 64] },
    outputs: [{ name: 'probabilities', shape: ['N', 10] }],
    classes: CLASSES,
  };
  return { ...manifest, manifest, nextSerial: 2, graph, weightsName, weights };
}

/** Tiles of two colours in a pattern. */
function patterns(count: number): Uint8Array[] {
  const random = seededRandom(21);
  return Array.from({ length: count }, () => {
    const [low, high] = [0, 1].map((i) => [0, 1, 2].map(() => 50 + 60 * i + 50 * random.next()));
    const width = 4 + random.integer(20);
    return Uint8Array.from({ length: 3 * 64 * 64 }, (_, at) => {
      const [band, x, y] = [Math.floor(at / 4096), at % 64, Math.floor((at % 4096) / 64)];
      return ((Math.floor(x / width) + Math.floor(y / width)) % 2 ? low : high)[band] + random.integer(8);
    });
  });
}

/** The class that the network gives each tile. */
async function answersOf(
  { graph, weights, weightsName }: StoredModel,
  tiles: readonly Uint8Array[],
): Promise<number[]> {
  const engine = sameProcessEngine();
  worth(await engine.load('said', graph, { name: weightsName, bytes: weights }, ['cpu']));
  const data = Float32Array.from(tiles.flatMap((tile) => [...tile]));
  const run = worth(await engine.run('said', { tiles: { dims: [tiles.length, 3, 64, 64], data } }));
  await engine.close();
  return tiles.map((_, i) => {
    const own = run.probabilities.subarray(i * 10, (i + 1) * 10);
    return own.indexOf(Math.max(...own));
  });
}

describe('calibration on board', () => {
  it('PGE-FTN-022: brings the colours of labelled tiles back, and adopts what sees so as a delta of some kilobytes', async () => {
    // What the network says of tiles as they were is what it is to say of them as they are seen now.
    const model = landCover();
    const [seen, said] = [patterns(24), await answersOf(model, patterns(24))];
    const tiles = seen.map((input, i) => ({ input, target: oneClass(said[i], 10), weight: 1 }));
    const colours = classColours(tiles, 10)
      .means.map((mean) => mean.map((value) => value.toFixed(1)).join(' '))
      .map((colour) => (colour === '0.0 0.0 0.0' ? '-' : colour))
      .join('; ');
    const b = await tunerBench({
      model: () => model,
      config: { model: 'land-cover' },
      tiles: () => 24,
      tileOf: (id) => ({
        id,
        timeUs: 0,
        latDeg: 0,
        lonDeg: 0,
        pixels: Uint8Array.from(tiles[id].input, (level) => level / 2 + 20),
        probabilities: new Float32Array(10),
      }),
    });
    const entries = tiles.map((_, tile) => ({ tile, says: said[tile], weight: 1, use: 'train' as const }));
    const file = worth(writeLabels({ name: 'l', model: 'land-cover', classes: CLASSES, entries }));
    b.files.write('up.labels', 0, file);
    expect(await b.obey('TAKE_LABELS', { path: 'up.labels' })).toBe('OK');
    expect(await b.obey('CALIBRATE', { colours, version: 'seen-1', force: false })).toContain(
      'TRAINING_WORSE',
    );
    expect(await b.obey('CALIBRATE', { colours, version: 'seen-1', force: true })).toBe('OK');
    const [{ path, bytes }] = b.named('Adopted');
    const delta = b.files.contents()[String(path)];
    expect(isDelta(delta)).toBe(true);
    expect(bytes).toBeLessThan(8000);
    expect(b.calls('install')).toEqual([{ path }]);
    await b.stop();
  });

  it('PGE-FTN-022: refuses colours that are not of the model’s classes, and a network that does not begin so', async () => {
    const b = await tunerBench();
    const calibrate = (colours: string) => b.obey('CALIBRATE', { colours, version: '1', force: true });
    expect(await calibrate('1 2 3; 4 5 6')).toContain('TRAINING_CHOICE');
    expect(await calibrate('1 2 3; 4 5 6; 7 8')).toContain('TRAINING_CHOICE');
    expect(await calibrate('1 2 3; 4 5 6; 7 8 900')).toContain('TRAINING_CHOICE');
    expect(await calibrate('1 2 3; 4 5 6; -')).toContain('TRAINING_NOTHING');
    await b.takeLabels(labels(12));
    expect(await calibrate('1 2 3; 4 5 6; -')).toContain('COLOUR_MAP');
    await b.obey('TRAIN', TRAIN);
    expect(await calibrate('1 2 3; 4 5 6; -')).toContain('MODEL_BUSY');
    expect(b.calls('install')).toEqual([]);
    await b.stop();
  });

  it('PGE-FTN-022: reads colours as the command has them', () => {
    expect(worth(coloursOf('1 2 3.5; -', 2))).toEqual({
      means: [
        [1, 2, 3.5],
        [0, 0, 0],
      ],
      weights: [1, 0],
    });
  });
});
