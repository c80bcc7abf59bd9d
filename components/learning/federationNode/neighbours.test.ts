import { describe, expect, it } from 'vitest';
import { fail, succeed } from '../../../fsw/errors';
import { idOf, sealHello, sealUpdate } from '../../../fsw/federation';
import type { Neighbours } from '../../../fsw/framework';
import { type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import {
  type BootedNode,
  bootNode,
  keyOf,
  layout,
  learnedFrom,
  learns,
  type NodeOptions,
  planStart,
  startOf,
  storageOf,
  taskOf,
  updatesIn,
} from './testNode';

const short = (bytes: Uint8Array) => idOf(bytes).slice(0, 16);
const pass = (startS: number) => [{ station: 'A', startUs: startS * 1e6, endUs: startS * 1e6 + 600e6 }];

/** Nodes that see each other as `views` says; messages arrive at the next `settle`, but for those that `lose` takes. */
function world() {
  const views = new Set<string>();
  const receivers = new Map<string, (from: string, bytes: Uint8Array) => void>();
  const nodes = new Map<string, BootedNode>();
  const air: { from: string; to: string; bytes: Uint8Array }[] = [];
  const heard: string[] = [];
  const link = (name: string): Neighbours => ({
    inView: () =>
      [...views]
        .filter((view) => view.includes(name))
        .map((view) => view.replace(name, '').trim())
        .sort(),
    send(to, bytes) {
      if (!link(name).inView().includes(to)) return fail('NEIGHBOUR_UNSEEN', { to, known: '' });
      return succeed(void air.push({ from: name, to, bytes: bytes.slice() }));
    },
    onReceive: (receiver) => void receivers.set(name, receiver),
  });
  const self = {
    nodes,
    heard,
    lose: (_: { from: string; to: string; kind: string }) => false,
    async boot(name: string, options: NodeOptions = {}) {
      const node = await bootNode({ name, contacts: [], neighbours: link(name), ...options });
      nodes.set(name, node);
      return node;
    },
    /** What is in the air arrives, and what follows from it, until nothing is. */
    async settle() {
      for (let message = air.shift(); message; message = air.shift()) {
        const { from, to, bytes } = message;
        const kind = Buffer.from(bytes.subarray(4, 8)).toString();
        if (self.lose({ from, to, kind })) continue;
        heard.push(`${from}>${to} ${kind}`);
        receivers.get(to)?.(from, bytes);
        await nodes.get(to)?.settle();
      }
    },
    /** Two see each other for a while. */
    async meet(a: string, b: string) {
      views.add([a, b].sort().join(' '));
      for (let i = 0; i < 3; i++) {
        for (const name of [a, b]) await nodes.get(name)?.tick();
        await self.settle();
      }
      views.clear();
      for (const name of [a, b]) await nodes.get(name)?.tick();
    },
    send: (from: string, to: string, bytes: Uint8Array) => air.push({ from, to, bytes }),
  };
  return self;
}

describe('nodes in view of each other', () => {
  it('PGE-FED-011: a task goes to the one whom it is for, by way of one whom the ground sees; once', async () => {
    const w = world();
    const [a, b] = [await w.boot('alpha'), await w.boot('beta')];
    const bytes = taskOf({ node: 'beta' });
    expect(await a.give(bytes)).toBe('OK');
    expect(a.named('TaskCarried')).toEqual([{ task: short(bytes), node: 'beta' }]);
    await w.meet('alpha', 'beta');
    await w.meet('alpha', 'beta');
    expect(w.heard.filter((message) => message.endsWith('TASK'))).toEqual(['alpha>beta TASK']);
    expect(b.updates()).toHaveLength(1);
    expect(b.named('TaskRefused')).toEqual([]);
    expect(a.orders).toEqual([]);
    // What nobody came for goes when it expires.
    await a.give(taskOf({ node: 'gamma', expiresMs: 7_200_000 }));
    await a.advance(7201e6);
    await a.tick();
    expect(a.files.list('federation/carried')).toEqual({ ok: true, value: [] });
  });

  it('PGE-FED-011: a task goes over several to the one whom it is for, and nobody carries it after that', async () => {
    const w = world();
    const [a, b, c] = [await w.boot('alpha'), await w.boot('beta'), await w.boot('gamma')];
    await a.give(taskOf({ node: 'gamma' }));
    await w.meet('alpha', 'beta');
    await w.meet('beta', 'gamma');
    expect(c.updates()).toHaveLength(1);
    await w.meet('beta', 'gamma');
    await w.meet('alpha', 'beta');
    for (const node of [a, b]) expect(node.files.list('federation/carried')).toEqual({ ok: true, value: [] });
    expect(w.heard.filter((message) => message.endsWith('TASK'))).toEqual([
      'alpha>beta TASK',
      'beta>gamma TASK',
    ]);
  });

  it('PGE-FED-011: a task for all goes from one to the next', async () => {
    const w = world();
    const [a, b, c] = [await w.boot('alpha'), await w.boot('beta'), await w.boot('gamma')];
    await a.give(
      taskOf({
        node: '*',
        coding: { kind: 'float32' },
        gossip: { everyMs: 1e6, untilMs: 2e8 },
        start: startOf(planStart),
      }),
    );
    await w.meet('alpha', 'beta');
    await w.meet('beta', 'gamma');
    expect([a, b, c].map(({ orders }) => orders.length)).toEqual([1, 1, 1]);
  });

  it('PGE-FED-012: an update goes with whoever sees the ground first; all copies are one, and go when one has come', async () => {
    const w = world();
    const [a, b] = [
      await w.boot('alpha', { contacts: pass(9000) }),
      await w.boot('beta', { contacts: pass(5000) }),
    ];
    await a.give(taskOf());
    await a.tick(2);
    await w.meet('alpha', 'beta');
    const [{ name, id }] = a.updates();
    expect(b.named('UpdateCarried')).toEqual([{ update: name, node: 'alpha', from: 'alpha' }]);
    expect(b.updates().map((held) => held.id)).toEqual([id]);
    await b.advance(5001e6);
    await b.tick(2);
    expect(b.sent).toEqual([`federation/updates/${name}.update`]);
    expect(await b.obey('ACK', { update: id })).toBe('OK');
    await w.meet('alpha', 'beta');
    expect(a.named('UpdateDone')).toEqual([{ update: name, returned: false }]);
    expect([a.updates(), b.updates()]).toEqual([[], []]);
    await a.advance(9001e6);
    await a.tick(2);
    expect(a.sent).toEqual([]);
  });

  it('PGE-FED-012: an update stays where the ground is seen first, and gives way to our own when there is no room', async () => {
    const w = world();
    const [a, b] = [
      await w.boot('alpha', { contacts: pass(1000) }),
      await w.boot('beta', { contacts: pass(5000), config: { maxUpdates: 1 } }),
    ];
    await a.give(taskOf());
    await a.tick(2);
    await w.meet('alpha', 'beta');
    expect(b.updates()).toEqual([]);
    await b.give(taskOf({ node: 'beta' }));
    await b.tick(2);
    const late = world();
    const full = await late.boot('beta', { files: b.files, storage: b.storage, config: { maxUpdates: 1 } });
    late.send('alpha', 'beta', sealUpdate(a.updates()[0].update, keyOf('alpha')));
    await late.settle();
    expect(full.named('MessageRefused')).toMatchObject([{ code: 'FED_FULL' }]);
    expect(full.updates().map(({ update }) => update.node)).toEqual(['beta']);
  });

  it.each<[string, string, (n: BootedNode) => Uint8Array]>([
    ['of no known kind', 'FED_FORMAT', () => new Uint8Array(200)],
    ['of a spacecraft that is not known', 'FED_KEY', () => hello('omega', 'omega')],
    ['in the name of another', 'FED_NODE', () => hello('beta', 'gamma')],
    [
      'with a wrong bit',
      'FED_SIGNATURE',
      () => hello('beta', 'beta').map((byte, i) => (i === 100 ? byte ^ 1 : byte)),
    ],
    [
      'with an update signed by another',
      'FED_NODE',
      (n) => sealUpdate({ ...n.updates()[0].update, node: 'beta' }, keyOf('gamma')),
    ],
  ])('PGE-FED-013: a message %s is refused and counted, and changes nothing', async (_, code, bytes) => {
    const w = world();
    const n = await w.boot('alpha');
    await n.give(taskOf());
    await n.tick(2);
    const before = n.updates();
    w.send('beta', 'alpha', bytes(n));
    await w.settle();
    expect(n.named('MessageRefused')).toMatchObject([{ from: 'beta', code }]);
    expect(n.telemetry.MessagesRefused).toBe(1);
    expect(n.updates()).toEqual(before);
  });
});

describe('gossip', () => {
  const DAY = 86_400_000;
  const plan = {
    gossip: { everyMs: DAY, untilMs: DAY },
    coding: { kind: 'float32' },
    start: startOf(planStart),
  } as const;
  const seeds: Record<string, number> = { alpha: 11, beta: 12, gamma: 13 };
  const examples: Record<string, number> = { alpha: 10, beta: 30, gamma: 60 };

  /** Three nodes that trained once, each on something else. */
  async function threeNodes(
    w: ReturnType<typeof world>,
    coding: typeof plan.coding | { kind: 'int8'; block: number } = plan.coding,
  ) {
    for (const name of Object.keys(seeds)) {
      const trains = (order: Parameters<NonNullable<NodeOptions['trains']>>[0]) => {
        const initial = order.initial ?? planStart;
        const delta = learnedFrom({ seed: seeds[name] });
        const parameters = initial.map((value, i) => value + delta[i]);
        const accuracies = { accuracyBefore: Number.NaN, accuracyAfter: Number.NaN };
        return { layout, initial, parameters, examples: examples[name], loss: 1, ...accuracies };
      };
      const node = await w.boot(name, { trains });
      await node.give(taskOf({ ...plan, coding, node: '*' }));
      await node.tick();
    }
  }

  /** The updates that the three make when their time is over: what each takes for the mean. */
  async function atTheEnd(w: ReturnType<typeof world>) {
    for (const node of w.nodes.values()) {
      await node.advance((DAY + 1000) * 1000);
      await node.tick(2);
    }
    return [...w.nodes.values()].map((node) => updatesIn(node.files)[0]);
  }

  const mean = (names: string[]) => {
    const all = names.reduce((sum, name) => sum + examples[name], 0);
    return learnedFrom({ seed: 1 }).map((_, i) =>
      names.reduce((sum, name) => sum + (learnedFrom({ seed: seeds[name] })[i] * examples[name]) / all, 0),
    );
  };
  const expectClose = (found: Float32Array, expected: Float32Array, most: number) =>
    found.forEach((value, i) => {
      expect(Math.abs(value - expected[i])).toBeLessThan(most);
    });

  it('PGE-FED-014: brings nodes that meet to the mean by examples, with no ground in sight', async () => {
    const w = world();
    await threeNodes(w);
    for (let round = 0; round < 12; round++) {
      await w.meet('alpha', 'beta');
      await w.meet('beta', 'gamma');
    }
    const updates = await atTheEnd(w);
    for (const { delta } of updates) expectClose(delta, mean(['alpha', 'beta', 'gamma']), 2e-4);
    expect(updates.map(({ update }) => update.start)).toEqual(Array(3).fill(startOf(planStart).id));
    expect(w.nodes.get('beta')?.telemetry.Averages).toBeGreaterThan(20);
  });

  it.each(['offer', 'answer', 'close'])(
    'PGE-FED-014: a contact cut before the %s, and a boot after it, lose nothing and count nothing twice',
    async (last) => {
      const w = world();
      await threeNodes(w);
      const order = ['offer', 'answer', 'close'];
      let gossip = 0;
      w.lose = ({ kind }) => kind === 'GOSS' && gossip++ % 3 >= order.indexOf(last);
      await w.meet('alpha', 'beta');
      w.lose = () => false;
      for (const name of ['alpha', 'beta']) {
        const { files, storage } = w.nodes.get(name) ?? { files: memoryFiles(), storage: storageOf(name) };
        await w.boot(name, { files, storage, trains: () => undefined });
      }
      for (let round = 0; round < 8; round++) await w.meet('alpha', 'beta');
      const updates = await atTheEnd(w);
      for (const { delta } of updates.slice(0, 2)) expectClose(delta, mean(['alpha', 'beta']), 1e-5);
    },
  );

  it.each(['alpha', 'beta'])(
    'PGE-FED-014: a power cut at any write of %s in a contact loses nothing',
    async (name) => {
      for (let n = 1; ; n++) {
        const w = world();
        await threeNodes(w);
        const cut = w.nodes.get(name);
        const files = cut?.files as MemoryFiles;
        const before = files.operations;
        files.cutAt(n);
        await w.meet('alpha', 'beta');
        const finished = files.operations - before < n;
        files.reboot();
        await w.boot(name, { files, storage: cut?.storage, trains: () => undefined });
        for (let round = 0; round < 8; round++) await w.meet('alpha', 'beta');
        const updates = await atTheEnd(w);
        for (const { delta } of updates.slice(0, 2)) expectClose(delta, mean(['alpha', 'beta']), 1e-5);
        if (finished) break;
        expect(n).toBeLessThan(60);
      }
    },
  );

  it('PGE-FED-014: trains again from the average, each so often', async () => {
    const w = world();
    const a = await w.boot('alpha');
    await a.give(taskOf({ ...plan, gossip: { everyMs: 3_600_000, untilMs: DAY } }));
    await a.tick(3);
    expect(a.orders.map(({ initial }) => initial)).toEqual([planStart]);
    await a.advance(3601e6);
    await a.tick(3);
    expect(a.orders).toHaveLength(2);
    a.orders[1].initial?.forEach((value, i) => {
      expect(value).toBeCloseTo(planStart[i] + learnedFrom(a.orders[0])[i], 5);
    });
  });

  it('PGE-FED-014: leaves room for other tasks between its trainings', async () => {
    const w = world();
    const a = await w.boot('alpha');
    await a.give(taskOf({ ...plan, expiresMs: 2 * DAY }));
    await a.give(taskOf({ round: 2, expiresMs: 3 * DAY }));
    await a.tick(3);
    expect(a.updates().map(({ update }) => update.round)).toEqual([2]);
    expect(a.telemetry.TasksWaiting).toBe(1);
  });

  it('PGE-FED-015: does not go on from an average that loses accuracy, but from what it had', async () => {
    const w = world();
    // The second training begins with what a neighbour spoiled.
    const before = [0.5, 0.3, 0.8];
    const a = await w.boot('alpha', {
      trains: (order) => ({ ...learns(order), accuracyBefore: before.shift() ?? 0, accuracyAfter: 0.8 }),
    });
    const b = await w.boot('beta', { trains: (order) => learns({ ...order, seed: 77 }) });
    for (const node of [a, b]) {
      await node.give(taskOf({ ...plan, node: '*', gossip: { everyMs: 3_600_000, untilMs: DAY } }));
      await node.tick(2);
    }
    await w.meet('alpha', 'beta');
    await a.advance(3601e6);
    await a.tick(4);
    expect(a.named('AverageRefused')).toMatchObject([{ code: 'FED_CANARY' }]);
    const [, spoiled, again] = a.orders.map(({ initial }) => initial ?? planStart);
    const own = planStart.map((value, i) => value + learnedFrom(a.orders[0])[i]);
    expectClose(again, own, 1e-6);
    expect(spoiled).not.toEqual(again);
  });

  it('PGE-FED-014: whose state is damaged begins anew, and says so', async () => {
    const w = world();
    const files = memoryFiles();
    const storage = storageOf('alpha');
    const a = await w.boot('alpha', { files, storage });
    await a.give(taskOf({ ...plan }));
    await a.tick(2);
    files.contents()['federation/gossip'][60] ^= 1;
    const back = await w.boot('alpha', { files, storage });
    expect(back.named('GossipLost')).toMatchObject([{ code: 'FED_FORMAT' }]);
    await back.tick(2);
    expect(back.orders).toHaveLength(1);
  });
});

function hello(node: string, signer: string): Uint8Array {
  return sealHello({ node, saidMs: 5, updates: [], done: [], tasks: [], carried: [] }, keyOf(signer));
}
