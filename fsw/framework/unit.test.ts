import { describe, expect, it } from 'vitest';
import { component } from './component';
import { defineComponent } from './model';
import { input, output, port } from './ports';
import { Log, ok } from './standardPorts';
import { bench, trial } from './testing';
import { connect, defineTopology, instance } from './topology';
import { string, U32 } from './types';

const Number_ = port('Number', { n: U32 });
const Ask = port('Ask', { n: U32 }, { returns: U32 });
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Throws on 13, waits on 1000 and more; counts what it has seen in its state. */
const fragile = component(
  defineComponent({
    kind: 'active',
    doc: 'Breaks on 13.',
    ports: { at: input.sync(Ask), low: input.async(Number_), out: output(Number_) },
    commands: {
      BREAK: { id: 0, doc: 'Throws.' },
      WAIT: { id: 1, args: { us: U32 }, doc: 'Answers late.' },
      COUNT: { id: 2, doc: 'Answers.' },
    },
  }),
  {
    state: () => ({ seen: 0 }),
    ports: ({ state, out, clock }) => ({
      at({ n }) {
        if (n === 13) throw new Error('thirteen');
        return ++state.seen;
      },
      async low({ n }) {
        if (n === 13) throw new Error('thirteen');
        if (n >= 1000) await clock.work(Promise.resolve(), n);
        if (n === 2013) throw new Error('late thirteen');
        out.out({ n });
      },
    }),
    commands: ({ clock }) => ({
      BREAK() {
        throw new Error('as told');
      },
      async WAIT({ us }) {
        await clock.work(us === 13 ? Promise.reject(new Error('lost')) : Promise.resolve(), us);
        return ok;
      },
      COUNT: () => ok,
    }),
  },
);

const faults = (b: { events: { name: string; args: Record<string, unknown> }[] }) =>
  b.events.filter(({ name }) => name === 'ComponentFault').map(({ args }) => `${args.where}: ${args.action}`);

describe('a component that throws', () => {
  it('is restarted with a fresh state, and its caller gets the default of the return type', async () => {
    const b = await bench(fragile);
    expect([b.in.at({ n: 1 }), b.in.at({ n: 1 })]).toEqual([1, 2]);
    expect(b.in.at({ n: 13 })).toBe(0);
    expect(b.in.at({ n: 1 })).toBe(1);
    expect(faults(b)).toEqual(['unit.at: restart']);
    expect(b.telemetry.Faults).toBe(1);
  });

  it('keeps what waits in its queue over a restart', async () => {
    const b = await bench(fragile);
    for (const n of [1, 13, 2]) b.in.low({ n });
    await b.settle();
    expect(b.calls('out')).toEqual([{ n: 1 }, { n: 2 }]);
    expect(faults(b)).toEqual(['unit.low: restart']);
  });

  it('is restarted three times, then isolated: it hears nothing more, and commands are told so', async () => {
    const b = await bench(fragile);
    for (let i = 0; i < 4; i++) b.in.at({ n: 13 });
    expect(faults(b)).toEqual([...Array(3).fill('unit.at: restart'), 'unit.at: isolate']);
    expect(b.in.at({ n: 1 })).toBe(0);
    b.in.low({ n: 1 });
    b.ping(1);
    b.command('COUNT');
    await b.settle();
    expect([b.sent, b.pongs]).toEqual([[], []]);
    expect(b.responses).toEqual([
      { command: 'COUNT', cmdSeq: 1, status: 'EXECUTION_ERROR', reason: 'unit is isolated' },
    ]);
  });

  it('is isolated at once where that is its policy, and answers the commands that waited', async () => {
    const b = await bench(fragile, { onFault: 'isolate' });
    const waiting = [b.command('COUNT'), b.command('COUNT')];
    b.in.at({ n: 13 });
    await b.settle();
    expect(b.responses.map(({ cmdSeq, status }) => [cmdSeq, status])).toEqual(
      waiting.map((cmdSeq) => [cmdSeq, 'EXECUTION_ERROR']),
    );
  });

  it('announces a fatal fault where the policy is fatal', async () => {
    const b = await bench(fragile, { onFault: 'fatal' });
    b.in.at({ n: 13 });
    expect(b.events.map(({ name, severity }) => [name, severity])).toEqual([
      ['ComponentFault', 'warning-high'],
      ['ComponentFatal', 'fatal'],
    ]);
    expect(b.events[1].text).toBe('fatal fault in unit.at: thirteen');
  });

  it('may throw anything, also what is no error', async () => {
    const thrown = [
      Object.create(null) as unknown,
      'words',
      Object.assign(new Error(), { message: 5 }),
      undefined,
    ];
    const wild = component(
      defineComponent({ kind: 'passive', doc: 'Throws anything.', ports: { at: input.sync(Number_) } }),
      {
        ports: () => ({
          at({ n }) {
            throw thrown[n];
          },
        }),
      },
    );
    const b = await bench(wild);
    for (const n of thrown.keys()) b.in.at({ n });
    expect(b.events.map(({ args }) => args.reason)).toEqual(['{}', 'words', '5', 'undefined']);
  });

  it('is charged for a promise that fails, on a queue, a synchronous port or in a timer', async () => {
    const b = await bench(fragile);
    b.in.low({ n: 2013 });
    await b.advance(5000);
    expect(faults(b)).toEqual(['unit.low: restart']);
    const timed = component(
      defineComponent({ kind: 'passive', doc: 'Fails later.', ports: { at: input.sync(Number_) } }),
      {
        ports: ({ clock }) => ({
          async at({ n }) {
            await turn();
            if (n === 0) throw new Error('async');
            clock.after(n, () => {
              throw new Error('in a timer');
            });
            clock.after(2 * n, async () => {
              throw new Error('never: the restart has cancelled it');
            });
          },
        }),
      },
    );
    const t = await bench(timed);
    t.in.at({ n: 0 });
    t.in.at({ n: 10 });
    for (let i = 0; i < 3; i++) await turn();
    await t.advance(100);
    expect(t.events.map(({ args }) => args.reason)).toEqual(['async', 'in a timer']);
  });
});

describe('a component that has not booted', () => {
  it('answers a call with the default of its return type, and runs nothing', () => {
    const unit = instance('unit', fragile, { baseId: 0x100 });
    const connections = [connect(unit.out.out, unit.in.low)];
    const t = trial(defineTopology({ name: 'Early', instances: [unit], connections, patterns: {} }));
    expect(t.deployment.units.get('unit')?.inlets.own.at[0].accept({ n: 1 }, undefined)).toBe(0);
  });
});

describe('a handler that returns a promise', () => {
  it('keeps its component busy, while others go on', async () => {
    const seen: string[] = [];
    const writer = component(
      defineComponent({ kind: 'active', doc: 'Writes.', ports: { low: input.async(Number_) } }),
      {
        ports: ({ name, clock }) => ({
          async low({ n }) {
            seen.push(`${name} ${n} begins`);
            if (n > 10) await clock.work(Promise.resolve(), n);
            seen.push(`${name} ${n} ends`);
          },
        }),
      },
    );
    const [slow, quick] = ['slow', 'quick'].map((name, i) =>
      instance(name, writer, { baseId: 0x100 * (i + 1), priority: 2 - i }),
    );
    const t = trial(defineTopology({ name: 'Two', instances: [slow, quick], connections: [], patterns: {} }));
    t.deployment.start();
    const send = (name: string, n: number) =>
      t.deployment.units.get(name)?.inlets.own.low[0].accept({ n }, undefined);
    send('slow', 50);
    send('slow', 2);
    send('quick', 3);
    await t.advance(49);
    expect(seen).toEqual(['slow 50 begins', 'quick 3 begins', 'quick 3 ends']);
    await t.advance(1);
    expect(seen.slice(3)).toEqual(['slow 50 ends', 'slow 2 begins', 'slow 2 ends']);
  });

  it('changes nothing any more when it ends after a restart', async () => {
    const b = await bench(fragile);
    b.in.low({ n: 2013 });
    await b.settle();
    b.in.at({ n: 13 });
    b.in.low({ n: 1 });
    await b.settle();
    expect(b.calls('out')).toEqual([{ n: 1 }]);
    await b.advance(10_000);
    expect(faults(b)).toEqual(['unit.at: restart']);
    expect(b.telemetry.Faults).toBe(1);
  });

  it('of a synchronous port is not charged to the life after it', async () => {
    const slow = component(
      defineComponent({ kind: 'passive', doc: 'Fails late.', ports: { at: input.sync(Number_) } }),
      {
        ports: ({ clock }) => ({
          async at({ n }) {
            if (n > 0) await clock.work(Promise.resolve(), n);
            throw new Error(`after ${n}`);
          },
        }),
      },
    );
    const b = await bench(slow);
    b.in.at({ n: 100 });
    b.in.at({ n: 10 });
    await b.advance(1000);
    expect(b.events.map(({ args }) => args.reason)).toEqual(['after 10']);
  });

  it('is charged when a command fails late', async () => {
    const b = await bench(fragile);
    b.command('WAIT', { us: 13 });
    b.command('BREAK');
    await b.advance(100);
    expect(b.responses.map(({ status, reason }) => `${status}: ${reason}`)).toEqual([
      'EXECUTION_ERROR: WAIT threw: lost',
      'EXECUTION_ERROR: BREAK threw: as told',
    ]);
    expect(faults(b)).toEqual(['WAIT: restart', 'BREAK: restart']);
  });

  it('is given up, and its command answered once, when the component is restarted', async () => {
    const b = await bench(fragile);
    b.command('WAIT', { us: 13 });
    b.command('WAIT', { us: 100 });
    await b.settle();
    b.in.at({ n: 13 });
    await b.advance(1000);
    expect(b.responses).toEqual([
      { command: 'WAIT', cmdSeq: 1, status: 'EXECUTION_ERROR', reason: 'restarted: thirteen' },
      { command: 'WAIT', cmdSeq: 2, status: 'OK', reason: '' },
    ]);
    expect(faults(b)).toEqual(['unit.at: restart']);
  });
});

describe('a queued component', () => {
  const handled: number[] = [];
  const drained = component(
    defineComponent({
      kind: 'queued',
      doc: 'Handles its queue when it is told to.',
      ports: { low: input.async(Number_), tick: input.sync(Number_) },
    }),
    {
      ports: (self) => ({
        async low({ n }) {
          if (n >= 1000) await self.clock.work(Promise.resolve(), n);
          handled.push(n);
        },
        tick: () => self.drain(),
      }),
    },
  );

  it('handles what waits when it drains, and no sooner', async () => {
    handled.length = 0;
    const b = await bench(drained);
    for (const n of [1, 2]) b.in.low({ n });
    await b.settle();
    expect(handled).toEqual([]);
    b.in.tick({ n: 0 });
    await b.settle();
    expect(handled).toEqual([1, 2]);
  });

  it('goes on draining after a handler that took its time', async () => {
    handled.length = 0;
    const b = await bench(drained);
    for (const n of [1, 1000, 2]) b.in.low({ n });
    b.in.tick({ n: 0 });
    b.in.low({ n: 3 });
    await b.advance(999);
    expect(handled).toEqual([1]);
    await b.advance(1);
    expect(handled).toEqual([1, 1000, 2]);
    b.in.tick({ n: 0 });
    await b.settle();
    expect(handled).toEqual([1, 1000, 2, 3]);
  });
});

describe('an event manager that throws', () => {
  const manager = (dispatch: 'sync' | 'async', heard: string[]) =>
    component(
      defineComponent({
        kind: 'active',
        doc: 'Breaks on each event.',
        ports: { log: dispatch === 'sync' ? input.sync(Log) : input.async(Log) },
      }),
      {
        ports: () => ({
          log({ id }) {
            heard.push(id.toString(16));
            throw new Error('the log is full');
          },
        }),
      },
    );

  it.each(['sync', 'async'] as const)('does not call itself for ever (%s)', async (dispatch) => {
    const heard: string[] = [];
    const events = instance('events', manager(dispatch, heard), { baseId: 0x100 });
    const source = instance('source', fragile, { baseId: 0x200, onFault: 'isolate' });
    const t = trial(
      defineTopology({
        name: 'Loop',
        instances: [events, source],
        connections: [connect(source.out.out, source.in.low)],
        patterns: { events: events.in.log },
      }),
    );
    t.deployment.start();
    t.deployment.units.get('source')?.fault('test', new Error('first'));
    await t.settle();
    expect(t.deployment.units.get('events')?.isolated).toBe(dispatch === 'async');
    expect(heard.length).toBeLessThan(20);
    expect(heard[0]).toBe('2f0');
  });
});

describe('events, channels and parameters of a component', () => {
  it('are at hand in its handlers', async () => {
    const teller = component(
      defineComponent({
        kind: 'passive',
        doc: 'Tells.',
        ports: { at: input.sync(Number_), out: output(Number_, 2) },
        events: {
          Told: {
            id: 1,
            severity: 'activity-low',
            args: { word: string(8) },
            format: 'told {word}',
            throttle: 1,
            doc: 'x',
          },
        },
        config: { word: { type: string(8), default: 'hi', doc: 'What to tell.' } },
      }),
      {
        ports: (self) => ({
          at({ n }) {
            if (n === 0) self.clearThrottle('Told');
            self.event.Told({ word: `${self.config.word} ${self.name}` });
            self.out.out[1]({ n });
          },
        }),
      },
    );
    const b = await bench(teller, { config: { word: 'yo' } });
    for (const n of [1, 1, 0]) b.in.at({ n });
    expect(b.events.map(({ text }) => text)).toEqual(['told yo unit', 'told yo unit']);
    expect(b.sent[0]).toEqual({ end: 'out', index: 1, args: { n: 1 } });
  });
});
