import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../fsw/root';
import { native } from './addon';
import { type RunningTimer, startTimer, type TimerAddon, type TimerOptions, type TimerTick } from './timer';

const MS = 1_000_000;
const nowNs = () => Number(process.hrtime.bigint());
const turn = () => new Promise<void>((done) => setImmediate(done));
const block = (untilNs: number) => {
  while (nowNs() < untilNs);
};

const running: RunningTimer[] = [];
afterEach(() => {
  for (const timer of running.splice(0)) timer.stop();
});

function start(options: TimerOptions, tick: (tick: TimerTick) => void): RunningTimer {
  if (native.addon === undefined) throw new Error(native.reason);
  const started = startTimer(native.addon, options, tick);
  if (!started.ok) throw new Error(started.error.text);
  running.push(started.value);
  return started.value;
}

/** Resolves with the first `count` calls. */
const calls = (options: TimerOptions, count: number) =>
  new Promise<(TimerTick & { atNs: number })[]>((done) => {
    const seen: (TimerTick & { atNs: number })[] = [];
    const timer = start(options, (tick) => {
      seen.push({ ...tick, atNs: nowNs() });
      if (seen.length < count) return;
      timer.stop();
      done(seen);
    });
  });

/** Runs a script with `start` and `nowNs` in a process of its own. */
function ends(script: string) {
  const prelude = `
    const { native } = require('./native/addon');
    const { startTimer } = require('./native/timer');
    const nowNs = () => Number(process.hrtime.bigint());
    const start = (options, tick) => startTimer(native.addon, options, tick).value;`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['-r', 'ts-node/register/transpile-only', '-e', prelude + script],
    {
      cwd: projectRoot,
      encoding: 'utf8',
      env: { ...process.env, TS_NODE_PROJECT: join(projectRoot, 'tsconfig.json') },
      timeout: 50_000,
    },
  );
  return { status, stdout, stderr };
}

describe('starting a timer', () => {
  it('is an error where the addon has no thread for it', () => {
    const addon = {
      monotonicNs: nowNs,
      startTimer() {
        throw new Error('no thread');
      },
    } as unknown as TimerAddon;
    expect(startTimer(addon, { firstNs: 1, periodNs: 1 }, () => undefined)).toMatchObject({
      error: { code: 'TIMER_FAILED', text: expect.stringContaining('no thread') },
    });
  });
});

const without = native.addon ? '' : ` (skipped: ${native.reason})`;
describe.skipIf(!native.addon)(`the real-time clock${without}`, () => {
  it('calls for each tick, never early, none lost and none twice', async () => {
    const firstNs = nowNs() + MS;
    const seen = await calls({ firstNs, periodNs: MS }, 50);
    let ticks = 0;
    for (const { index, missed, atNs, wakeLateNs } of seen) {
      ticks += 1 + missed;
      expect(index).toBe(ticks - 1);
      expect(atNs).toBeGreaterThanOrEqual(firstNs + index * MS);
      expect(wakeLateNs).toBeGreaterThanOrEqual(0);
    }
  });

  it('merges the ticks that fall due while the event loop is busy into one call, with the latest', async () => {
    const firstNs = nowNs() + MS;
    const seen = calls({ firstNs, periodNs: MS }, 2);
    block(firstNs + 200 * MS);
    const [merged, next] = await seen;
    // However late the thread was, it had long run when the event loop came back.
    expect(merged.index).toBeGreaterThan(100);
    expect(merged.missed).toBe(merged.index);
    expect(next.index - next.missed).toBe(merged.index + 1);
  });

  it('makes no call after a stop, not even the one that waits', async () => {
    let count = 0;
    const firstNs = nowNs() + MS;
    const timer = start({ firstNs, periodNs: MS }, () => void count++);
    block(firstNs + 20 * MS);
    timer.stop();
    timer.stop();
    for (let i = 0; i < 5; i++) await turn();
    expect(count).toBe(0);
  });

  it('stops from within a tick', async () => {
    const seen = await calls({ firstNs: nowNs(), periodNs: MS }, 1);
    for (let i = 0; i < 5; i++) await turn();
    expect(seen).toHaveLength(1);
  });

  it('starts again after a stop, and many side by side', async () => {
    for (let round = 0; round < 3; round++) {
      const timers = Array.from({ length: 16 }, (_, i) =>
        calls({ firstNs: nowNs() + MS, periodNs: (1 + i) * MS }, 2),
      );
      expect(await Promise.all(timers)).toHaveLength(16);
    }
  });

  it('says what the host refuses, and runs all the same', async () => {
    const refused = native.addon?.fifoRefused() ?? undefined;
    const timer = start({ firstNs: nowNs() + 3600e3 * MS, periodNs: MS, priority: 1 }, () => undefined);
    if (refused === undefined) expect(timer.refused).toBeUndefined();
    else expect(timer.refused).toContain('SCHED_FIFO');
    const nowhere = start({ firstNs: nowNs(), periodNs: MS, cpu: 99_999 }, () => undefined);
    expect(nowhere.refused).toMatch(/^its CPU: /);
    expect(await calls({ firstNs: nowNs(), periodNs: MS, cpu: 99_999 }, 1)).toHaveLength(1);
  });

  it.each([
    ['no instant', Number.NaN, MS],
    ['a negative one', -1, MS],
    ['no period', 0, 0],
    ['an endless one', 0, Number.POSITIVE_INFINITY],
  ])('refuses %s', (_, firstNs, periodNs) => {
    if (native.addon === undefined) return;
    const started = startTimer(native.addon, { firstNs, periodNs }, () => undefined);
    expect(started).toMatchObject({ ok: false, error: { code: 'TIMER_FAILED' } });
  });

  it.skipIf(process.platform !== 'linux')(
    'puts the process in real time where permitted, its main thread first, and no child of it',
    () => {
      const script = `
      // Of proc(5): the 40th field is the real-time priority, the 41st the policy.
      const { readFileSync, readdirSync } = require('node:fs');
      const { execFileSync } = require('node:child_process');
      const priority = (stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[37]);
      const refused = native.addon.scheduleProcess(3, 2) ?? native.addon.lockCode();
      const threads = readdirSync('/proc/self/task').map((thread) => {
        return [priority(readFileSync('/proc/self/task/' + thread + '/stat', 'utf8')), Number(thread) === process.pid];
      });
      const main = threads.filter(([, main]) => main).map(([priority]) => priority);
      const helpers = new Set(threads.filter(([, main]) => !main).map(([priority]) => priority));
      const child = priority(execFileSync('cat', ['/proc/self/stat'], { encoding: 'utf8' }));
      console.log(JSON.stringify({ refused, main, helpers: [...helpers], child }));`;
      const { status, stdout } = ends(script);
      expect(status).toBe(0);
      const { refused, ...found } = JSON.parse(stdout) as { refused: string | null };
      if (refused === null) expect(found).toEqual({ main: [3], helpers: [2], child: 0 });
      else expect(refused).toMatch(/^(SCHED_FIFO|locked code): /);
    },
  );

  it('keeps the process until it is stopped', () => {
    const script = `let count = 0;
      const timer = start({ firstNs: nowNs(), periodNs: 1e6 }, () => { if (++count === 3) { timer.stop(); console.log('third'); } });`;
    expect(ends(script)).toMatchObject({ status: 0, stdout: 'third\n' });
  });

  it('lets the process end once it is released, and when the process ends itself', () => {
    const released = 'start({ firstNs: nowNs() + 3600e9, periodNs: 1e6 }, () => {}).unref();';
    expect(ends(released)).toMatchObject({ status: 0, stderr: '' });
    const exits = `for (let i = 0; i < 20; i++) start({ firstNs: nowNs(), periodNs: 1e5 }, () => {});
      setTimeout(() => process.exit(7), 20);`;
    expect(ends(exits)).toMatchObject({ status: 7, stderr: '' });
  });

  it('ends with the worker thread that started it', () => {
    const script = `const { Worker } = require('node:worker_threads');
      const worker = new Worker("const { startTimer } = require('./native/timer'); const { native } = require('./native/addon');" +
        "startTimer(native.addon, { firstNs: 0, periodNs: 1e5 }, () => require('node:worker_threads').parentPort.postMessage(0));", { eval: true });
      worker.once('message', () => worker.terminate().then(() => console.log('ended')));`;
    expect(ends(script)).toMatchObject({ status: 0, stdout: 'ended\n', stderr: '' });
  });
});
