import { describe, expect, it } from 'vitest';
import { checkTopology } from './checks';
import { type Component, component } from './component';
import { type Deployed, deploy } from './deployment';
import { defineComponent } from './model';
import { input, output, port, Serial } from './ports';
import { Cmd, CmdRegistration, CmdResponse, Log, ok, Ping, Restart } from './standardPorts';
import { type Connection, defineTopology, type EndRef, instance, type Topology } from './topology';
import { string, U8, U32 } from './types';

const Number_ = port('Number', { n: U32 });
const Text = port('Text', { text: string(9) });

/** One input of each kind and one output, which need not be connected. */
const box = component(
  defineComponent({
    kind: 'active',
    doc: 'A box.',
    ports: {
      now: input.sync(Number_),
      later: input.async(Number_),
      block: input.async(Number_, { onFull: 'block' }),
      text: input.sync(Text),
      any: input.sync(Serial),
      out: output(Number_, { optional: true }),
      many: output(Number_, 2),
    },
    telemetry: { Count: { id: 0, type: U32, doc: 'Counts.' } },
  }),
  { ports: () => ({ now() {}, later() {}, block() {}, text() {}, any() {} }) },
);
const needy = component(
  defineComponent({ kind: 'passive', doc: 'Needs one.', ports: { must: output(Number_) } }),
  {},
);
const [a, b, c] = ['a', 'b', 'c'].map((name, i) => instance(name, box, { baseId: 0x100 * (i + 1) }));

const topologyOf = (parts: Partial<Topology>): Topology =>
  defineTopology({ name: 'T', instances: [a, b, c], connections: [], patterns: {}, ...parts });
const texts = (parts: Partial<Topology>) =>
  checkTopology(topologyOf(parts)).map(({ code, text }) => `${code} ${text}`);
/** A connection that the compiler would refuse. */
const forced = (from: EndRef, to: EndRef): Connection => ({ from, to }) as Connection;
const broken = (model: Partial<Parameters<typeof defineComponent>[0]>) =>
  component(
    defineComponent({ kind: 'passive', doc: 'Broken.', ...model }) as never,
    {
      commands: () => ({}),
      ports: () => ({}),
    } as never,
  ) as Component;

describe('the boot check', () => {
  it('finds nothing wrong with a sound topology', () => {
    const connections = [forced(a.out.out, b.in.later), forced(b.out.many[1], c.in.any)];
    expect(texts({ connections })).toEqual([]);
  });

  it('names both ends of a connection between different types', () => {
    expect(texts({ connections: [forced(a.out.out, b.in.text)] })).toEqual([
      'TOPOLOGY_TYPE_MISMATCH a.out -> b.text: Number cannot be connected to Text',
    ]);
  });

  it('names both ends of a connection to a port that is not there', () => {
    const stranger = instance('stranger', box, { baseId: 0x900 });
    const connections = [
      forced({ ...a.out.out, end: 'oput' }, b.in.later),
      forced(a.out.many[0], { ...b.in.later, index: 5 }),
      forced(a.out.many[1], stranger.in.later),
      forced(b.in.later, a.in.later),
    ];
    expect(texts({ connections })).toEqual([
      'TOPOLOGY_NO_SUCH_END a.oput -> b.later: there is no port a.oput',
      'TOPOLOGY_NO_SUCH_END a.many -> b.later[5]: there is no port b.later[5]',
      'TOPOLOGY_NO_SUCH_END a.many[1] -> stranger.later: there is no port stranger.later',
    ]);
  });

  it('names the two ends that one output is connected to', () => {
    const connections = [forced(a.out.out, b.in.later), forced(a.out.out, c.in.later)];
    expect(texts({ connections })).toEqual([
      'TOPOLOGY_CONNECTED_TWICE a.out is connected to c.later and to b.later',
    ]);
  });

  it('finds the output that leads nowhere', () => {
    expect(texts({ instances: [instance('n', needy, { baseId: 0x100 })] })).toEqual([
      'TOPOLOGY_UNCONNECTED n.must (Number) is connected to nothing',
    ]);
  });

  it('finds circles of synchronous calls, and of queues that block', () => {
    const connections = [
      forced(a.out.out, b.in.now),
      forced(b.out.out, a.in.now),
      forced(b.out.many[0], c.in.block),
      forced(c.out.out, c.in.block),
      forced(c.out.many[0], b.in.block),
    ];
    expect(texts({ connections })).toEqual([
      'TOPOLOGY_SYNC_CYCLE synchronous calls run in a circle: a -> b -> a',
      'TOPOLOGY_BLOCK_CYCLE queues that block their senders stand in a circle: c -> c',
      'TOPOLOGY_BLOCK_CYCLE queues that block their senders stand in a circle: b -> c -> b',
    ]);
  });

  it('finds names and base ids that are taken, and base ids that are none', () => {
    const instances = [a, instance('a', box, { baseId: 0x100 }), instance('odd', box, { baseId: 0x123 })];
    expect(texts({ instances })).toEqual([
      'TOPOLOGY_DUPLICATE_NAME two instances are called a',
      'TOPOLOGY_ID_COLLISION a and a both have base id 0x100',
      'TOPOLOGY_BASE_ID odd: base id 0x123 is not a multiple of 0x100 or is not a U32',
    ]);
    const far = [-0x100, 2 ** 32, 0.5].map((baseId, i) => instance(`i${i}`, box, { baseId }));
    expect(texts({ instances: far }).filter((text) => text.startsWith('TOPOLOGY_BASE_ID'))).toHaveLength(3);
  });

  it('finds local ids that are outside their range or used twice', () => {
    const instances = [
      instance(
        'x',
        broken({
          commands: { A: { id: 1, doc: '' }, B: { id: 1, doc: '' } },
          events: { E: { id: 0x80, severity: 'command', format: '', doc: '' } },
          telemetry: { T: { id: -1, type: U32, doc: '' } },
          params: { P: { id: 0x40, type: U8, doc: '' } },
          records: { R: { id: 2, type: U8, doc: '' }, S: { id: 2, type: U8, doc: '' } },
        }),
        { baseId: 0x100 },
      ),
    ];
    expect(texts({ instances })).toEqual([
      'TOPOLOGY_LOCAL_ID x.E: id 128 is outside 0..127',
      'TOPOLOGY_LOCAL_ID x.T: id -1 is outside 0..127',
      'TOPOLOGY_LOCAL_ID x.P: id 64 is outside 0..63',
      'TOPOLOGY_LOCAL_ID_TWICE x: B and A both have id 1',
      'TOPOLOGY_LOCAL_ID_TWICE x: S and R both have id 2',
    ]);
  });

  it('finds an asynchronous port without a queue, and a queue without a depth', () => {
    const instances = [
      instance('p', broken({ ports: { later: input.async(Number_) } }), { baseId: 0x100 }),
      instance('q', box, { baseId: 0x200, queueDepth: 0 }),
      instance('r', box, { baseId: 0x300, queueDepth: 2.5 }),
    ];
    expect(texts({ instances })).toEqual([
      'TOPOLOGY_NO_QUEUE p.later: a passive component has no queue for an asynchronous port',
      'TOPOLOGY_QUEUE_DEPTH q: a queue of depth 0 is not one of 1 or more',
      'TOPOLOGY_QUEUE_DEPTH r: a queue of depth 2.5 is not one of 1 or more',
    ]);
  });

  it('finds a pattern that is too small, or that points at nothing', () => {
    const server = component(
      defineComponent({
        kind: 'passive',
        doc: 'Serves.',
        ports: {
          register: input.sync(CmdRegistration, 1),
          respond: input.sync(CmdResponse),
          send: output(Cmd, 1),
          ping: output(Ping, 1),
          pong: input.sync(Ping, 1),
          restart: output(Restart, 3),
          log: input.sync(Log),
        },
      }),
      { ports: () => ({ register() {}, respond() {}, pong() {}, log() {} }) },
    );
    const commanded = component(
      defineComponent({ kind: 'active', doc: 'x', commands: { DO: { id: 0, doc: 'x' } } }),
      { commands: () => ({ DO: () => ok }) },
    );
    const s = instance('s', server, { baseId: 0x100 });
    const instances = [s, ...[2, 3].map((n) => instance(`c${n}`, commanded, { baseId: 0x100 * n }))];
    const elsewhere = instance('elsewhere', server, { baseId: 0x900 });
    const patterns = {
      commands: { register: s.in.register, send: s.out.send, respond: s.in.respond },
      health: { ping: s.out.ping, pong: s.in.pong, restart: s.out.restart },
      events: elsewhere.in.log,
    };
    expect(texts({ instances, patterns })).toEqual([
      'TOPOLOGY_NO_SUCH_END pattern events -> elsewhere.log: there is no port elsewhere.log',
      'TOPOLOGY_PATTERN_SIZE pattern commands.register has 1 ports, 2 are needed',
      'TOPOLOGY_PATTERN_SIZE pattern commands.send has 1 ports, 2 are needed',
      'TOPOLOGY_PATTERN_SIZE pattern health.ping has 1 ports, 2 are needed',
      'TOPOLOGY_PATTERN_SIZE pattern health.pong has 1 ports, 2 are needed',
    ]);
  });

  it('finds a packet with a channel that is not there, and says which was meant', () => {
    const packets = [{ name: 'P', id: 1, channels: ['a.Count', 'a.Cuont'] }];
    expect(texts({ packets })).toEqual([
      'TOPOLOGY_PACKET_CHANNEL packet P: there is no channel a.Cuont; did you mean a.Count?',
    ]);
  });
});

describe('deploy', () => {
  const board = { seed: 1, clock: { epochUs: 0 } } as never;
  const configured = component(
    defineComponent({
      kind: 'passive',
      doc: 'x',
      config: {
        folder: { type: string(9), doc: 'x' },
        size: { type: U8, default: 5, min: 2, max: 7, doc: 'x' },
      },
      params: { Rate: { id: 0, type: U8, default: 1, max: 3, doc: 'x' } },
    }),
    {},
  );
  const faultsOf = (deployed: Deployed) => (deployed.ok ? [] : deployed.faults.map(({ text }) => text));

  it('returns all that is wrong at once, wiring and settings, and wires nothing', () => {
    const given = { folder: 'x', sise: 3, size: 8 } as never;
    const deployed = deploy(
      topologyOf({
        instances: [
          a,
          instance('k', configured, { baseId: 0x100, config: given }),
          instance('l', configured, { baseId: 0x700, config: {} as never }),
        ],
      }),
      board,
      { config: { kk: {}, l: { Rate: 4 } } },
    );
    expect(faultsOf(deployed)).toEqual([
      'k and a both have base id 0x100',
      'there is no instance kk; did you mean k?',
      'k: there is no config key sise; did you mean size? Known: folder, size',
      'k.size: 8 is outside 2..7',
      'l: config key folder has no default and was not given',
      'l.Rate: 4 is outside -Infinity..3',
    ]);
  });

  it('knows no near word where there is nothing to be near to', () => {
    const instances = [instance('n', broken({}), { baseId: 0x100, config: { what: 1 } as never })];
    expect(faultsOf(deploy(topologyOf({ instances }), board))).toEqual([
      'n: there is no config key what; did you mean nothing? Known: none',
    ]);
  });

  it('refuses a tap on an output that is not there', () => {
    const tap = { instance: 'a', end: 'oput', hear() {} };
    expect(faultsOf(deploy(topologyOf({}), board, { taps: [tap] }))).toEqual([
      'a.oput -> a tap: there is no port oput',
    ]);
  });
});
