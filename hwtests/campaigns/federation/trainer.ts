/** Training and judging for all satellites of the experiment: one engine, graphs loaded once, nothing computed twice. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { vectorId } from '../../../fsw/federation';
import {
  type Example,
  momentsOf,
  type TrainingEngine,
  type TuningPlan,
  TuningSession,
} from '../../../fsw/learning';

/** How long, how fast and in which order. */
export interface Training {
  readonly start: Float32Array;
  readonly steps: number;
  readonly rate: number;
  /** Whether the rate falls along half a cosine to zero within these steps. */
  readonly falling: boolean;
  readonly seed: number;
}

export interface Learned {
  readonly parameters: Float32Array;
  /** Mean over the steps. */
  readonly loss: number;
}

/** Examples with a name of their own, by which answers are remembered. */
export interface ExampleSet {
  readonly name: string;
  readonly examples: readonly Example[];
}

const DECAY = 0.01;
const CLIP = 1;

export class Trainer {
  /** Steps that were really computed. */
  computed = 0;
  private readonly learned = new Map<string, Result<Learned>>();
  private readonly scores = new Map<string, number>();
  private readonly engine: TrainingEngine;

  /** `name`: of its sessions in the engine. */
  constructor(
    private readonly name: string,
    readonly plan: TuningPlan,
    engine: TrainingEngine,
    private readonly weights: { readonly name: string; readonly bytes: Uint8Array },
  ) {
    this.engine = loadingOnce(engine);
  }

  /** Steps from `start` on, with fresh moments. The same question is answered from memory: training is deterministic. */
  async train(set: ExampleSet, training: Training): Promise<Result<Learned>> {
    const { start, steps, rate, falling, seed } = training;
    const key = [set.name, vectorId(start), steps, rate, falling, seed].join(' ');
    const known = this.learned.get(key);
    if (known !== undefined) return known;
    const session = this.session(rate, seed, falling ? steps : undefined);
    const result = await this.run(session, set.examples, start, steps);
    this.learned.set(key, result);
    return result;
  }

  /** Share of right answers. */
  async accuracy(parameters: Float32Array, set: ExampleSet): Promise<Result<number>> {
    const key = `${set.name} ${vectorId(parameters)}`;
    const known = this.scores.get(key);
    if (known !== undefined) return succeed(known);
    const session = this.session(0, 0, undefined);
    const placed = session.restore(this.fresh(parameters));
    if (!placed.ok) return placed;
    const score = await session.score(set.examples);
    if (!score.ok) return score;
    this.scores.set(key, score.value.accuracy);
    return succeed(score.value.accuracy);
  }

  private async run(
    session: TuningSession,
    examples: readonly Example[],
    start: Float32Array,
    steps: number,
  ): Promise<Result<Learned>> {
    for (const ready of [session.restore(this.fresh(start)), session.learn(examples)])
      if (!ready.ok) return ready;
    let sum = 0;
    for (let i = 0; i < steps; i++) {
      const step = await session.step();
      if (!step.ok) return step;
      this.computed++;
      sum += step.value.loss;
    }
    const { parameters } = session.snapshot();
    const bad = parameters.findIndex((value) => !Number.isFinite(value));
    return bad < 0
      ? succeed({ parameters, loss: sum / steps })
      : fail('FED_NUMBER', { what: 'what was learned', index: bad });
  }

  private fresh(parameters: Float32Array) {
    const moments = momentsOf(this.plan.choice.optimizer).map(() => new Float32Array(parameters.length));
    return { parameters, moments, step: 0 };
  }

  private session(rate: number, seed: number, steps: number | undefined): TuningSession {
    const { plan, engine, weights } = this;
    const settings = { rate, seed, decay: DECAY, clip: CLIP, ...(steps !== undefined && { steps }) };
    return new TuningSession({ plan, engine, weights, providers: ['cpu'], settings, name: this.name });
  }
}

/** All sessions have one plan: its graphs are loaded at the first of them and stay. */
function loadingOnce(engine: TrainingEngine): TrainingEngine {
  const loaded = new Map<string, ReturnType<TrainingEngine['load']>>();
  return {
    ...engine,
    get alive() {
      return engine.alive;
    },
    load(session, ...rest) {
      const answer = loaded.get(session) ?? engine.load(session, ...rest);
      loaded.set(session, answer);
      return answer;
    },
  };
}
