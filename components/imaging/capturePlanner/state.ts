/** What the planner knows between two messages. */
import type { Fault } from '../../../fsw/errors';
import type { Board, Random, SelfOf } from '../../../fsw/framework';
import type { Constraint, capturePlannerModel } from './model';
import type { Opportunity, Plan } from './schedule';
import { type Look, NADIR } from './sphere';
import { newTarget, parseTargets, type Target } from './targets';
import { type Pass, Track } from './track';

/** One capture of the plan. */
export interface Entry extends Opportunity {
  readonly pass: Pass;
}

/** An order whose answer is out. */
export interface Order {
  readonly target: string;
  /** The end of the pass: a retry comes later. */
  readonly passEndUs: number;
  readonly timeoutUs: number;
}

type Counted =
  | 'ordered'
  | 'done'
  | 'failed'
  | 'clear'
  | 'clouded'
  | 'watched'
  | 'nowhere'
  | keyof typeof Constraint.constants;

export interface State {
  readonly targets: Map<string, Target>;
  /** Entries of the config that are no targets; told at the start. */
  readonly refusedAtBoot: readonly Fault[];
  readonly track: Track;
  readonly orders: Map<number, Order>;
  readonly counts: Record<Counted, number>;
  plan: Plan<Entry>;
  plannedUs: number;
  nextTicket: number;
  /** What the operator wants; safe mode holds it off, and returns to it. */
  enabled: boolean;
  safe: boolean;
  /** The attitude after the last capture that was ordered, and when it ends. */
  look: Look;
  freeUs: number;
  /** In the store at `energyUs`. */
  energyJ: number;
  energyUs: number;
}

export type Planner = SelfOf<typeof capturePlannerModel, State>;

export const NO_PLAN: Plan<Entry> = { captures: [], exact: true };

export function freshState(
  config: { targets: string; altitudeKm: number; stepS: number; maxTargets: number },
  board: Board,
  random: Random,
): State {
  const { clock, ephemeris } = board;
  const nowUs = clock.nowUs();
  const parsed = parseTargets(config.targets);
  const specs = parsed.flatMap((target) => (target.ok ? [target.value] : [])).slice(0, config.maxTargets);
  return {
    targets: new Map(specs.map((spec) => [spec.name, newTarget(spec, nowUs)])),
    refusedAtBoot: parsed.flatMap((target) => (target.ok ? [] : [target.error])),
    track: new Track(ephemeris, clock.epochUs, config.altitudeKm, config.stepS),
    orders: new Map(),
    counts: {
      ordered: 0,
      done: 0,
      failed: 0,
      clear: 0,
      clouded: 0,
      watched: 0,
      nowhere: 0,
      NO_ACCESS: 0,
      SUN: 0,
      DEADLINE: 0,
      SLEW: 0,
      POWER: 0,
      STORAGE: 0,
    },
    plan: NO_PLAN,
    plannedUs: Number.NEGATIVE_INFINITY,
    // An answer to an order of an earlier life finds none here.
    nextTicket: random.integer(2 ** 32),
    enabled: true,
    safe: false,
    look: NADIR,
    freeUs: nowUs,
    // A full store, until the first capture says otherwise: `charge` caps it by its parameter.
    energyJ: Number.POSITIVE_INFINITY,
    energyUs: nowUs,
  };
}
