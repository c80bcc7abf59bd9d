/** One cell of the grid: a protection of a model's weights at one bit error rate and cluster size, over many seeds. */
import { performance } from 'node:perf_hooks';
import { seededRandom } from '../../../fsw/framework/random';
import { median } from '../../bench/measure';
import { injectFaults } from './inject';
import type { Guarded, Protection } from './protection';
import type { Subject } from './subject';

/** What one seed came to. */
export interface Outcome {
  /** Bits that were flipped. */
  readonly flipped: number;
  /** The weights are the truth again, bit for bit. */
  readonly identical: boolean;
  /** The protection said that they are not. */
  readonly detected: boolean;
  /** What running them would cost, in the subject's unit. */
  readonly damage: number;
  /** Wall time of the repair; on a machine that does other things too. */
  readonly repairMs: number;
}

/** A guarded model, and whether it has to be reset before the next seed. */
export interface Bench {
  readonly subject: Subject;
  readonly protection: Protection;
  readonly guarded: Guarded;
}

export interface CellPlace {
  readonly bitErrorRate: number;
  readonly cluster: number;
}

/** The same seed gives the same faults; each cell has its own. */
export async function runSeed(bench: Bench, place: CellPlace, seed: number, index: number): Promise<Outcome> {
  const { subject, protection, guarded } = bench;
  const { bitErrorRate, cluster } = place;
  const name = `${subject.name}/${protection.name}/${bitErrorRate}/${cluster}/${index}`;
  const flipped = injectFaults(guarded.stretches, bitErrorRate, cluster, seededRandom(seed, name));
  if (flipped === 0) return { flipped, identical: true, detected: false, damage: 0, repairMs: 0 };
  const started = performance.now();
  const { detected } = guarded.repair();
  const repairMs = performance.now() - started;
  const identical = Buffer.compare(guarded.weights, guarded.truth) === 0;
  // What is bit for bit the truth does what the truth does: no need to run it.
  const damage = identical ? 0 : await subject.damage(guarded.weights, guarded.truth);
  guarded.reset();
  return { flipped, identical, detected, damage, repairMs };
}

/** What the seeds of a cell came to. Shares in per cent of all seeds. */
export interface CellSummary extends CellPlace {
  readonly subject: string;
  readonly protection: string;
  readonly seeds: number;
  readonly meanFlipped: number;
  /** Of the weights as the repair left them, whether it would have had them refused or not. */
  readonly damageMean: number;
  readonly damageWorst: number;
  /** Weights that differ from the truth while nothing said so. */
  readonly silentPercent: number;
  readonly detectedPercent: number;
  /** The median of those seeds that flipped a bit. */
  readonly repairMs: number;
}

export function summarise(
  { subject, protection }: Bench,
  place: CellPlace,
  outcomes: readonly Outcome[],
): CellSummary {
  const mean = (values: readonly number[]) =>
    values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
  const share = (wanted: (outcome: Outcome) => boolean) =>
    100 * mean(outcomes.map((one) => Number(wanted(one))));
  const damages = outcomes.map(({ damage }) => damage);
  return {
    subject: subject.name,
    protection: protection.name,
    ...place,
    seeds: outcomes.length,
    meanFlipped: mean(outcomes.map(({ flipped }) => flipped)),
    damageMean: mean(damages),
    damageWorst: Math.max(0, ...damages),
    silentPercent: share(({ identical, detected }) => !identical && !detected),
    detectedPercent: share(({ detected }) => detected),
    repairMs: median(outcomes.filter(({ flipped }) => flipped > 0).map(({ repairMs }) => repairMs)) ?? 0,
  };
}
