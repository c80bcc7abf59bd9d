/** For tests: a study of few tiles of one colour a class, with the small surface network. */
import { adamw, planTuning } from '../../../fsw/learning';
import { sameProcessEngine } from '../../../fsw/learning/engines/sameProcess';
import { colourTiles, shippedModel, unwrap } from '../../../fsw/learning/testModels';
import type { Study } from './study';
import { Trainer } from './trainer';

const CLASSES = 3;
const SIDE = 32;

export function testStudy(rounds = 3): Study {
  const model = shippedModel('surface-vit');
  const recipe = {
    choice: { what: 'head', batch: 8, optimizer: adamw },
    steps: 2,
    rounds,
    gossipTrainings: rounds,
    lookEvery: 1,
    rate: 3e-2,
    alone: { what: 'head', batch: 8, optimizer: adamw },
    aloneRate: 3e-2,
    centralEpochs: 4,
    localEpochs: 4,
    seed: 1,
  } as const;
  const engine = sameProcessEngine();
  const weights = { name: model.weightsName, bytes: model.weights };
  const tiles = colourTiles(60, CLASSES, SIDE);
  // The one has seen little of the last class, the other little of the first.
  const classOf = (i: number) => i % CLASSES;
  const shards = [
    tiles.filter((_, i) => i < 40 && (classOf(i) < 2 || i < 6)),
    tiles.filter((_, i) => i < 40 && (classOf(i) > 0 || i < 6)),
  ];
  return {
    trainer: new Trainer('together', unwrap(planTuning(model, recipe.choice)), engine, weights),
    alone: new Trainer('alone', unwrap(planTuning(model, recipe.alone)), engine, weights),
    recipe,
    classes: ['red', 'green', 'blue'],
    satellites: shards.map((examples, i) => ({ name: `sat-${i + 1}`, examples })),
    all: { name: 'all', examples: shards.flat() },
    validation: { name: 'validation', examples: tiles.slice(40, 50) },
    test: { name: 'test', examples: tiles.slice(50) },
    counts: shards.map((shard) =>
      [0, 1, 2].map((label) => shard.filter(({ target }) => target[label] === 1).length),
    ),
    rawBytes: shards.map(({ length }) => length * 3 * SIDE * SIDE),
    jpegBytes: shards.map(({ length }) => length * 500),
    model: { name: 'surface-vit', version: '0', weights: model.weights },
    close: () => engine.close(),
  };
}
