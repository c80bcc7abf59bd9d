import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Task } from '../../../fsw/federation';
import { projectRoot } from '../../../fsw/root';
import { newIdentity } from '../../../ground-tools/federation/identity';
import { SuperLinkProcess } from '../../../ground-tools/federation/superLinkProcess';
import { SuperNode } from '../../../ground-tools/federation/superNode';
import { learned, type TestSatellite, testSatellites } from '../../../ground-tools/federation/testSatellites';
import { describeWith, venv } from '../python';
import { Constellation } from './constellation';
import { CutProxy } from './cutProxy';
import {
  ended,
  GatewayRun,
  layout,
  must,
  readParameters,
  remove,
  runApp,
  until,
  workFolder,
  writeInitial,
} from './rig';

const ROUNDS = 3;
const folder = workFolder();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The weighted mean by hand: the parameters of a round from those of the round before. */
function reference(before: Float32Array, round: number, satellites: readonly TestSatellite[]): Float64Array {
  const total = satellites.reduce((sum, { examples }) => sum + examples, 0);
  const mean = Float64Array.from(before);
  for (const satellite of satellites) {
    const delta = learned(satellite, { round, layout } as unknown as Task);
    delta.forEach((value, i) => {
      mean[i] += (value * satellite.examples) / total;
    });
  }
  return mean;
}

function largestError(found: Float32Array, expected: Float64Array): number {
  expect(found).toHaveLength(expected.length);
  return found.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - expected[i]) / Math.max(1, Math.abs(expected[i]))),
    0,
  );
}

function printed(script: string, python: string): unknown {
  return JSON.parse(execFileSync(python, [join(projectRoot, script)], { encoding: 'utf8' }));
}

describeWith(
  venv('flower', ['flwr==1.41.0']),
  'Flower 1.41.0, its SuperLink and FedAvg unmodified',
  ({ bin, python }) => {
    let superlink: SuperLinkProcess;
    beforeAll(async () => {
      mkdirSync(folder, { recursive: true });
      writeInitial(join(folder, 'initial.safetensors'));
      superlink = must(await SuperLinkProcess.start({ bin, folder }));
    });
    afterAll(async () => {
      await superlink?.down();
      remove(folder);
    });

    it('speaks the schema that is kept here', () => {
      const kept = JSON.parse(
        readFileSync(join(projectRoot, 'ground-tools/federation/schema/flwr.json'), 'utf8'),
      );
      expect(printed('ground-tools/federation/schema/makeSchema.py', python)).toEqual(kept);
    });

    it(`completes ${ROUNDS} rounds with four satellites behind windows, through kills and cuts, and its means are right`, async () => {
      const satellites = testSatellites(4);
      const orbit = { periodMin: 90, passMin: 20 };
      const constellation = new Constellation([
        { satellite: satellites[0], orbit: { ...orbit, firstMin: 0 }, trouble: {} },
        { satellite: satellites[1], orbit: { ...orbit, firstMin: 40, periodMin: 300 }, trouble: {} },
        { satellite: satellites[2], orbit: { ...orbit, firstMin: 30 }, trouble: { downMin: 120 } },
        {
          satellite: satellites[3],
          orbit: { ...orbit, firstMin: 60 },
          trouble: { cutMin: 10, poisonRound: ROUNDS },
        },
      ]);
      const proxy = new CutProxy(() => superlink.url);
      const gateway = new GatewayRun(await proxy.listen(), workFolder(), satellites, constellation);
      closers.push(
        () => remove(gateway.state),
        () => gateway.stop(),
        () => proxy.close(),
      );
      let objects = 0;
      let cutCalls = 0;
      // The first push loses its gateway after three objects; the second is cut for twenty calls.
      proxy.onCall = (path) => {
        if (!path.endsWith('push-object')) return cutCalls > 0 && cutCalls-- > 0 ? 'cut' : 'pass';
        objects++;
        if (objects === 4) void gateway.killAndRestart();
        if (objects === 16) cutCalls = 20;
        return objects === 4 || objects === 16 ? 'cut' : 'pass';
      };
      gateway.start();
      await until('four nodes', () => gateway.told('joined').length === 4);
      const out = await runApp(superlink, folder, 'windows', { rounds: ROUNDS, satellites: 4 });
      await ended(out);
      await until('all is settled', () => constellation.waiting === 0);
      await gateway.stop();
      proxy.close();

      const healthy = satellites.slice(0, 3);
      let before = readParameters(join(out, 'round-0.safetensors'));
      for (let round = 1; round <= ROUNDS; round++) {
        const after = readParameters(join(out, `round-${round}.safetensors`));
        const counted = round === ROUNDS ? healthy : satellites;
        expect(largestError(after, reference(before, round, counted)), `round ${round}`).toBeLessThan(1e-6);
        before = after;
      }
      expect(gateway.told('refused')).toEqual([expect.stringMatching(/^sat-4: FED_NORM/)]);
      const rounds = Array.from({ length: ROUNDS }, (_, i) => i + 1);
      expect([...constellation.trained].sort()).toEqual(
        satellites.flatMap(({ name }) => rounds.map((round) => `${name}/${round}`)),
      );
      expect(constellation.troubles.sort()).toEqual(['sat-3 killed', 'sat-4 cut']);
      expect(gateway.kills).toBe(1);
      expect(objects).toBeGreaterThan(16);
      expect(constellation.longestAbsenceMin).toBeGreaterThanOrEqual(240);
      for (const lost of ['late', 'expired', 'uncertain', 'stray'] as const)
        expect(gateway.told(lost), lost).toEqual([]);
      console.log(
        `${ROUNDS} rounds in ${(constellation.minutes / 60).toFixed(1)} simulated hours, the longest absence ${constellation.longestAbsenceMin} min`,
      );
    });

    it('is down in the middle of a run, and back: the update is kept, the nodes are the same, the next run completes', async () => {
      // Of its own: FedAvg asks every node that its SuperLink takes for online, and those of a killed gateway are, for an hour.
      const place = workFolder();
      writeInitial(join(place, 'initial.safetensors'));
      const mine = must(await SuperLinkProcess.start({ bin, folder: place }));
      closers.push(
        () => remove(place),
        () => mine.down(),
      );
      const satellites = testSatellites(2);
      const orbit = { firstMin: 0, periodMin: 30, passMin: 20 };
      const constellation = new Constellation(
        satellites.map((satellite) => ({ satellite, orbit, trouble: {} })),
      );
      const gateway = new GatewayRun(mine.url, workFolder(), satellites, constellation);
      closers.push(
        () => remove(gateway.state),
        () => gateway.stop(),
      );
      gateway.start();
      await until('two nodes', () => gateway.told('joined').length === 2);
      await runApp(mine, place, 'interrupted', { rounds: 1, satellites: 2 });
      await until('both are asked', () => gateway.told('delivered').length === 2);
      await mine.down('SIGKILL');
      await until('updates are here, without a SuperLink', () => gateway.told('update').length === 2);
      expect(gateway.told('fault').every((text) => text.includes('FLOWER_UNREACHABLE'))).toBe(true);
      must(await mine.up());
      await until(
        'the replies are out',
        () => gateway.told('pushed').length + gateway.told('late').length === 2,
      );

      const out = await runApp(mine, place, 'after', { rounds: 1, satellites: 2 });
      await ended(out);
      await gateway.stop();
      const before = readParameters(join(out, 'round-0.safetensors'));
      const after = readParameters(join(out, 'round-1.safetensors'));
      expect(largestError(after, reference(before, 1, satellites))).toBeLessThan(1e-6);
      const nodes = gateway.told('joined').map((text) => text.replace(/.*node /, ''));
      expect(new Set(nodes).size).toBe(2);
    });

    it.skipIf(process.env.FLOWER_LONG === undefined)(
      'survives a push that is cut for ten minutes (with FLOWER_LONG=1): no update is lost in silence, and the rounds go on',
      async () => {
        const place = workFolder();
        writeInitial(join(place, 'initial.safetensors'));
        const mine = must(await SuperLinkProcess.start({ bin, folder: place }));
        const satellites = testSatellites(2);
        const orbit = { firstMin: 0, periodMin: 30, passMin: 20 };
        const constellation = new Constellation(
          satellites.map((satellite) => ({ satellite, orbit, trouble: {} })),
        );
        const proxy = new CutProxy(() => mine.url);
        const gateway = new GatewayRun(await proxy.listen(), workFolder(), satellites, constellation);
        closers.push(
          () => remove(gateway.state),
          () => remove(place),
          () => mine.down(),
          () => gateway.stop(),
          () => proxy.close(),
        );
        let objects = 0;
        let cutUntilMs = 0;
        proxy.onCall = (path) => {
          if (path.endsWith('push-object') && ++objects === 4) cutUntilMs = Date.now() + 600_000;
          return Date.now() < cutUntilMs ? 'cut' : 'pass';
        };
        gateway.start();
        await until('two nodes', () => gateway.told('joined').length === 2);
        const out = await runApp(mine, place, 'long', { rounds: 2, satellites: 2, timeout: 1500 });
        await until('the run is over', () => existsSync(join(out, 'metrics.json')), 1200);
        const late = gateway.told('late');
        // Two rounds of two: each update is at the SuperLink, or told as late.
        expect(gateway.told('pushed').length + late.length).toBe(4);
        console.log(`pushed: ${gateway.told('pushed').length}; late: ${late.join('; ') || 'none'}`);
        const [start, first, second] = [0, 1, 2].map((round) =>
          readParameters(join(out, `round-${round}.safetensors`)),
        );
        const counted = satellites.filter(({ name }) => !late.some((text) => text.startsWith(name)));
        expect(largestError(first, reference(start, 1, counted))).toBeLessThan(1e-6);
        expect(largestError(second, reference(first, 2, satellites))).toBeLessThan(1e-6);
      },
      1_500_000,
    );

    it.each([
      [-10, 'ahead of'],
      [400, 'behind'],
    ])(
      'refuses a clock %i s behind, which is named before the first call and after its answer',
      async (seconds, way) => {
        const offMs = seconds * 1000;
        const before = new SuperNode({
          url: superlink.url,
          identity: newIdentity(),
          now: () => Date.now() - offMs,
        });
        expect(await before.join()).toMatchObject({
          ok: false,
          error: { code: 'FLOWER_CLOCK', text: expect.stringContaining(way) },
        });
        let isOff = false;
        const after = new SuperNode({
          url: superlink.url,
          identity: newIdentity(),
          now: () => Date.now() - (isOff ? offMs : 0),
        });
        must(await after.join());
        isOff = true;
        expect(await after.pull()).toMatchObject({ ok: false, error: { code: 'FLOWER_CLOCK' } });
        isOff = false;
        expect(await after.pull()).toEqual({ ok: true, value: undefined });
        must(await after.leave());
      },
    );
  },
);

describeWith(venv('flower-next', ['flwr==1.42.0']), 'a SuperLink of another version, 1.42.0', ({ bin }) => {
  it('completes a round with a node of ours, or is refused by name', async () => {
    const place = workFolder();
    writeInitial(join(place, 'initial.safetensors'));
    const superlink = must(await SuperLinkProcess.start({ bin, folder: place }));
    const satellites = testSatellites(1);
    const orbit = { firstMin: 0, periodMin: 30, passMin: 20 };
    const constellation = new Constellation([{ satellite: satellites[0], orbit, trouble: {} }]);
    const gateway = new GatewayRun(superlink.url, workFolder(), satellites, constellation);
    closers.push(
      () => remove(gateway.state),
      () => remove(place),
      () => superlink.down(),
      () => gateway.stop(),
    );
    gateway.start();
    await until('an answer', () => gateway.events.length > 0);
    if (gateway.told('fault').length > 0) {
      expect(gateway.told('fault')).toEqual([expect.stringContaining('FLOWER_VERSION')]);
      console.log(`flwr 1.42.0 is refused: ${gateway.told('fault')}`);
      return;
    }
    const out = await runApp(superlink, place, 'next', { rounds: 1, satellites: 1 });
    await ended(out);
    const before = readParameters(join(out, 'round-0.safetensors'));
    const after = readParameters(join(out, 'round-1.safetensors'));
    expect(largestError(after, reference(before, 1, satellites))).toBeLessThan(1e-6);
    console.log('flwr 1.42.0 works, with the wire format of 1.41.0');
  });
});
