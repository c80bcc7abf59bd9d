/**
 * The jitter of a 100 Hz rate group while inference runs without a pause: the native clock beside the bare
 * `setInterval`, which is what most would write, each in a process of its own, in turn.
 *
 * Two measures, because they say different things. A handler's start against its absolute due time is what a schedule
 * promises; `setInterval` counts from its last call, so its lateness adds up, the more the longer it runs (10 s a
 * round). The time from start to start does not see that drift: there the two are compared at their best.
 */
import { fork } from 'node:child_process';
import { extname, join } from 'node:path';
import { native } from '../../../native/addon';
import { duration, type Row } from '../measure';
import type { Ticked, Ticking } from './ticking';

const ROUNDS = 3;
/** 30 s of each: enough for the worst of a thousand. */
const TICKS_A_ROUND = 1000;

const setups = {
  setInterval: { from: 'setInterval', realTime: false },
  'setInterval, main thread in real time': { from: 'setInterval', realTime: true },
  'native clock': { from: 'board', realTime: false },
  'native clock, main thread in real time': { from: 'board', realTime: true },
} as const;
type Setup = keyof typeof setups;

export async function timer(): Promise<Row[]> {
  const names = Object.keys(setups) as Setup[];
  const ticked = new Map<Setup, Ticked[]>(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const name of names) ticked.get(name)?.push(await tick({ ...setups[name], ticks: TICKS_A_ROUND }));
  const beside = (name: Setup, yardstick: Setup, promise: string): Row[] => {
    const rounds = ticked.get(name) ?? [];
    const ours = p999(rounds);
    const theirs = p999(ticked.get(yardstick) ?? []);
    const inferences = rounds.reduce((sum, round) => sum + round.inferences, 0);
    const row = (measure: string, ourUs: number, theirUs: number, promised: string): Row => ({
      what: `100 Hz rate group during inference: p99.9 of |${measure}|, ${name}`,
      value: duration(ourUs * 1000),
      yardstick,
      yardstickValue: duration(theirUs * 1000),
      ratio: `${(theirUs / ourUs).toFixed(1)} × better over ${ours.ticks} ticks and ${inferences} batches`,
      promise: promised,
      kept: promised === '' ? undefined : theirUs >= 10 * ourUs,
    });
    return [
      row("a handler's start − when it was due", ours.deviationUs, theirs.deviationUs, promise),
      row('from start to start − 10 ms', ours.periodUs, theirs.periodUs, ''),
    ];
  };
  // Without the addon the host's timers tick, and nothing is promised.
  if (native.addon === undefined) return beside('native clock', 'setInterval', '');
  return [
    ...beside('native clock, main thread in real time', 'setInterval', '≥ 10 × better'),
    ...beside('native clock, main thread in real time', 'setInterval, main thread in real time', ''),
    ...beside('native clock', 'setInterval', ''),
  ];
}

/** Of all rounds together. */
function p999(rounds: readonly Ticked[]) {
  const deviationUs = rounds.flatMap((ticked) => ticked.deviationUs);
  const periodUs = rounds.flatMap((ticked) => ticked.periodUs);
  return { ticks: deviationUs.length, deviationUs: worstOf(deviationUs), periodUs: worstOf(periodUs) };
}

/** What 99.9 % of the values do not exceed, signs aside. */
function worstOf(values: readonly number[]): number {
  const sorted = values.map(Math.abs).sort((x, y) => x - y);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * 0.999) - 1)];
}

function tick(ticking: Ticking): Promise<Ticked> {
  const child = fork(join(__dirname, `ticking${extname(__filename)}`), [JSON.stringify(ticking)]);
  return new Promise((resolve, reject) => {
    child.once('message', (ticked) => resolve(ticked as Ticked));
    child.once('exit', (code) => reject(new Error(`the ticking process ended with ${code}`)));
  });
}
