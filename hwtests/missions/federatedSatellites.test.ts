/**
 * Federation nodes of several satellites on real orbits: passes and views by geometry, links with a rate. Their training is of the
 * bench; tasks, updates, relaying and averages are what flies.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type BootedNode,
  bootNode,
  keyOf,
  layout,
  learnedFrom,
  orThrow,
  planStart,
  startOf,
  storageOf,
  taskOf,
  VALUES,
} from '../../components/learning/federationNode/testNode';
import { aggregate, checkUpdate, defaultLimits, idOf, openTask, takenBy } from '../../fsw/federation';
import { SimulatedClock } from '../../fsw/framework/simulatedClock';
import { hexOf, keyIdOf, publicHex, publicKeyOf } from '../../fsw/models';
import { constellation } from '../campaigns/federation/constellation';
import { crosslinkWindows, groundWindows, type Window } from '../campaigns/federation/windows';
import { NeighbourLinks } from '../simulators/neighbours';

const EPOCH_MS = Date.UTC(2026, 10, 24);
const STEP_S = 60;
const HOURS = 12;
const names = ['sat-1', 'sat-2', 'sat-3', 'sat-4'];
const keys = new Map(
  [...names, 'ground'].map((name) => [
    hexOf(keyIdOf(keyOf(name))),
    orThrow(publicKeyOf(publicHex(keyOf(name)))),
  ]),
);

let ground: Window[];
let views: Window[];
beforeAll(() => {
  const satellites = orThrow(constellation(names.length, EPOCH_MS));
  const sky = { epochMs: EPOCH_MS, spanMs: HOURS * 3_600_000 };
  ground = groundWindows(satellites, sky);
  views = crosslinkWindows(satellites, sky);
});

interface World {
  readonly clock: SimulatedClock;
  readonly nodes: readonly BootedNode[];
  readonly links: NeighbourLinks;
  /** Every update that went down, as often as it did, and when (seconds). */
  readonly down: { readonly bytes: Uint8Array; readonly by: number; readonly atS: number }[];
  step(): Promise<void>;
}

/** `open`: whether satellites can talk to each other; `passesOf`: which of the passes a satellite may use. */
async function openWorld(open: boolean, passesOf = (_: number) => true): Promise<World> {
  const clock = new SimulatedClock(EPOCH_MS * 1000);
  const named = views.map(({ a, b, startUs, endUs }) => ({ a: names[a], b: names[b], startUs, endUs }));
  const links = new NeighbourLinks(clock, open ? named : [], 2000);
  const seeds = [21, 22, 23, 24];
  const nodes = await Promise.all(
    names.map((name, i) => {
      const contacts = ground.filter(({ a }) => a === i && passesOf(i));
      return bootNode({
        name,
        storage: storageOf(name, ['ground', ...names]),
        neighbours: links.join(name),
        contacts: contacts.map(({ station = '', startUs, endUs }) => ({ station, startUs, endUs })),
        epochMs: EPOCH_MS,
        trains(order) {
          const initial = order.initial ?? planStart;
          const delta = learnedFrom({ seed: seeds[i] });
          const parameters = initial.map((value, at) => value + delta[at]);
          const none = { accuracyBefore: Number.NaN, accuracyAfter: Number.NaN };
          return { layout, initial, parameters, examples: 10 * (i + 1), loss: 1, ...none };
        },
      });
    }),
  );
  const down: World['down'] = [];
  const step = async () => {
    const untilUs = clock.nowUs() + STEP_S * 1e6;
    await clock.run(untilUs, () => undefined);
    for (const [by, node] of nodes.entries()) {
      await node.advance(STEP_S * 1e6);
      await node.tick();
      for (const path of node.sent.splice(0)) {
        const stat = orThrow(node.files.stat(path));
        const bytes = new Uint8Array(stat.size);
        node.files.read(path, 0, bytes);
        down.push({ bytes, by, atS: untilUs / 1e6 });
        // As the ground acknowledges in the same pass.
        await node.obey('ACK', { update: idOf(bytes) });
      }
    }
  };
  return { clock, nodes, links, down, step };
}

const tasks = names.map((node) =>
  taskOf({ node, start: startOf(planStart), coding: { kind: 'float32' }, expiresMs: EPOCH_MS + 86_400_000 }),
);

/** The ground gives all tasks to the first satellite at its first pass; returns when the last update was down. */
async function round(world: World): Promise<number | undefined> {
  const [{ startUs }] = ground.filter(({ a }) => a === 0);
  while (world.clock.nowUs() < startUs) await world.step();
  for (const bytes of tasks) await world.nodes[0].give(bytes);
  while (world.clock.nowUs() < HOURS * 3600e6) {
    await world.step();
    if (new Set(world.down.map(({ bytes }) => idOf(bytes))).size === names.length)
      return world.down.at(-1)?.atS;
  }
  return undefined;
}

describe('satellites on their orbits', () => {
  it('bring tasks and updates to each other and to the ground; each counts once, and the mean is that of the updates', async () => {
    const world = await openWorld(true);
    expect(await round(world)).toBeGreaterThan(0);
    for (let i = 0; i < 60; i++) await world.step();
    const gathering = {
      tasks: new Map(tasks.map((bytes) => [idOf(bytes), orThrow(openTask(bytes, keys)).content])),
      keys,
      nodes: new Map(names.map((name) => [name, hexOf(keyIdOf(keyOf(name)))])),
      taken: new Set<string>(),
      round: 1,
      nowMs: EPOCH_MS + HOURS * 3_600_000,
      limits: defaultLimits,
    };
    const counted = world.down.flatMap(({ bytes }) => {
      const checked = checkUpdate(bytes, gathering);
      if (!checked.ok) expect(checked.error.code).toBe('FED_DUPLICATE');
      else for (const name of takenBy(checked.value)) gathering.taken.add(name);
      return checked.ok ? [checked.value] : [];
    });
    expect(counted.map(({ update }) => update.node).sort()).toEqual(names);
    // Some came down by another's radio.
    expect(world.down.some(({ bytes, by }) => !isOf(bytes, names[by]))).toBe(true);
    const mean = orThrow(
      aggregate(
        planStart,
        counted.map(({ delta, age, update }) => ({ delta, age, examples: update.examples })),
      ),
    );
    for (let at = 0; at < VALUES; at++) {
      const expected = [1, 2, 3, 4].reduce(
        (sum, n) => sum + (n / 10) * learnedFrom({ seed: 20 + n })[at],
        planStart[at],
      );
      expect(Math.abs(mean[at] - expected)).toBeLessThan(1e-6);
    }
    // When all is acknowledged and heard of, nobody carries anything.
    for (const node of world.nodes) expect(node.telemetry.UpdatesWaiting).toBe(0);
  });

  it('finish a round though three of four never see the ground; without each other they would not', async () => {
    const first = (i: number) => i === 0;
    const relayed = await openWorld(true, first);
    expect(await round(relayed)).toBeGreaterThan(0);
    expect(relayed.down.every(({ by }) => by === 0)).toBe(true);
    const alone = await openWorld(false, first);
    expect(await round(alone)).toBeUndefined();
    expect(alone.down).toHaveLength(1);
  });

  it('come to the mean of what all learned with no ground at all', async () => {
    const world = await openWorld(true, () => false);
    const gossip = { everyMs: 86_400_000, untilMs: EPOCH_MS + 5 * 3_600_000 };
    const task = taskOf({
      node: '*',
      start: startOf(planStart),
      coding: { kind: 'float32' },
      gossip,
      expiresMs: EPOCH_MS + 86_400_000,
    });
    await world.nodes[0].give(task);
    while (world.clock.nowUs() < 5.1 * 3600e6) await world.step();
    for (const node of world.nodes) {
      const [{ delta, update }] = node.updates();
      expect(update.start).toBe(startOf(planStart).id);
      for (let at = 0; at < VALUES; at++) {
        const expected = [1, 2, 3, 4].reduce(
          (sum, n) => sum + (n / 10) * learnedFrom({ seed: 20 + n })[at],
          0,
        );
        expect(Math.abs(delta[at] - expected)).toBeLessThan(1e-4);
      }
    }
  });
});

function isOf(update: Uint8Array, name: string): boolean {
  return hexOf(update.subarray(8, 16)) === hexOf(keyIdOf(keyOf(name)));
}
