import { describe, expect, it } from 'vitest';
import { component } from './component';
import { isConnected } from './deployment';
import { defineComponent } from './model';
import { input, output, port, Serial } from './ports';
import {
  Cmd,
  CmdRegistration,
  CmdResponse,
  Log,
  ok,
  Ping,
  PrmGet,
  PrmSet,
  Restart,
  Tlm,
} from './standardPorts';
import { trial } from './testing';
import { connect, defineTopology, instance } from './topology';
import { encode, U8, U32 } from './types';

const Number_ = port('Number', { n: U32 });
const Ask = port('Ask', { n: U32 }, { returns: U32 });

/** One component that serves all patterns, and writes down what it is asked. */
const serverOf = (log: string[]) =>
  component(
    defineComponent({
      kind: 'passive',
      doc: 'Serves every pattern.',
      ports: {
        register: input.sync(CmdRegistration, 3),
        respond: input.sync(CmdResponse),
        send: output(Cmd, 3),
        log: input.sync(Log),
        tlm: input.sync(Tlm),
        get: input.sync(PrmGet),
        set: input.sync(PrmSet),
        ping: output(Ping, 2),
        pong: input.sync(Ping, 2),
        restart: output(Restart, 2),
        go: input.sync(Number_),
      },
    }),
    {
      ports: ({ out }) => ({
        register: ({ opcode }, index) => void log.push(`register[${index}] ${opcode.toString(16)}`),
        respond: ({ opcode, cmdSeq, status }) =>
          void log.push(`respond ${opcode.toString(16)} ${cmdSeq} ${status}`),
        log: ({ id, severity }) => void log.push(`log ${id.toString(16)} ${severity}`),
        tlm: ({ id, value }) => void log.push(`tlm ${id.toString(16)} ${Buffer.from(value).toString('hex')}`),
        get({ id }) {
          log.push(`get ${id.toString(16)}`);
          if (id === 0x300) throw new Error('unreadable');
          return { valid: true, value: encode(U8, 7) };
        },
        set: ({ id, value }) => log.push(`set ${id.toString(16)} ${value[0]}`) > 0,
        pong: ({ key }, index) => void log.push(`pong[${index}] ${key}`),
        go({ n }) {
          out.send[1]({ opcode: 0x301, cmdSeq: 5, args: new Uint8Array(0) });
          out.send[2]({ opcode: 0x281, cmdSeq: 6, args: new Uint8Array(0) });
          out.ping[1]({ key: n });
          out.restart[0]({ reason: 'test' });
        },
      }),
    },
  );
const served = component(
  defineComponent({
    kind: 'active',
    doc: 'Is served.',
    commands: { DO: { id: 1, doc: 'Does.' } },
    params: { Level: { id: 0, type: U8, default: 1, doc: 'Level.' } },
    events: {
      Did: { id: 2, severity: 'activity-low', format: 'did at {level}', args: { level: U8 }, doc: 'Did.' },
    },
  }),
  {
    commands: ({ event, param }) => ({
      DO() {
        event.Did({ level: param.Level });
        return ok;
      },
    }),
  },
);

describe('a deployed topology', () => {
  it('wires the patterns: commands, events, telemetry, parameters and health, each by its place', async () => {
    const log: string[] = [];
    const server = instance('server', serverOf(log), { baseId: 0x100 });
    const first = instance('first', served, { baseId: 0x200 });
    const second = instance('second', served, { baseId: 0x300, params: { Level: 4 } });
    const none = instance('none', component(defineComponent({ kind: 'passive', doc: 'x' }), {}), {
      baseId: 0x400,
    });
    const t = trial(
      defineTopology({
        name: 'Served',
        instances: [server, none, first, second],
        connections: [],
        patterns: {
          commands: {
            register: server.in.register,
            send: [...server.out.send].reverse(),
            respond: server.in.respond,
          },
          events: server.in.log,
          telemetry: server.in.tlm,
          params: { get: server.in.get, set: server.in.set },
          health: { ping: server.out.ping, pong: server.in.pong, restart: server.out.restart },
        },
      }),
    );
    t.deployment.start();
    expect(log.filter((line) => line.startsWith('re') || line.startsWith('get'))).toEqual([
      ...['register[0] 201', 'register[0] 280', 'register[0] 281', 'get 200'],
      ...['register[1] 301', 'register[1] 380', 'register[1] 381', 'get 300'],
    ]);
    // The store failed on the second component's parameter: its default flies, and that is no invalid value.
    expect(log.filter((line) => line.startsWith('log'))).toEqual(['log 1f0 warning-high']);
    log.length = 0;
    t.deployment.units.get('server')?.inlets.own.go[0].accept({ n: 99 }, undefined);
    await t.settle();
    // The array of `send` was given in reverse, so its last port leads to the first component.
    expect(log).toEqual([
      ...['set 200 7', 'respond 281 6 OK'],
      ...['log 302 activity-low', 'respond 301 5 OK', 'pong[1] 99'],
    ]);
  });

  it('carries calls over arrays and untyped ports, returns what they return, and knows what is connected', () => {
    const heard: unknown[] = [];
    const connected: boolean[] = [];
    const caller = component(
      defineComponent({
        kind: 'passive',
        doc: 'Calls.',
        ports: {
          go: input.sync(Ask),
          ask: output(Ask, 3),
          tell: output(Number_, { optional: true }),
          copy: output(Serial),
        },
      }),
      {
        ports: ({ out }) => ({
          go({ n }) {
            connected.push(...out.ask.map(isConnected), isConnected(out.tell));
            out.tell({ n });
            out.copy({ n: n + 0.5 } as never);
            return out.ask[1]({ n });
          },
        }),
      },
    );
    const answerer = component(
      defineComponent({
        kind: 'passive',
        doc: 'Answers.',
        ports: { at: input.sync(Ask, 2), told: input.sync(Number_) },
      }),
      { ports: () => ({ at: ({ n }, index) => 10 * n + index, told: ({ n }) => void heard.push(n) }) },
    );
    const from = instance('from', caller, { baseId: 0x100 });
    const to = instance('to', answerer, { baseId: 0x200 });
    const taps: string[] = [];
    const tap = (end: string) => ({
      instance: 'from',
      end,
      hear: (args: { n: number }, index: number) => void taps.push(`${end}[${index}] ${args.n}`),
    });
    const t = trial(
      defineTopology({
        name: 'Calls',
        instances: [from, to],
        connections: [connect(from.out.ask[1], to.in.at[1]), connect(from.out.copy, to.in.told)],
        patterns: {},
      }),
      {},
      { taps: [tap('ask'), tap('copy')] },
    );
    t.deployment.start();
    expect(t.deployment.units.get('from')?.inlets.own.go[0].accept({ n: 4 }, undefined)).toBe(41);
    expect(heard).toEqual([4.5]);
    expect(taps).toEqual(['copy[0] 4.5', 'ask[1] 4']);
    expect(connected.slice(-1)).toEqual([false]);
  });

  it('overrides config and parameter defaults by instance', () => {
    const seen: unknown[] = [];
    const set = component(
      defineComponent({
        kind: 'passive',
        doc: 'x',
        config: { size: { type: U8, default: 5, doc: 'x' }, free: { type: U8, default: 6, doc: 'x' } },
        params: { Rate: { id: 0, type: U8, default: 1, doc: 'x' } },
      }),
      { start: ({ config, param }) => void seen.push({ ...config }, { ...param }) },
    );
    const one = instance('one', set, { baseId: 0x100, config: { size: 7 } });
    const topology = defineTopology({ name: 'Set', instances: [one], connections: [], patterns: {} });
    trial(topology, {}, { config: { one: { free: '9', Rate: 3 } } }).deployment.start();
    expect(seen).toEqual([{ size: 7, free: 9 }, { Rate: 3 }]);
  });

  it('stops its components, last first', async () => {
    const order: string[] = [];
    const stopping = component(defineComponent({ kind: 'passive', doc: 'x' }), {
      stop: async ({ name }) => void order.push(name),
    });
    const instances = ['a', 'b'].map((name, i) => instance(name, stopping, { baseId: 0x100 * (i + 1) }));
    const t = trial(defineTopology({ name: 'Stop', instances, connections: [], patterns: {} }));
    t.deployment.start();
    await t.deployment.stop();
    expect(order).toEqual(['b', 'a']);
  });
});
