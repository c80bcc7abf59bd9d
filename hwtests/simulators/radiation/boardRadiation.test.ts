import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Deployment } from '../../../fsw/framework/deployment';
import { plainMemory } from '../../../fsw/framework/plainMemory';
import { SimulatedClock } from '../../../fsw/framework/simulatedClock';
import { orbitFrom } from '../orbit';
import { missionEpochMs, sentinel2a } from '../tle';
import { boardRadiation } from './boardRadiation';
import { waitingPackets } from './packets';
import { steadyClock } from './steadyClock';
import type { TargetKind } from './targets';

const opened = orbitFrom(sentinel2a);
if (!opened.ok) throw new Error(opened.error.text);
const orbit = opened.value;
const idle = () => undefined;

function onBoard(targets: readonly TargetKind[]) {
  const outDir = mkdtempSync(join(tmpdir(), 'perigee-radiation-'));
  onTestFinished(() => rmSync(outDir, { recursive: true, force: true }));
  const clock = new SimulatedClock(missionEpochMs * 1000);
  const radiation = boardRadiation({
    factor: 1e6,
    targets,
    orbit,
    epochMs: missionEpochMs,
    seed: 1,
    clock,
    memory: plainMemory(),
    folders: [outDir],
    outDir,
  });
  radiation.begin();
  return { outDir, clock, radiation };
}

describe('radiation on the simulated board', () => {
  it('falls each second on what was named, and on nothing else', async () => {
    const { clock, radiation, outDir } = onBoard(['store']);
    const store = radiation.memory.allocate('model-slot-0', 500_000);
    const parameters = radiation.memory.allocate('parameters', 500_000);
    await clock.run(600e6, idle);
    const { all } = radiation.environment.hits;
    expect(all.length).toBeGreaterThan(100);
    expect(all.every(({ kind, atUs }) => kind === 'store' && atUs % 1e6 === 0)).toBe(true);
    expect(store.ok && new Uint8Array(store.value).some((byte) => byte !== 0)).toBe(true);
    expect(parameters.ok && new Uint8Array(parameters.value).every((byte) => byte === 0)).toBe(true);
    const report = radiation.report({
      dictionary: { channels: [] },
      units: new Map(),
    } as unknown as Deployment);
    expect(report).toMatchObject({
      factor: 1e6,
      targets: ['store'],
      hits: { store: { hits: all.length } },
      healed: {},
    });
    expect(readFileSync(join(outDir, 'radiation.csv'), 'utf8').trim().split('\n')).toHaveLength(
      all.length + 1,
    );
  });

  it('waits while native work is under way, and makes up for it', async () => {
    const { clock, radiation } = onBoard(['store']);
    const cells = radiation.memory.allocate('model-slot-0', 500_000);
    let under: number | undefined;
    await clock.run(60e6, idle);
    const before = radiation.environment.hits.all.length;
    void radiation.clock.work(Promise.resolve(), 100e6).then(() => {
      under = radiation.environment.hits.all.length;
    });
    await clock.run(180e6, idle);
    expect(cells.ok).toBe(true);
    expect(under).toBe(before);
    expect(radiation.environment.hits.all.length).toBeGreaterThan(before);
  });
});

describe('a steady clock', () => {
  it('counts work that has begun and not been delivered, also when it fails', async () => {
    const inner = new SimulatedClock();
    const steady = steadyClock(inner);
    const outcomes: string[] = [];
    steady.clock.work(Promise.resolve('done'), 10).then((value) => outcomes.push(value));
    steady.clock
      .work(Promise.reject(new Error('broken')), 20)
      .catch((error: Error) => outcomes.push(error.message));
    expect(steady.underWay).toBe(2);
    await inner.run(15, idle);
    expect(steady.underWay).toBe(1);
    await inner.run(30, idle);
    expect(steady.underWay).toBe(0);
    expect(outcomes).toEqual(['done', 'broken']);
    expect(steady.clock.nowUs()).toBe(30);
  });
});

describe('packets that wait', () => {
  const tapOf = (packets: ReturnType<typeof waitingPackets>, instance: string) => {
    const tap = packets.taps.find((one) => one.instance === instance);
    return (data: Uint8Array) => tap?.hear({ data } as never, 0);
  };

  it('lie open from their arrival to their way out, as one stretch of cells', () => {
    const packets = waitingPackets();
    const [come, go] = [tapOf(packets, 'eventManager'), tapOf(packets, 'comQueue')];
    const [a, b] = [new Uint8Array(2), new Uint8Array(4)];
    come(a);
    come(b);
    expect(packets.target().bits).toBe(48);
    expect(packets.target().flip(14, 8)).toBe(2);
    expect(packets.target().flip(16, 3)).toBe(3);
    expect([...a, ...b]).toEqual([0, 0xc0, 7, 0, 0, 0]);
    go(a);
    expect(packets.target().bits).toBe(32);
    expect(packets.target().flip(32, 1)).toBe(0);
  });

  it('are forgotten, the oldest first, when more came than the store can hold', () => {
    const packets = waitingPackets();
    const come = tapOf(packets, 'eventManager');
    for (let i = 0; i < 5000; i++) come(new Uint8Array(1));
    expect(packets.target().bits).toBe(4096 * 8);
  });
});
