/** For tests: the shipped networks, and examples drawn at random. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../errors';
import { seededRandom } from '../framework/random';
import { projectRoot } from '../root';
import { type Example, oneClass } from './examples';
import type { TunedModel } from './tuning';

export function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.text);
  return result.value;
}

export function shippedModel(name: string): TunedModel {
  const folder = join(projectRoot, 'fsw/missions/earth-watch/models');
  const [graph, weights] = ['onnx', 'safetensors'].map((end) => readFileSync(join(folder, `${name}.${end}`)));
  return { graph, weights, weightsName: `${name}.safetensors`, output: 'probabilities' };
}

/** Tiles of one colour a class, with noise: what a network can learn in some steps. */
export function colourTiles(count: number, classes: number, sidePx: number, seed = 1): Example[] {
  const random = seededRandom(seed, 'tiles');
  return Array.from({ length: count }, (_, i) => {
    const own = i % classes;
    const input = Uint8Array.from({ length: 3 * sidePx * sidePx }, (_, at) => {
      const channel = Math.floor(at / (sidePx * sidePx));
      return 60 + 60 * Number(channel === own % 3) + 8 * own + random.integer(40);
    });
    return { input, target: oneClass(own, classes), weight: 1 };
  });
}
