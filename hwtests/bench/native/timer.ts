/**
 * The jitter of a 100 Hz rate group while inference runs without a pause: the native clock beside the bare
 * `setInterval`, which is what most would write, each in a process of its own, in turn.
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
  bare: { from: 'setInterval', realTime: false },
  ordinary: { from: 'board', realTime: false },
  realTime: { from: 'board', realTime: true },
} as const;

export async function timer(): Promise<Row[]> {
  const rounds: Record<keyof typeof setups, Ticked[]> = { bare: [], ordinary: [], realTime: [] };
  for (let round = 0; round < ROUNDS; round++)
    for (const name of Object.keys(setups) as (keyof typeof setups)[])
      rounds[name].push(await tick({ ...setups[name], ticks: TICKS_A_ROUND }));
  const bare = p999(rounds.bare);
  const rows = (name: 'ordinary' | 'realTime', promised: boolean): Row[] => {
    const all = rounds[name];
    const ours = p999(all);
    const inferences = all.reduce((sum, ticked) => sum + ticked.inferences, 0);
    const what = `100 Hz rate group during inference, ${all[0].clock}, p99.9 of`;
    const row = (measure: string, ourUs: number, bareUs: number, promise: string): Row => ({
      what: `${what} ${measure}`,
      value: duration(ourUs * 1000),
      yardstick: 'setInterval',
      yardstickValue: duration(bareUs * 1000),
      ratio: `${(bareUs / ourUs).toFixed(1)} × better over ${ours.ticks} ticks and ${inferences} batches`,
      promise,
      kept: promise === '' ? undefined : bareUs >= 10 * ourUs,
    });
    return [
      row(
        "|a handler's start − when it was due|",
        ours.deviationUs,
        bare.deviationUs,
        promised ? '≥ 10 × better' : '',
      ),
      row('|the time from start to start − 10 ms|', ours.periodUs, bare.periodUs, ''),
    ];
  };
  return [...rows('realTime', native.addon !== undefined), ...rows('ordinary', false)];
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
