/**
 * Decode → tile → screen → classify → pack, on one thread, with the networks of the reference mission. Tiles go through
 * in batches that stay in the cache: what is cut is screened at once, and what is kept waits until there is a batch of it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import sharp from 'sharp';
import type { Result } from '../../../fsw/errors';
import manifest from '../../../fsw/missions/earth-watch/models/manifest.json';
import { projectRoot } from '../../../fsw/root';
import { bits, recordBytes } from '../../../native/bits';
import { image } from '../../../native/image';

export const MODELS = join(projectRoot, 'fsw', 'missions', 'earth-watch', 'models');
export const TILE = 32;
const FLOATS = 3 * TILE * TILE;
/** 0.4 MB of tiles: in the second cache, together with the activations of a layer. */
const BATCH = 32;
const CLOUDED = 0.5;
const DARK = 8;
/** Frame, tile, class, confidence and water in 1/255, column and row of the tile's centre. */
const RECORD = Int8Array.of(16, 16, 8, 8, 8, 16, 16);
/** The class of a tile that was not kept. */
export const NOT_KEPT = 255;

export interface Outcome {
  /** The class of each tile, row by row. */
  readonly classes: Uint8Array;
  /** A record for each tile that was kept. */
  readonly records: Uint8Array;
}

const LEVELS = { width: TILE, height: TILE, mean: new Float32Array(3), std: new Float32Array(3).fill(1) };

export class Eyes {
  private readonly screener: ort.InferenceSession;
  private readonly classifier: ort.InferenceSession;
  /** Kept tiles that wait, and after them those that are being screened: where all are kept, none is moved. */
  private readonly tiles = new Float32Array(2 * BATCH * FLOATS);
  private readonly keptTiles = new Uint32Array(2 * BATCH);
  private readonly brightness = new Float32Array(BATCH);
  private waiting = 0;

  private constructor(screener: ort.InferenceSession, classifier: ort.InferenceSession) {
    this.screener = screener;
    this.classifier = classifier;
  }

  /** With the networks that the mission flies. */
  static async open(): Promise<Eyes> {
    sharp.concurrency(1);
    sharp.cache(false);
    return new Eyes(await flown('cloud-screener'), await flown('surface-vit'));
  }

  async close(): Promise<void> {
    await this.screener.release();
    await this.classifier.release();
  }

  async frame(file: string, id: number): Promise<Outcome> {
    const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const picture = { data, width, height, channels };
    const columns = Math.floor(width / TILE);
    const tiles = columns * Math.floor(height / TILE);
    const classes = new Uint8Array(tiles).fill(NOT_KEPT);
    const values: number[] = [];
    for (let first = 0; first < tiles; first += BATCH) {
      const count = Math.min(BATCH, tiles - first);
      const crops = cropsOf(first, count, columns);
      sure(image.meanLevels(picture, crops, this.brightness));
      const start = this.waiting;
      const cut = this.tiles.subarray(start * FLOATS, (start + BATCH) * FLOATS);
      sure(image.preprocess(picture, crops, LEVELS, cut));
      const clouded = await run(this.screener, cut, count);
      for (let n = 0; n < count; n++) {
        if (clouded.cloud_fraction[n] >= CLOUDED || this.brightness[n] < DARK) continue;
        this.keep(start + n, first + n);
      }
      if (this.waiting >= BATCH) await this.classify(id, columns, classes, values);
    }
    if (this.waiting > 0) await this.classify(id, columns, classes, values);
    const records = new Uint8Array((values.length / RECORD.length) * recordBytes(RECORD));
    sure(bits.packRecords(RECORD, Uint32Array.from(values), records));
    return { classes, records };
  }

  /** Puts the tile at `from` behind those that wait. */
  private keep(from: number, tile: number): void {
    if (from > this.waiting) this.tiles.copyWithin(this.waiting * FLOATS, from * FLOATS, (from + 1) * FLOATS);
    this.keptTiles[this.waiting++] = tile;
  }

  private async classify(id: number, columns: number, classes: Uint8Array, values: number[]): Promise<void> {
    const count = this.waiting;
    this.waiting = 0;
    const { probabilities, water_fraction: water } = await run(this.classifier, this.tiles, count);
    const known = probabilities.length / count;
    for (let n = 0; n < count; n++) {
      let best = 0;
      for (let c = 1; c < known; c++)
        if (probabilities[n * known + c] > probabilities[n * known + best]) best = c;
      const tile = this.keptTiles[n];
      classes[tile] = best;
      const [confidence, wet] = [probabilities[n * known + best], water[n]];
      const [x, y] = [(tile % columns) * TILE + TILE / 2, Math.floor(tile / columns) * TILE + TILE / 2];
      values.push(id, tile, best, Math.round(confidence * 255), Math.round(wet * 255), x, y);
    }
  }
}

const ONE_THREAD = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 4,
} as const;

async function flown(name: string): Promise<ort.InferenceSession> {
  const model = manifest.models.find((one) => one.name === name);
  if (model === undefined) throw new Error(`the mission has no ${name}`);
  const { graph, weights } = model.files;
  return ort.InferenceSession.create(readFileSync(join(MODELS, graph.path)), {
    externalData: [{ path: weights.path, data: readFileSync(join(MODELS, weights.path)) }],
    ...ONE_THREAD,
  });
}

async function run(model: ort.InferenceSession, tiles: Float32Array, count: number) {
  const input = new ort.Tensor('float32', tiles.subarray(0, count * FLOATS), [count, 3, TILE, TILE]);
  const results = await model.run({ [model.inputNames[0]]: input });
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

/** Left, top, width, height of tiles that follow each other row by row. */
function cropsOf(first: number, count: number, columns: number): Uint32Array {
  const crops = new Uint32Array(count * 4).fill(TILE);
  for (let n = 0; n < count; n++) {
    crops[n * 4] = ((first + n) % columns) * TILE;
    crops[n * 4 + 1] = Math.floor((first + n) / columns) * TILE;
  }
  return crops;
}

function sure(result: Result<void>): void {
  if (!result.ok) throw new Error(result.error.text);
}
