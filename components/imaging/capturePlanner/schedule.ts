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

/** The way from one capture to the next: the turn, and the sunlight before it. */
interface Way {
  readonly turnS: number;
  readonly litUs: number;
}

/** Undefined: no time to turn. */
function wayTo(
  { freeUs, look }: Pick<Situation, 'freeUs' | 'look'>,
  next: Opportunity,
  craft: Craft,
  sunlit: Sunlit,
): Way | undefined {
  const turn = turnS(look, next.look, craft);
  const turnsAtUs = next.atUs - turn * 1e6;
  return turnsAtUs < freeUs ? undefined : { turnS: turn, litUs: sunlit(freeUs, turnsAtUs) };
}

/** Energy after the way and the capture at its end: the store is charged while it neither turns nor captures. */
function energyAfter(energyJ: number, { turnS: turn, litUs }: Way, craft: Craft): number {
  const stored = Math.min(craft.capacityJ, energyJ + (craft.chargeW * litUs) / 1e6);
  return stored - craft.slewW * turn - craft.captureW * craft.captureS;
}

/** The situation after a capture, or the constraint that forbids it. */
export function take(
  from: Situation,
  next: Opportunity,
  craft: Craft,
  sunlit: Sunlit,
): Situation | 'SLEW' | 'POWER' {
  const way = wayTo(from, next, craft, sunlit);
  if (way === undefined) return 'SLEW';
  const energyJ = energyAfter(from.energyJ, way, craft);
  if (energyJ < craft.reserveJ) return 'POWER';
  return { freeUs: next.atUs + craft.captureS * 1e6, look: next.look, energyJ };
}

/** A chain of captures that ends with one opportunity. */
interface Label {
  /** Its place in the order of time; -1: the start. */
  readonly at: number;
  readonly value: number;
  readonly energyJ: number;
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
  const root: Label = { at: -1, value: 0, energyJ: start.energyJ, count: 0, taken: 0n, before: undefined };
  const nodes = [{ labels: [root], freeUs: start.freeUs, look: start.look }];
  let best = root;
  let exact = true;
  inOrder.forEach((next, at) => {
    const labels: Label[] = [];
    for (const node of nodes) {
      const way = node.labels.length === 0 ? undefined : wayTo(node, next, craft, sunlit);
      if (way === undefined) continue;
      for (const before of node.labels) {
        if (before.count >= craft.room || (before.taken & bits[at]) !== 0n) continue;
        const energyJ = energyAfter(before.energyJ, way, craft);
        if (energyJ < craft.reserveJ) continue;
        const [value, count, taken] = [before.value + next.value, before.count + 1, before.taken | bits[at]];
        if (!keep(labels, { at, value, energyJ, count, taken, before }, beam)) exact = false;
      }
    }
    nodes.push({ labels, freeUs: next.atUs + craft.captureS * 1e6, look: next.look });
    if (labels.length > 0 && labels[0].value > best.value) best = labels[0];
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

/**
 * Adds a label, the most valuable first, unless another is as good in everything; drops those that it is as good as. False when
 * one that nothing dominates had to go, for there are `beam` already.
 */
function keep(labels: Label[], label: Label, beam: number): boolean {
  if (labels.some((other) => dominates(other, label))) return true;
  const left = labels.filter((other) => !dominates(label, other));
  const place = left.findIndex(({ value }) => value < label.value);
  left.splice(place < 0 ? left.length : place, 0, label);
  labels.splice(0, labels.length, ...left.slice(0, beam));
  return left.length <= beam;
}

function dominates(a: Label, b: Label): boolean {
  return (
    a.value >= b.value && a.energyJ >= b.energyJ && a.count <= b.count && (a.taken & b.taken) === a.taken
  );
}
