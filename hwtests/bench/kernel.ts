import { EventEmitter } from 'node:events';
import {
  component,
  connect,
  defineComponent,
  defineTopology,
  input,
  instance,
  output,
  port,
  U32,
} from '../../fsw/framework';
import type { Board } from '../../fsw/framework/board';
import { deploy } from '../../fsw/framework/deployment';
import { SimulatedClock } from '../../fsw/framework/simulatedClock';
import { duration, heapUsed, nsPerOperation, paired, perSecond, type Row } from './measure';

const Repair = port('Repair', { word: U32, mask: U32 });

const source = component(
  defineComponent({ kind: 'passive', doc: 'Calls.', ports: { now: output(Repair), later: output(Repair) } }),
  {},
);
const sink = component(
  defineComponent({
    kind: 'active',
    doc: 'Is called.',
    ports: { now: input.sync(Repair), later: input.async(Repair) },
  }),
  {
    state: () => ({ sum: 0 }),
    ports: ({ state }) => ({
      now({ word }) {
        state.sum = (state.sum + word) | 0;
      },
      later({ word }) {
        state.sum = (state.sum + word) | 0;
      },
    }),
  },
);

const DEPTH = 1024;

function wired() {
  const from = instance('from', source, { baseId: 0x100 });
  const to = instance('to', sink, { baseId: 0x200, queueDepth: DEPTH });
  const topology = defineTopology({
    name: 'Bench',
    instances: [from, to],
    connections: [connect(from.out.now, to.in.now), connect(from.out.later, to.in.later)],
    patterns: {},
  });
  const deployed = deploy(topology, {
    name: 'bench',
    clock: new SimulatedClock(),
    seed: 1,
  } as unknown as Board);
  const unit = deployed.ok ? deployed.value.units.get('from') : undefined;
  if (!deployed.ok || unit === undefined) throw new Error('the bench topology does not deploy');
  deployed.value.start();
  type Send = (args: { word: number; mask: number }) => void;
  return { out: unit.targets as unknown as { now: Send; later: Send }, executive: deployed.value.executive };
}

export function portCall(): Row[] {
  const { out } = wired();
  const plain = {
    sum: 0,
    now({ word }: { word: number; mask: number }) {
      this.sum = (this.sum + word) | 0;
    },
  };
  const ours = (n: number) => {
    for (let i = 0; i < n; i++) out.now({ word: i, mask: 3 });
  };
  const theirs = (n: number) => {
    for (let i = 0; i < n; i++) plain.now({ word: i, mask: 3 });
  };
  const { a, b, ratio } = paired(2_000_000, ours, theirs);
  const before = heapUsed();
  ours(1_000_000);
  const grown = heapUsed() - before;
  return [
    {
      what: 'synchronous port call',
      value: duration(a),
      yardstick: 'plain method call, same argument object',
      yardstickValue: duration(b),
      ratio: `${ratio.toFixed(2)} ×`,
      promise: '≤ 2 ×',
      kept: ratio <= 2,
    },
    {
      what: 'heap growth over a million port calls',
      value: `${(grown / 1024).toFixed(0)} KiB`,
      yardstick: 'nothing kept',
      yardstickValue: '0 KiB',
      ratio: '',
      promise: '< 64 KiB after a collection',
      kept: globalThis.gc === undefined ? undefined : grown < 65536,
    },
  ];
}

export function asyncHop(): Row[] {
  const { out, executive } = wired();
  const emitter = new EventEmitter();
  let sum = 0;
  emitter.on('later', ({ word }: { word: number }) => {
    sum = (sum + word) | 0;
  });
  const hops = (n: number) => {
    for (let sent = 0; sent < n; sent += DEPTH) {
      for (let i = 0; i < DEPTH; i++) out.later({ word: i, mask: 3 });
      executive.run();
    }
  };
  const emits = (n: number) => {
    for (let i = 0; i < n; i++) emitter.emit('later', { word: i, mask: 3 });
  };
  const { a, b, ratio } = paired(DEPTH * 2000, hops, emits);
  const ping = nsPerOperation(1_000_000, (n) => {
    for (let i = 0; i < n; i++) {
      out.later({ word: i, mask: 3 });
      executive.run();
    }
  });
  const promised = { promise: '≥ 10 M/s', kept: 1e9 / a >= 10e6 };
  return [
    {
      what: 'async hop through an active component (bursts of 1024)',
      value: perSecond(a),
      yardstick: 'EventEmitter.emit, no queue',
      yardstickValue: perSecond(b),
      ratio: `${(1 / ratio).toFixed(2)} × its rate`,
      ...promised,
    },
    {
      what: 'async hop, the executive run for each',
      value: perSecond(ping),
      yardstick: 'EventEmitter.emit, no queue',
      yardstickValue: perSecond(b),
      ratio: `${(b / ping).toFixed(2)} × its rate`,
      promise: '',
      kept: undefined,
    },
  ];
}
