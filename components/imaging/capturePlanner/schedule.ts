/**
 * Which captures to take: the selection of the greatest total value whose captures follow each other within slew, power
 * and storage, at most one a target. An elementary shortest path problem with resource constraints over the opportunities
 * in order of time, solved by labels (Feillet et al., "An exact algorithm for the elementary shortest path problem with
 * resource constraints", Networks 44, 2004): the best answer as long as no opportunity keeps more than `beam` labels
 * that none other dominates; past that the most valuable ones are kept, and the plan says that it is cut.
 */
import { type Look, slewDeg } from './sphere';

/** One way to take one target. */
export interface Opportunity {
  readonly target: string;
  readonly value: number;
  readonly atUs: number;
  readonly look: Look;
}

/** The declared model of the spacecraft. */
export interface Craft {
  readonly slewDegS: number;
  readonly settleS: number;
  readonly captureS: number;
  /** Power while it turns, and while it captures, above what the bus takes. */
  readonly slewW: number;
  readonly captureW: number;
  /** Net power into the store while the Sun shines. */
  readonly chargeW: number;
  readonly capacityJ: number;
  /** Never planned below. */
  readonly reserveJ: number;
  /** Captures that storage has room for. */
  readonly room: number;
}

/** Where the plan begins: free from then on, looking there, with this much energy. */
export interface Situation {
  readonly freeUs: number;
  readonly look: Look;
  readonly energyJ: number;
}

export type Constraint = 'SLEW' | 'POWER' | 'STORAGE';
/** Sunlit microseconds between two instants. */
export type Sunlit = (fromUs: number, toUs: number) => number;

export interface Plan<T extends Opportunity> {
  readonly captures: readonly T[];
  /** False when labels were cut: a better plan may exist. */
  readonly exact: boolean;
}

/** Seconds from the end of one capture to when the next may begin. */
export function turnS(from: Look, to: Look, { slewDegS, settleS }: Craft): number {
  return slewDeg(from, to) / slewDegS + settleS;
}

/** The situation after a capture, or the constraint that forbids it. The store is not charged while it turns or captures. */
export function take(
  from: Situation,
  { atUs, look }: Opportunity,
  craft: Craft,
  sunlit: Sunlit,
): Situation | Constraint {
  const turn = turnS(from.look, look, craft);
  if (from.freeUs + turn * 1e6 > atUs) return 'SLEW';
  const charged = (craft.chargeW * sunlit(from.freeUs, atUs - turn * 1e6)) / 1e6;
  const stored = Math.min(craft.capacityJ, from.energyJ + charged);
  const energyJ = stored - craft.slewW * turn - craft.captureW * craft.captureS;
  if (energyJ < craft.reserveJ) return 'POWER';
  return { freeUs: atUs + craft.captureS * 1e6, look, energyJ };
}

interface Label {
  readonly at: number;
  readonly value: number;
  readonly situation: Situation;
  readonly count: number;
  /** Targets taken, a bit each. */
  readonly taken: bigint;
  readonly before: Label | undefined;
}

/** The best selection. Deterministic: of equals the first found stays. */
export function schedule<T extends Opportunity>(
  opportunities: readonly T[],
  start: Situation,
  craft: Craft,
  sunlit: Sunlit,
  beam: number,
): Plan<T> {
  const inOrder = [...opportunities].sort((a, b) => a.atUs - b.atUs || (a.target < b.target ? -1 : 1));
  const names = [...new Set(inOrder.map(({ target }) => target))];
  const bits = inOrder.map(({ target }) => 1n << BigInt(names.indexOf(target)));
  const known = remembered(sunlit);
  const root: Label = { at: -1, value: 0, situation: start, count: 0, taken: 0n, before: undefined };
  const kept: Label[][] = [];
  let best = root;
  let exact = true;
  inOrder.forEach((next, at) => {
    const here: Label[] = [];
    for (const before of [root, ...kept.flat()]) {
      if (before.count >= craft.room || (before.taken & bits[at]) !== 0n) continue;
      const situation = take(before.situation, next, craft, known);
      if (typeof situation === 'string') continue;
      const [value, count, taken] = [before.value + next.value, before.count + 1, before.taken | bits[at]];
      add(here, { at, value, situation, count, taken, before });
    }
    here.sort((a, b) => b.value - a.value);
    if (here.length > beam) exact = false;
    kept.push(here.slice(0, beam));
    if (here.length > 0 && here[0].value > best.value) best = here[0];
  });
  const captures: T[] = [];
  for (let label: Label | undefined = best; label?.before; label = label.before)
    captures.unshift(inOrder[label.at]);
  return { captures, exact };
}

/** Why an opportunity is not in a plan that was made with it at hand; undefined: only because labels were cut. */
export function whyNot(
  { captures }: Plan<Opportunity>,
  start: Situation,
  other: Opportunity,
  craft: Craft,
  sunlit: Sunlit,
): Constraint | undefined {
  if (craft.room < 1) return 'STORAGE';
  const alone = take(start, other, craft, sunlit);
  if (typeof alone === 'string') return alone;
  let situation = start;
  for (const capture of [...captures, other].sort((a, b) => a.atUs - b.atUs)) {
    const next = take(situation, capture, craft, sunlit);
    if (typeof next === 'string') return next;
    situation = next;
  }
  return captures.length < craft.room ? undefined : 'STORAGE';
}

/** Adds a label unless another is as good in everything; drops those that it is as good as. */
function add(labels: Label[], label: Label): void {
  if (labels.some((other) => dominates(other, label))) return;
  const left = labels.filter((other) => !dominates(label, other));
  labels.splice(0, labels.length, ...left, label);
}

function dominates(a: Label, b: Label): boolean {
  return (
    a.value >= b.value &&
    a.situation.energyJ >= b.situation.energyJ &&
    a.count <= b.count &&
    (a.taken & b.taken) === a.taken
  );
}

/** The same spans are asked for by every label of an opportunity. */
function remembered(sunlit: Sunlit): Sunlit {
  const answers = new Map<string, number>();
  return (fromUs, toUs) => {
    const key = `${fromUs} ${toUs}`;
    const answer = answers.get(key) ?? sunlit(fromUs, toUs);
    answers.set(key, answer);
    return answer;
  };
}
