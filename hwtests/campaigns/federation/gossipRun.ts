/** No ground at all: satellites train by themselves and average with whom they see. */
import type { KeyObject } from 'node:crypto';
import { type Fault, type Result, succeed } from '../../../fsw/errors';
import {
  estimate,
  type GossipMessage,
  type GossipState,
  newGossip,
  offerTo,
  openGossip,
  receive,
  sealGossip,
  trained,
} from '../../../fsw/federation';
import { SimulatedClock } from '../../../fsw/framework/simulatedClock';
import { energyOf, trainingUs } from './board';
import type { Network } from './network';
import type { Outcome, Point } from './outcome';
import { CODING, rateIn } from './rounds';
import { EPOCH_MS, type Skies } from './sky';
import { experimentKey } from './spaceNode';
import type { Study } from './study';
import type { ExampleSet } from './trainer';

/** From one training to the next, and from one exchange with each neighbour to the next. */
export const TRAIN_EVERY_US = 900e6;
export const EXCHANGE_EVERY_US = 180e6;
/** After training, and before the window closes: room for the three messages of an exchange. */
const MARGIN_US = 60e6;
/** Satellites whose models are judged by the test tiles: they hardly differ. */
const TESTED = 4;
/** Trainings between two looks at the accuracy. */
const LOOK_EVERY = 6;

interface Flyer {
  readonly index: number;
  readonly set: ExampleSet;
  readonly key: KeyObject;
  state: GossipState;
}

export async function gossip(
  study: Study,
  sky: Skies,
  onPoint?: (point: Point) => void,
): Promise<Result<Outcome>> {
  const run = new GossipRun(study, sky);
  return run.fly(onPoint);
}

class GossipRun {
  private readonly clock = new SimulatedClock();
  private readonly network: Network;
  private readonly flyers: readonly Flyer[];
  private readonly keys;
  private readonly faults: Fault[] = [];
  private merges = 0;
  private trainedTiles = 0;

  constructor(
    private readonly study: Study,
    private readonly sky: Skies,
  ) {
    this.network = sky.network();
    const { length } = study.trainer.plan.initial;
    const own = study.satellites.map((_, i) => experimentKey(i + 1));
    this.keys = new Map(own.map(({ id, publicKey }) => [id, publicKey]));
    this.flyers = study.satellites.map((set, index) => ({
      index,
      set,
      key: own[index].key,
      state: newGossip(set.name, 'experiment', length, EPOCH_MS),
    }));
  }

  async fly(onPoint?: (point: Point) => void): Promise<Result<Outcome>> {
    const { study, sky, clock } = this;
    const { gossipTrainings: rounds } = study.recipe;
    const points: Point[] = [];
    let done = 0;
    while (done < rounds && (done + 1) * TRAIN_EVERY_US <= sky.endUs) {
      this.schedule(done);
      done++;
      await clock.run(done * TRAIN_EVERY_US - 1, () => undefined);
      if (this.faults.length > 0) return { ok: false, error: this.faults[0] };
      if (done % LOOK_EVERY !== 0 && done !== rounds) continue;
      const accuracies = await this.accuracies(study.validation);
      if (!accuracies.ok) return accuracies;
      points.push({ hours: clock.nowUs() / 3.6e9, round: done, accuracy: mean(accuracies.value) });
      onPoint?.(points[points.length - 1]);
    }
    const test = await this.accuracies(study.test, TESTED);
    if (!test.ok) return test;
    return succeed({
      name: 'gossip',
      points,
      test: mean(test.value),
      testRange: [Math.min(...test.value), Math.max(...test.value)],
      traffic: sky.traffic(this.network),
      energy: energyOf(this.trainedTiles, this.network.hops),
      trained: this.trainedTiles,
      note: `${this.merges} times a satellite took in what another had`,
      ...(done < rounds && { cut: `time was up after ${done} of ${rounds} trainings` }),
    });
  }

  /** One training of each, then exchanges until the next. */
  private schedule(round: number): void {
    const { clock } = this;
    const firstUs = round * TRAIN_EVERY_US;
    for (const flyer of this.flyers) clock.after(firstUs - clock.nowUs(), () => this.train(flyer, round));
    for (
      let us = firstUs + EXCHANGE_EVERY_US;
      us < firstUs + TRAIN_EVERY_US - MARGIN_US;
      us += EXCHANGE_EVERY_US
    )
      clock.after(us - clock.nowUs(), () => this.exchangeAll());
  }

  private async train(flyer: Flyer, round: number): Promise<void> {
    const { study, clock } = this;
    const { trainer, recipe } = study;
    const { initial } = trainer.plan;
    const { delta } = estimate(flyer.state);
    const learned = await trainer.train(flyer.set, {
      start: initial.map((value, i) => value + delta[i]),
      steps: recipe.steps,
      rate: Math.fround(rateIn({ rate: recipe.rate, rounds: recipe.gossipTrainings }, round + 1)),
      falling: true,
      seed: recipe.seed + round,
    });
    if (!learned.ok) return void this.faults.push(learned.error);
    const { parameters } = learned.value;
    const { examples } = flyer.set;
    const tiles = recipe.steps * Math.min(recipe.choice.batch, examples.length);
    this.trainedTiles += tiles;
    clock.after(trainingUs(tiles), () => {
      flyer.state = trained(
        flyer.state,
        parameters.map((value, i) => value - initial[i]),
        examples.length,
        this.nowMs(),
      );
    });
  }

  /** Of two in view the one whose name comes first offers. */
  private exchangeAll(): void {
    const nowUs = this.clock.nowUs();
    for (const { a, b, startUs, endUs } of this.sky.crosslinks) {
      if (startUs > nowUs || endUs < nowUs + MARGIN_US) continue;
      const [first, second] = [this.flyers[a], this.flyers[b]].sort((x, y) =>
        x.set.name < y.set.name ? -1 : 1,
      );
      const offered = offerTo(first.state, second.set.name, CODING, this.nowMs());
      if (!offered.ok) {
        this.faults.push(offered.error);
        continue;
      }
      first.state = offered.value.state;
      if (offered.value.reply) this.send(first, second, offered.value.reply);
    }
  }

  private send(from: Flyer, to: Flyer, message: GossipMessage): void {
    const bytes = sealGossip(message, from.key);
    const nowUs = this.clock.nowUs();
    const arrivesUs = this.network.send(from.index, to.index, bytes.length, nowUs, false);
    if (arrivesUs !== undefined) this.clock.after(arrivesUs - nowUs, () => this.hear(to, bytes));
  }

  private hear(flyer: Flyer, bytes: Uint8Array): void {
    const opened = openGossip(bytes, this.keys);
    if (!opened.ok) return void this.faults.push(opened.error);
    const message = opened.value.content;
    const step = receive(flyer.state, message, CODING, this.nowMs());
    if (!step.ok) return void this.faults.push(step.error);
    const { state, reply, merged } = step.value;
    flyer.state = state;
    this.merges += Number(merged);
    const other = this.flyers.find(({ set }) => set.name === message.from);
    if (reply && other) this.send(flyer, other, reply);
  }

  /** Of `count` satellites, evenly out of all. */
  private async accuracies(set: ExampleSet, count = this.flyers.length): Promise<Result<number[]>> {
    const { trainer } = this.study;
    const found: number[] = [];
    const every = Math.max(1, Math.floor(this.flyers.length / count));
    for (const { state } of this.flyers.filter(({ index }) => index % every === 0)) {
      const { delta } = estimate(state);
      const accuracy = await trainer.accuracy(
        trainer.plan.initial.map((value, i) => value + delta[i]),
        set,
      );
      if (!accuracy.ok) return accuracy;
      found.push(accuracy.value);
    }
    return succeed(found);
  }

  private nowMs(): number {
    return Math.floor(EPOCH_MS + this.clock.nowUs() / 1000);
  }
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
