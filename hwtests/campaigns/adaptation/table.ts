/** Means and spreads over the seeds, as a table. */
import type { Scored } from './adapt';

export interface Row {
  readonly method: string;
  /** Of all seeds, in their order. */
  readonly accuracies: readonly number[];
  readonly learningS: number;
}

export function rowsOf(seeds: readonly (readonly Scored[])[]): Row[] {
  return (seeds[0] ?? []).map(({ method }, i) => ({
    method,
    accuracies: seeds.map((scores) => scores[i].accuracy),
    learningS: mean(seeds.map((scores) => scores[i].learningS)),
  }));
}

/** Markdown: accuracy as mean ± standard deviation over the seeds, the worst seed, and what was won over `before`, seed by seed. */
export function tableOf(rows: readonly Row[]): string {
  const before = rows.find(({ method }) => method === 'before');
  const lines = rows.map(({ method, accuracies, learningS }) => {
    const won = before && accuracies.map((accuracy, i) => accuracy - before.accuracies[i]);
    return [
      method,
      spreadOf(accuracies),
      Math.min(...accuracies).toFixed(3),
      won === undefined || method === 'before' ? '' : spreadOf(won),
      learningS === 0 ? '' : learningS.toFixed(1),
    ].join(' | ');
  });
  const head = ['method', 'accuracy', 'worst seed', 'won over before', 'learning, CPU s'].join(' | ');
  return [head, '---|---|---|---|---', ...lines].map((line) => `| ${line} |`).join('\n');
}

/** The promise: what was won over `before` is more than the seeds differ by, in the mean and in the worst seed. */
export function isKept(rows: readonly Row[], method: string): boolean {
  const [before, after] = ['before', method].map((name) => rows.find((row) => row.method === name));
  if (!before || !after) return false;
  const won = after.accuracies.map((accuracy, i) => accuracy - before.accuracies[i]);
  return mean(won) > deviation(won) && Math.min(...won) > 0 && mean(won) > deviation(after.accuracies);
}

function spreadOf(values: readonly number[]): string {
  return `${mean(values).toFixed(3)} ± ${deviation(values).toFixed(3)}`;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of the sample: over n − 1. */
export function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}
