import { describe, expect, it } from 'vitest';
import { component } from './component';
import { defineComponent } from './model';
import { input, port } from './ports';
import { ok, refused } from './standardPorts';
import { BENCH_BASE_ID, bench, trial } from './testing';
import { defineTopology, instance } from './topology';
import { bool, encode, enumeration, F32, string, U8, U32 } from './types';

const Mode = enumeration('Test.Mode', { OFF: 0, ON: 1 });
const Tick = port('Tick', {});

const heater = component(
  defineComponent({
    kind: 'active',
    doc: 'Heats.',
    ports: { tick: input.sync(Tick) },
    commands: {
      SET: { id: 1, args: { mode: Mode, percent: U8.with({ max: 100 }), note: string(8) }, doc: 'Sets.' },
      NO_OP: { id: 2, doc: 'Does nothing.' },
      REFUSE: { id: 3, doc: 'Refuses.' },
      ECHO: { id: 4, doc: 'Answers its sequence id.' },
      NOTHING: { id: 5, args: { late: bool }, doc: 'Forgets to answer.' },
    },
    params: {
      Target: { id: 0, type: F32, default: 20, min: -10, max: 60, unit: 'degC', doc: 'Target.' },
      Name: { id: 1, type: string(8), doc: 'Name.' },
    },
    telemetry: { Changed: { id: 0, type: string(20), doc: 'The parameter that changed last.' } },
  }),
  {
    ports: () => ({ tick() {} }),
    paramChanged({ tlm, param }, name) {
      if (param.Target === 50) throw new Error('too warm for me');
      tlm.Changed(`${name} ${param[name]}`);
    },
    commands: () => ({
      SET: ({ mode, percent }) => (mode === 'ON' ? ok : refused(`off at ${percent}`)),
      NO_OP: () => ok,
      REFUSE: () => refused('not now', 'BUSY'),
      ECHO: async (_, { cmdSeq }) => refused(`${cmdSeq}`),
      NOTHING: (({ late }: { late: boolean }) => (late ? Promise.resolve() : undefined)) as never,
    }),
  },
);

const raw = (b: Awaited<ReturnType<typeof onTrial>>, opcode: number, args: Uint8Array) =>
  b.unit.inlets.command.accept({ opcode, cmdSeq: 9, args }, undefined);

/** The bare unit, for commands as bytes. */
function onTrial() {
  const t = trial(
    defineTopology({
      name: 'T',
      instances: [instance('heater', heater, { baseId: BENCH_BASE_ID })],
      connections: [],
      patterns: {},
    }),
  );
  const unit = t.deployment.units.get('heater');
  if (unit === undefined) throw new Error('no unit');
  const responses: string[] = [];
  unit.services.respond = ({ cmdSeq, status, reason }) =>
    void responses.push(`${cmdSeq} ${status}: ${reason}`);
  t.deployment.start();
  return { ...t, unit, responses };
}

describe('a command', () => {
  it('reaches its handler with typed arguments, and its answer carries the sequence id it came with', async () => {
    const b = await bench(heater);
    const first = b.command('SET', { mode: 'ON', percent: 40, note: 'é' });
    const second = b.command('SET', { mode: 'OFF', percent: 40, note: '' });
    b.command('REFUSE');
    const echoed = b.command('ECHO');
    await b.settle();
    expect(b.responses).toEqual([
      { command: 'SET', cmdSeq: first, status: 'OK', reason: '' },
      { command: 'SET', cmdSeq: second, status: 'EXECUTION_ERROR', reason: 'off at 40' },
      { command: 'REFUSE', cmdSeq: 3, status: 'BUSY', reason: 'not now' },
      { command: 'ECHO', cmdSeq: echoed, status: 'EXECUTION_ERROR', reason: `${echoed}` },
    ]);
  });

  it('with malformed bytes is a FORMAT_ERROR, with a value out of range a VALIDATION_ERROR, with an opcode of nobody an INVALID_OPCODE', async () => {
    const t = onTrial();
    raw(t, 0x101, new Uint8Array([1]));
    raw(t, 0x101, new Uint8Array([9, 1, 0, 0]));
    raw(t, 0x101, new Uint8Array([1, 1, 0, 0, 0]));
    raw(t, 0x101, new Uint8Array([1, 101, 0, 0]));
    raw(t, 0x17f, new Uint8Array(0));
    await t.settle();
    expect(t.responses).toEqual([
      '9 FORMAT_ERROR: heater.SET: the buffer ends at byte 1, 3 more needed',
      '9 FORMAT_ERROR: Test.Mode: 9 is not a Test.Mode',
      '9 FORMAT_ERROR: heater.SET: 1 bytes left over after the value',
      '9 VALIDATION_ERROR: heater.SET.percent: 101 is outside 0..100',
      '9 INVALID_OPCODE: no opcode 0x17f',
    ]);
  });

  it('whose handler forgets to answer is an EXECUTION_ERROR, at once or late', async () => {
    const b = await bench(heater);
    b.command('NOTHING', { late: false });
    b.command('NOTHING', { late: true });
    await b.settle();
    expect(b.responses.map(({ status }) => status)).toEqual(['EXECUTION_ERROR', 'EXECUTION_ERROR']);
    expect(b.telemetry.Faults).toBe(2);
  });

  it('that finds the queue full is answered BUSY', async () => {
    const b = await bench(heater, { queueDepth: 1 });
    b.command('NO_OP');
    b.command('NO_OP');
    expect(b.responses).toEqual([
      { command: 'NO_OP', cmdSeq: 2, status: 'BUSY', reason: 'the queue of unit is full' },
    ]);
  });

  it('registers its opcode at boot, as do the two of each parameter', () => {
    const t = trial(
      defineTopology({
        name: 'T',
        instances: [instance('heater', heater, { baseId: 0x300 })],
        connections: [],
        patterns: {},
      }),
    );
    const registered: number[] = [];
    const unit = t.deployment.units.get('heater');
    if (unit) unit.services.register = ({ opcode }) => void registered.push(opcode);
    t.deployment.start();
    expect(registered.map((opcode) => opcode.toString(16))).toEqual([
      ...['301', '302', '303', '304', '305'],
      ...['380', '381', '382', '383'],
    ]);
  });
});

describe('a parameter', () => {
  it('starts with its default, is set by command within its range, and tells the component', async () => {
    const b = await bench(heater);
    b.command('Target_PRM_SET', { val: 25.5 });
    b.command('Target_PRM_SET', { val: 61 });
    b.command('Name_PRM_SET', { val: 'bay' });
    await b.settle();
    expect(b.responses.map(({ status, reason }) => `${status}: ${reason}`)).toEqual([
      'OK: ',
      'VALIDATION_ERROR: unit.Target: 61 is outside -10..60',
      'OK: ',
    ]);
    expect(b.telemetry.Changed).toBe('Name bay');
  });

  it('is handed to the store by command, and taken from it at the next boot', async () => {
    const first = await bench(heater);
    first.command('Target_PRM_SET', { val: 30 });
    first.command('Target_PRM_SAVE');
    await first.settle();
    expect(first.saved.get(BENCH_BASE_ID)).toEqual(encode(F32, 30));
    const second = await bench(heater, { saved: first.saved });
    second.command('Name_PRM_SET', { val: 'x' });
    second.command('Target_PRM_SAVE');
    await second.settle();
    expect(second.saved.get(BENCH_BASE_ID)).toEqual(encode(F32, 30));
    expect(second.events).toEqual([]);
  });

  it('that was saved as something invalid is not used, and an event says why', async () => {
    const saved = new Map([
      [BENCH_BASE_ID, encode(F32, 99)],
      [BENCH_BASE_ID + 1, new Uint8Array([0, 9, 1])],
    ]);
    const b = await bench(heater, { saved });
    expect(b.events.map(({ text }) => text)).toEqual([
      'saved value of Target not used: unit.Target: 99 is outside -10..60',
      'saved value of Name not used: string(8): 9 is longer than 8',
    ]);
    b.command('Target_PRM_SAVE');
    await b.settle();
    expect(b.saved.get(BENCH_BASE_ID)).toEqual(encode(F32, 20));
  });

  it('that no store takes is an EXECUTION_ERROR', async () => {
    const t = onTrial();
    raw(t, 0x181, new Uint8Array(0));
    await t.settle();
    expect(t.responses).toEqual(['9 EXECUTION_ERROR: heater.Target: the parameter store did not save it']);
  });

  it('whose change makes the component throw is answered and charged', async () => {
    const b = await bench(heater);
    b.command('Target_PRM_SET', { val: 50 });
    await b.settle();
    expect(b.responses[0]).toMatchObject({ status: 'EXECUTION_ERROR', reason: /too warm for me/ });
    expect(b.telemetry.Faults).toBe(1);
  });
});

describe('commands of a passive component', () => {
  it('run at once, also when they take their time', async () => {
    const sync = component(
      defineComponent({
        kind: 'passive',
        doc: 'Waits.',
        commands: { WAIT: { id: 0, args: { us: U32 }, doc: 'Waits.' } },
      }),
      {
        commands: ({ clock }) => ({
          async WAIT({ us }) {
            await clock.work(Promise.resolve(), us);
            return ok;
          },
        }),
      },
    );
    const b = await bench(sync);
    b.command('WAIT', { us: 50 });
    await b.advance(49);
    expect(b.responses).toEqual([]);
    await b.advance(1);
    expect(b.responses).toEqual([{ command: 'WAIT', cmdSeq: 1, status: 'OK', reason: '' }]);
  });
});
