/** What the campaign must show, and whether it did. */
import type { CellSummary } from './cell';

export interface Promised {
  readonly text: string;
  readonly kept: boolean;
}

/** With everything on: so much damage at most (points of accuracy, per cent of output error), up to this rate. */
const MOST_DAMAGE = 0.1;
const UP_TO_RATE = 1e-4;

/** A promise that no cell speaks of is not kept. */
export function promisesOf(cells: readonly CellSummary[]): Promised[] {
  const all = cells.filter(({ protection }) => protection === 'all');
  const upToRate = all.filter(({ bitErrorRate }) => bitErrorRate <= UP_TO_RATE);
  const worst = Math.max(0, ...upToRate.map(({ damageWorst }) => damageWorst));
  const silent = Math.max(0, ...all.map(({ silentPercent }) => silentPercent));
  return [
    {
      text: `with everything on, bit error rates up to ${UP_TO_RATE.toExponential(0)}: the worst damage of any model, cluster and seed is ${worst} (promised: ${MOST_DAMAGE} at most)`,
      kept: upToRate.length > 0 && worst <= MOST_DAMAGE,
    },
    {
      text: `with everything on, at any rate: ${silent} % of the seeds are silently wrong (promised: none)`,
      kept: all.length > 0 && silent === 0,
    },
  ];
}
