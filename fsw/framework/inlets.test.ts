import { describe, expect, it } from 'vitest';
import { BufferPool } from './buffers';
import { component } from './component';
import { defineComponent } from './model';
import { input, output, port } from './ports';
import { BufferSend } from './standardPorts';
import { bench, trial } from './testing';
import { connect, defineTopology, instance } from './topology';
import { U32 } from './types';

const Number_ = port('Number', { n: U32 });
const Ask = port('Ask', { n: U32 }, { returns: U32 });

/** Takes numbers by every kind of input and writes down in which order it saw them. */
const taker = (onFull: 'drop-oldest' | 'drop-new' | 'block' | 'fault', seen: string[] = []) =>
  component(
    defineComponent({
      kind: 'active',
      doc: 'Takes numbers.',
      ports: {
        at: input.sync(Ask),
        low: input.async(Number_, { onFull }),
        high: input.async(Number_, { priority: 5 }),
        many: input.async(Number_, 2, { priority: -1 }),
      },
    }),
    {
      ports: () => ({
        at({ n }) {
          seen.push(`at ${n}`);
          return 2 * n;
        },
        low: ({ n }) => void seen.push(`low ${n}`),
        high: ({ n }) => void seen.push(`high ${n}`),
        many: ({ n }, index) => void seen.push(`many[${index}] ${n}`),
      }),
    },
  );

/** Sends as many numbers as it is asked to, in one handler. */
const sender = (kind: 'active' | 'passive') =>
  component(
    defineComponent({
      kind,
      doc: 'Sends numbers.',
      ports: { go: kind === 'active' ? input.async(Number_) : input.sync(Number_), out: output(Number_) },
    }),
    {
      ports: ({ out, name }) => ({
        go({ n }) {
          for (let i = 1; i <= n; i++) out.out({ n: i + (name === 'second' ? 100 : 0) });
        },
      }),
    },
  );

describe('inputs', () => {
  it('run synchronous calls at once, and queued ones by priority, first in first out within each', async () => {
    const seen: string[] = [];
    const b = await bench(taker('drop-new', seen));
    b.in.many[1]({ n: 1 });
    b.in.low({ n: 2 });
    b.in.high({ n: 3 });
    b.in.low({ n: 4 });
    b.in.high({ n: 5 });
    expect(b.in.at({ n: 21 })).toBe(42);
    expect(seen).toEqual(['at 21']);
    await b.settle();
    expect(seen).toEqual(['at 21', 'high 3', 'high 5', 'low 2', 'low 4', 'many[1] 1']);
  });

  it('drop the new message of a full queue, count it and say where', async () => {
    const seen: string[] = [];
    const b = await bench(taker('drop-new', seen), { queueDepth: 2 });
    for (const n of [1, 2, 3, 4]) b.in.low({ n });
    await b.settle();
    expect(seen).toEqual(['low 1', 'low 2']);
    expect(b.telemetry.QueueDrops).toBe(2);
    expect(b.events.map(({ text }) => text)).toEqual([
      'queue full at unit.low; 1 messages dropped so far',
      'queue full at unit.low; 2 messages dropped so far',
    ]);
  });

  it('drop the oldest message of the same priority, or the new one where there is none', async () => {
    const seen: string[] = [];
    const b = await bench(taker('drop-oldest', seen), { queueDepth: 2 });
    for (const n of [1, 2, 3]) b.in.low({ n });
    await b.settle();
    b.in.high({ n: 4 });
    b.in.high({ n: 5 });
    b.in.low({ n: 6 });
    await b.settle();
    expect(seen).toEqual(['low 2', 'low 3', 'high 4', 'high 5']);
    expect(b.telemetry.QueueDrops).toBe(2);
  });

  it('fault on a full queue where that is the policy', async () => {
    const b = await bench(taker('fault'), { queueDepth: 1, onFault: 'isolate' });
    b.in.low({ n: 1 });
    b.in.low({ n: 2 });
    await b.settle();
    expect(b.events.map(({ text }) => text)).toContain('fault in unit.low: queue full; isolate');
  });

  it('give the pooled buffers of a dropped message back', async () => {
    const pool = new BufferPool(8, 3);
    const keeper = component(
      defineComponent({
        kind: 'active',
        doc: 'Keeps buffers.',
        ports: { oldest: input.async(BufferSend, { onFull: 'drop-oldest' }), fresh: input.async(BufferSend) },
      }),
      { ports: () => ({ oldest() {}, fresh() {} }) },
    );
    for (const end of ['oldest', 'fresh'] as const) {
      const b = await bench(keeper, { queueDepth: 1 });
      const loans = [pool.acquire(), pool.acquire()].flatMap((loan) => (loan.ok ? [loan.value] : []));
      for (const buffer of loans) b.in[end]({ buffer });
      expect(pool.available).toBe(2);
      expect(loans.map(({ bytes }) => bytes.length)).toEqual(end === 'oldest' ? [0, 8] : [8, 0]);
      for (const buffer of loans) buffer.release();
    }
  });
});

describe('a queue that blocks its sender', () => {
  const wired = (...kinds: ('active' | 'passive')[]) => {
    const seen: string[] = [];
    const slow = instance('slow', taker('block', seen), { baseId: 0x100, queueDepth: 2, priority: 1 });
    const senders = kinds.map((kind, i) =>
      instance(['first', 'second'][i], sender(kind), { baseId: 0x200 + 0x100 * i, priority: 10 }),
    );
    const topology = defineTopology({
      name: 'Blocking',
      instances: [slow, ...senders],
      connections: senders.map(({ out }) => connect(out.out, slow.in.low)),
      patterns: {},
    });
    const t = trial(topology);
    t.deployment.start();
    const go = (name: string, n: number) =>
      t.deployment.units.get(name)?.inlets.own.go[0].accept({ n }, undefined);
    const unit = (name: string) => {
      const found = t.deployment.units.get(name);
      if (found === undefined) throw new Error(name);
      return found;
    };
    return { ...t, seen, go, unit };
  };

  it('stops the sender until there is room, and loses nothing, in order', async () => {
    const t = wired('active');
    t.go('first', 5);
    t.go('first', 2);
    await t.settle();
    expect(t.seen).toEqual([1, 2, 3, 4, 5, 1, 2].map((n) => `low ${n}`));
    expect(t.unit('slow').queueDrops).toBe(0);
    expect(t.unit('first').blockedOn).toBe(0);
  });

  it('does not dispatch the blocked sender meanwhile', () => {
    const t = wired('active');
    const first = t.unit('first');
    t.go('first', 3);
    t.go('first', 1);
    first.dispatch();
    expect([first.blockedOn, first.runnable()]).toEqual([1, false]);
    t.unit('slow').dispatch();
    expect([first.blockedOn, first.runnable()]).toEqual([0, true]);
  });

  it('serves several blocked senders in turn', async () => {
    const t = wired('active', 'active');
    t.go('first', 4);
    t.go('second', 4);
    await t.settle();
    expect(t.seen).toHaveLength(8);
    expect(t.seen.filter((what) => what.length === 5)).toEqual(['low 1', 'low 2', 'low 3', 'low 4']);
  });

  it('stops the active component behind a passive sender', async () => {
    const seen: string[] = [];
    const slow = instance('slow', taker('block', seen), { baseId: 0x100, queueDepth: 1, priority: 1 });
    const between = instance('between', sender('passive'), { baseId: 0x200 });
    const first = instance('first', sender('active'), { baseId: 0x300, priority: 10 });
    const t = trial(
      defineTopology({
        name: 'Chain',
        instances: [slow, between, first],
        connections: [connect(first.out.out, between.in.go), connect(between.out.out, slow.in.low)],
        patterns: {},
      }),
    );
    t.deployment.start();
    t.deployment.units.get('first')?.inlets.own.go[0].accept({ n: 3 }, undefined);
    await t.settle();
    expect(seen).toEqual([1, 1, 2, 1, 2, 3].map((n) => `low ${n}`));
  });

  it('drops and counts what comes from a caller that nobody can stop', () => {
    const t = wired('passive');
    t.go('first', 5);
    expect(t.unit('slow').queueDrops).toBe(3);
  });

  it('does not wait for itself', async () => {
    const seen: string[] = [];
    const own = component(
      defineComponent({
        kind: 'active',
        doc: 'Fills its own queue.',
        ports: { low: input.async(Number_, { onFull: 'block' }) },
      }),
      {
        ports: (self) => ({
          low({ n }) {
            seen.push(`low ${n}`);
            if (n < 10) for (const more of [10, 11, 12]) self.in.low({ n: more });
          },
        }),
      },
    );
    const b = await bench(own, { queueDepth: 2 });
    b.in.low({ n: 1 });
    await b.settle();
    expect(seen).toEqual(['low 1', 'low 10', 'low 11']);
    expect(b.telemetry.QueueDrops).toBe(1);
  });

  it('lets every waiting sender go when the receiver is isolated', async () => {
    const t = wired('active', 'active');
    const [slow, first, second] = ['slow', 'first', 'second'].map(t.unit);
    t.go('first', 9);
    t.go('second', 9);
    first.dispatch();
    second.dispatch();
    expect([first.blockedOn, second.blockedOn]).toEqual([7, 9]);
    for (let i = 0; i < 4; i++) slow.restart('given up');
    expect([slow.isolated, first.blockedOn, second.blockedOn]).toEqual([true, 0, 0]);
    t.go('first', 1);
    await t.settle();
    expect(t.seen).toEqual([]);
  });

  it('gives a place that has become free to who waits, not to who comes by', async () => {
    const seen: string[] = [];
    const echo = component(
      defineComponent({
        kind: 'active',
        doc: 'Calls itself while it handles a message.',
        ports: { low: input.async(Number_, { onFull: 'block' }), again: input.async(Number_) },
      }),
      {
        ports: (self) => ({
          low({ n }) {
            seen.push(`low ${n}`);
            self.in.again({ n });
          },
          again: ({ n }) => void seen.push(`again ${n}`),
        }),
      },
    );
    const slow = instance('slow', echo, { baseId: 0x100, queueDepth: 1, priority: 1 });
    const first = instance('first', sender('active'), { baseId: 0x200, priority: 10 });
    const t = trial(
      defineTopology({
        name: 'Contended',
        instances: [slow, first],
        connections: [connect(first.out.out, slow.in.low)],
        patterns: {},
      }),
    );
    t.deployment.start();
    t.deployment.units.get('first')?.inlets.own.go[0].accept({ n: 3 }, undefined);
    await t.settle();
    expect(seen.filter((what) => what.startsWith('low'))).toEqual(['low 1', 'low 2', 'low 3']);
  });
});

describe('a guarded input', () => {
  it('refuses to be entered again while it runs, and is open again afterwards', async () => {
    const guardian = component(
      defineComponent({
        kind: 'passive',
        doc: 'Guards its state.',
        ports: { enter: input.guarded(Ask), out: output(Ask) },
      }),
      {
        ports: (self) => ({
          enter({ n }) {
            if (n === 13) throw new Error('unlucky');
            return n > 0 ? self.in.enter({ n: n - 1 }) + 100 : 7;
          },
        }),
      },
    );
    const b = await bench(guardian);
    expect(b.in.enter({ n: 0 })).toBe(7);
    expect(b.in.enter({ n: 1 })).toBe(100);
    expect(b.events.map(({ text }) => text)).toEqual([
      'fault in unit.enter: called again while a guarded call is under way; restart',
    ]);
    expect(b.in.enter({ n: 13 })).toBe(0);
    expect(b.in.enter({ n: 0 })).toBe(7);
  });
});
