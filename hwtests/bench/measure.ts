/** Timing for the bench: ratios within one run mean something, single times on a shared machine hardly do. */

/** One line of the bench: what was measured, beside its yardstick, against what was promised. */
export interface Row {
  readonly what: string;
  readonly value: string;
  readonly yardstick: string;
  readonly yardstickValue: string;
  /** Ours / yardstick, or a rate: what `promise` speaks of. */
  readonly ratio: string;
  readonly promise: string;
  readonly kept: boolean | undefined;
}

/** Nanoseconds per operation: the median of `rounds` rounds, each of `operations`, after two rounds of warm-up. */
export function nsPerOperation(operations: number, run: (operations: number) => void, rounds = 9): number {
  run(operations);
  run(operations);
  const times = Array.from({ length: rounds }, () => {
    const start = process.hrtime.bigint();
    run(operations);
    return Number(process.hrtime.bigint() - start) / operations;
  });
  return median(times);
}

/** Two alternatives in turn (A B A B …), so that a drift of the machine's speed meets both; medians in ns. */
export function paired(
  operations: number,
  a: (operations: number) => void,
  b: (operations: number) => void,
  rounds = 9,
): { a: number; b: number; ratio: number } {
  const times: { a: number; b: number }[] = [];
  for (let round = -2; round < rounds; round++) {
    const pair = { a: nsPerOperation(operations, a, 1), b: nsPerOperation(operations, b, 1) };
    if (round >= 0) times.push(pair);
  }
  return {
    a: median(times.map((pair) => pair.a)),
    b: median(times.map((pair) => pair.b)),
    ratio: median(times.map((pair) => pair.a / pair.b)),
  };
}

/** The same where an alternative has to be waited for; each does `operations` operations a round. */
export async function pairedAsync(
  operations: number,
  a: () => unknown,
  b: () => unknown,
  rounds = 9,
): Promise<{ a: number; b: number; ratio: number }> {
  const nsOf = async (run: () => unknown) => {
    const start = process.hrtime.bigint();
    await run();
    return Number(process.hrtime.bigint() - start) / operations;
  };
  const times: { a: number; b: number }[] = [];
  for (let round = -2; round < rounds; round++) {
    const pair = { a: await nsOf(a), b: await nsOf(b) };
    if (round >= 0) times.push(pair);
  }
  return {
    a: median(times.map((pair) => pair.a)),
    b: median(times.map((pair) => pair.b)),
    ratio: median(times.map((pair) => pair.a / pair.b)),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y);
  return sorted[sorted.length >> 1];
}

export function perSecond(ns: number): string {
  const millions = 1e3 / ns;
  return millions >= 1 ? `${millions.toFixed(1)} M/s` : `${(millions * 1000).toFixed(0)} k/s`;
}

export function duration(ns: number): string {
  if (ns < 1e3) return `${ns.toFixed(1)} ns`;
  if (ns < 1e6) return `${(ns / 1e3).toFixed(1)} µs`;
  return `${(ns / 1e6).toFixed(1)} ms`;
}

export function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
