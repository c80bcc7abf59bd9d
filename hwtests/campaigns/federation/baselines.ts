/** What needs no federation: all tiles on the ground, and each satellite for itself. */
import { type Result, succeed } from '../../../fsw/errors';
import { energyOf, trainingUs } from './board';
import { mean } from './gossipRun';
import { NO_TRAFFIC, type Outcome, type Point } from './outcome';
import type { Skies } from './sky';
import type { Study } from './study';

/** Tiles of one message, so that a message fits into a pass. */
const TILES_A_MESSAGE = 16;

/** The network as it flies, on tiles of the drifted camera. */
export async function shipped({ trainer, validation, test }: Study): Promise<Result<Outcome>> {
  const { initial } = trainer.plan;
  const [seen, judged] = [await trainer.accuracy(initial, validation), await trainer.accuracy(initial, test)];
  if (!seen.ok) return seen;
  if (!judged.ok) return judged;
  return succeed({
    name: 'as shipped',
    points: [{ hours: 0, round: 0, accuracy: seen.value }],
    test: judged.value,
    traffic: NO_TRAFFIC,
    energy: energyOf(0, []),
    trained: 0,
  });
}

/** Every tile comes down raw, the ground trains, and what it learned goes up. */
export async function central(study: Study, sky: Skies): Promise<Result<Outcome>> {
  const { alone: trainer, recipe, all, rawBytes } = study;
  const network = sky.network();
  const ground = sky.satellites.length;
  let lastUs = 0;
  let stranded = 0;
  for (const [i, bytes] of rawBytes.entries()) {
    const message = (TILES_A_MESSAGE * bytes) / study.satellites[i].examples.length;
    for (let sent = 0; sent < bytes; sent += message) {
      const arrivesUs = network.send(i, ground, Math.min(message, bytes - sent), 0, true);
      if (arrivesUs === undefined) stranded++;
      else lastUs = Math.max(lastUs, arrivesUs);
    }
  }
  const learned = await trainer.train(all, {
    start: trainer.plan.initial,
    steps: Math.round((recipe.centralEpochs * all.examples.length) / recipe.alone.batch),
    rate: recipe.aloneRate,
    falling: true,
    seed: recipe.seed,
  });
  if (!learned.ok) return learned;
  const { parameters } = learned.value;
  const [seen, test] = [
    await trainer.accuracy(parameters, study.validation),
    await trainer.accuracy(parameters, study.test),
  ];
  if (!seen.ok) return seen;
  if (!test.ok) return test;
  return succeed({
    name: 'central',
    points: [{ hours: lastUs / 3.6e9, round: 1, accuracy: seen.value }],
    test: test.value,
    traffic: sky.traffic(network),
    energy: energyOf(0, network.hops),
    trained: 0,
    ...(stranded > 0 && {
      cut: `${stranded} messages of tiles did not come down in time; it has them all the same`,
    }),
  });
}

/** Each on its own tiles alone. */
export async function local(study: Study): Promise<Result<Outcome>> {
  const { alone: trainer, recipe, satellites } = study;
  const found: { seen: number; test: number }[] = [];
  let tiles = 0;
  for (const set of satellites) {
    const steps = Math.round((recipe.localEpochs * set.examples.length) / recipe.alone.batch);
    const learned = await trainer.train(set, {
      start: trainer.plan.initial,
      steps,
      rate: recipe.aloneRate,
      falling: true,
      seed: recipe.seed,
    });
    if (!learned.ok) return learned;
    tiles += steps * Math.min(recipe.alone.batch, set.examples.length);
    const seen = await trainer.accuracy(learned.value.parameters, study.validation);
    if (!seen.ok) return seen;
    const test = await trainer.accuracy(learned.value.parameters, study.test);
    if (!test.ok) return test;
    found.push({ seen: seen.value, test: test.value });
  }
  const tests = found.map(({ test }) => test);
  const energy = energyOf(tiles, []);
  const point: Point = {
    hours: trainingUs(tiles / satellites.length) / 3.6e9,
    round: 1,
    accuracy: mean(found.map(({ seen }) => seen)),
  };
  return succeed({
    name: 'local only',
    points: [point],
    test: mean(tests),
    testRange: [Math.min(...tests), Math.max(...tests)],
    traffic: NO_TRAFFIC,
    energy,
    trained: tiles,
  });
}
