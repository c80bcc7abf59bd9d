/** Two satellites, six hours, a tiny network: every way to learn but the real Flower, which is in the interop suite. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { unwrap } from '../../../fsw/learning/testModels';
import { central, local, shipped } from './baselines';
import { RATES } from './board';
import { flowerRounds } from './flowerRounds';
import { gossip } from './gossipRun';
import type { Outcome } from './outcome';
import { federate, largestDifference } from './rounds';
import { openSky } from './sky';
import { testStudy } from './testStudy';
import { verdictOf } from './verdict';

const study = testStudy();
const sky = unwrap(openSky(2, 0.25));
const windows = (name = 'windows') => federate({ name, study, sky, network: sky.network(), relay: true });
afterAll(() => study.close());

const last = ({ points }: Outcome) => points[points.length - 1];

describe('a federation through windows', () => {
  it('learns, and comes to the same in the same time each time', async () => {
    const [one, other] = [unwrap(await windows()), unwrap(await windows())];
    expect(JSON.stringify(one)).toBe(JSON.stringify(other));
    expect(one.points).toHaveLength(study.recipe.rounds);
    expect(last(one).accuracy).toBeGreaterThan(last(unwrap(await shipped(study))).accuracy);
    expect(one.cut).toBeUndefined();
  });

  it('counts what goes up and down: a task and an update a satellite and round, each once', async () => {
    const { traffic, trained, energy } = unwrap(await windows());
    const { rounds, steps, choice } = study.recipe;
    const messages = 2 * rounds;
    // Parameters as float32, and about a kilobyte that says what to do.
    const values = study.trainer.plan.initial.length;
    expect(traffic.bytes.up).toBeGreaterThan(messages * values * 3);
    expect(traffic.bytes.up).toBeLessThan(messages * (values * 4 + 1500));
    expect(traffic.bytes.down).toBeGreaterThan(messages * 300);
    expect(traffic.bytes.down).toBeLessThan(messages * (values + 1000));
    expect(traffic.passes.used).toBeGreaterThan(0);
    expect(trained).toBe(messages * steps * choice.batch);
    expect(energy.training).toBeGreaterThan(0);
  });

  it("makes the same models by each satellite's own pass, later; by permanent links, sooner", async () => {
    const ours = unwrap(await windows());
    const before = study.trainer.computed;
    const shared = { study, sky, means: ours.means, relay: false };
    const turn = unwrap(await federate({ ...shared, name: 'turn', network: sky.network() }));
    const always = unwrap(await federate({ ...shared, name: 'always', network: sky.permanent() }));
    expect(study.trainer.computed).toBe(before);
    for (const [i, mean] of turn.means.entries())
      expect(largestDifference(mean, ours.means[i])).toBeLessThan(1e-6);
    expect(last(turn).hours).toBeGreaterThan(last(ours).hours);
    expect(last(always).hours).toBeLessThan(0.5);
    expect(always.traffic.passes.used).toBe(0);
    expect(turn.traffic.bytes.crosslink).toBe(0);
  });

  it('refuses means that are not of these updates', async () => {
    const means = [study.trainer.plan.initial.map((value) => value + 1)];
    const wrong = await federate({ name: 'wrong', study, sky, network: sky.network(), relay: true, means });
    expect(wrong).toMatchObject({ ok: false, error: { code: 'FEDERATION_MEAN' } });
  });

  it('says that time was up where no pass is left', async () => {
    const short = unwrap(openSky(2, 0.1));
    const cut = unwrap(
      await federate({ name: 'short', study, sky: short, network: short.network(), relay: true }),
    );
    expect(cut.cut).toContain('time was up in round 1');
    expect(cut.points).toEqual([]);
  });
});

describe('a SuperLink', () => {
  const main = async (superlink: string) => {
    const out = mkdtempSync(join(tmpdir(), 'perigee-superlink-'));
    onTestFinished(() => rmSync(out, { recursive: true }));
    const split = { kind: 'regions' } as const;
    const options = {
      satellites: 2,
      days: 0.25,
      seed: 1,
      split,
      drift: 'none',
      flower: true,
      superlink,
      out,
    } as const;
    return flowerRounds({ options, study, sky, tell: () => undefined, onRound: () => undefined });
  };

  it('that is not there ends the experiment with one line', async () => {
    expect(await main('http://127.0.0.1:9')).toMatchObject({
      ok: false,
      error: { code: 'FLOWER_UNREACHABLE' },
    });
  });

  it('that speaks otherwise, too', async () => {
    const other = createServer((_, answer) => answer.writeHead(404).end()).listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const ended = await main(`http://127.0.0.1:${port}`);
    expect(ended).toMatchObject({ ok: false, error: { code: 'FEDERATION_FLOWER' } });
    if (!ended.ok) expect(ended.error.text).toContain('does not speak as flwr');
  });
});

describe('the other ways', () => {
  it('gossip brings satellites to one model with no ground at all', async () => {
    const outcome = unwrap(await gossip(study, sky));
    expect(last(outcome).accuracy).toBeGreaterThan(last(unwrap(await shipped(study))).accuracy);
    const [least, most] = outcome.testRange ?? [0, 1];
    expect(most - least).toBeLessThanOrEqual(0.1);
    expect(outcome.traffic.bytes).toMatchObject({ up: 0, down: 0 });
    expect(outcome.traffic.bytes.crosslink).toBeGreaterThan(0);
  });

  it('central training has all tiles brought down, local training none', async () => {
    const centrally = unwrap(await central(study, sky));
    const raw = study.rawBytes.reduce((sum, bytes) => sum + bytes, 0);
    expect(centrally.traffic.bytes.down).toBeCloseTo(raw, -1);
    expect(last(centrally).hours).toBeGreaterThan(raw / RATES.down.bytesPerS / 3600);
    const alone = unwrap(await local(study));
    expect(alone.traffic.bytes).toEqual({ up: 0, down: 0, crosslink: 0 });
    expect(alone.test).toBeLessThanOrEqual(centrally.test);
  });
});

describe('verdictOf', () => {
  const outcome = (name: string, test: number, down: number, points: [number, number][]): Outcome => ({
    name,
    test,
    points: points.map(([hours, accuracy], round) => ({ hours, accuracy, round })),
    traffic: { bytes: { up: 0, down, crosslink: 0 }, passes: { used: 0, offered: 0 }, links: [] },
    energy: { training: 0, radio: 0 },
    trained: 0,
  });
  const compared = {
    shipped: outcome('shipped', 0.5, 0, [[0, 0.5]]),
    central: outcome('central', 0.9, 1000, [[9, 0.9]]),
    federated: outcome('federated', 0.895, 100, [
      [1, 0.7],
      [3, 0.87],
    ]),
    inTurn: outcome('in turn', 0.895, 100, [
      [2, 0.7],
      [5, 0.87],
    ]),
    others: [],
  };
  const tiles = { raw: 1000, jpeg: 500, frames: 2000 };

  it('keeps promises that are just kept', () => {
    const { target, promises } = verdictOf(compared, tiles);
    expect(target).toBeCloseTo(0.86);
    expect(promises.map(({ kept }) => kept)).toEqual([true, true, true]);
  });

  it.each([
    [0, { federated: outcome('federated', 0.88, 100, [[3, 0.87]]) }],
    [1, { federated: outcome('federated', 0.9, 101, [[3, 0.87]]) }],
    [2, { inTurn: outcome('in turn', 0.9, 100, [[4.9, 0.87]]) }],
    [2, { federated: outcome('federated', 0.9, 100, [[3, 0.85]]) }],
  ])('says which is not: %i', (which, change) => {
    const { promises } = verdictOf({ ...compared, ...change }, tiles);
    expect(promises.map(({ kept }) => kept)).toEqual([0, 1, 2].map((i) => i !== which));
  });

  it('keeps the time where in turn never comes to the target', () => {
    const { promises, hours } = verdictOf(
      { ...compared, inTurn: outcome('in turn', 0.9, 100, [[70, 0.8]]) },
      tiles,
    );
    expect(promises[2].kept).toBe(true);
    expect(hours[1].hours).toBeNull();
  });
});
