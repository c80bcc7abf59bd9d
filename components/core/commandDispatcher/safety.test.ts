import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fail, type Result, succeed } from '../../../fsw/errors';
import {
  type Board,
  component,
  connect,
  decode,
  defineComponent,
  defineTopology,
  encode,
  input,
  instance,
  ok,
  output,
  refused,
  SourceCmd,
  SourceStatus,
  struct,
  U8,
  U32,
} from '../../../fsw/framework';
import type { ConfigOverrides } from '../../../fsw/framework/deployment';
import { trial } from '../../../fsw/framework/testing';
import { writeCommandPacket, writeIdentifiedCommand } from '../../../fsw/protocols';
import { commandDispatcher } from './commandDispatcher';

const NO_OP = 0x100;
const ARM = 0x104;
const ARM_EXACT = 0x105;
const DISARM = 0x106;
const FORGET_SENDER = 0x107;
const FIRE = 0x200;
const TUNE = 0x201;
const ADD = 0x202;
const SLOW = 0x203;
const none = new Uint8Array(0);
const u32 = (value: number) => encode(U32, value);

/** In memory; `broken` refuses to write. */
function memoryStorage() {
  const files = new Map<string, Uint8Array>();
  const storage = {
    broken: false,
    files,
    read: (name: string): Result<Uint8Array> => {
      const bytes = files.get(name);
      return bytes ? succeed(bytes) : fail('STORAGE_MISSING', { name });
    },
    write(name: string, bytes: Uint8Array): Result<void> {
      if (storage.broken) return fail('STORAGE_FAILED', { name, why: 'no space' });
      files.set(name, bytes);
      return succeed(undefined);
    },
  };
  return storage;
}

/** A dispatcher, a component with commands of each kind, and a source of commands on board. */
async function onBoard(config: ConfigOverrides = {}, storage = memoryStorage()) {
  const done: string[] = [];
  let finish: ((status: typeof ok) => void) | undefined;
  const thruster = component(
    defineComponent({
      kind: 'active',
      doc: 'Has commands of each kind.',
      commands: {
        FIRE: { id: 0, args: { seconds: U8 }, hazardous: true, authority: 'engineer', doc: 'Burns.' },
        TUNE: { id: 1, authority: 'safety', doc: 'Tunes.' },
        ADD: { id: 2, args: { value: U32 }, doc: 'Adds; refuses 13.' },
        SLOW: { id: 3, doc: 'Ends when the test says so.' },
      },
    }),
    {
      commands: () => ({
        FIRE({ seconds }) {
          done.push(`fire ${seconds}`);
          return ok;
        },
        TUNE() {
          done.push('tune');
          return ok;
        },
        ADD({ value }) {
          done.push(`add ${value}`);
          return value === 13 ? refused('13 is unlucky') : ok;
        },
        SLOW: () =>
          new Promise((resolve) => {
            done.push('slow');
            finish = resolve;
          }),
      }),
    },
  );
  const statuses: unknown[] = [];
  const robot = component(
    defineComponent({
      kind: 'active',
      doc: 'Sends commands.',
      ports: {
        order: input.async(SourceCmd),
        commandOut: output(SourceCmd),
        statusIn: input.async(SourceStatus),
      },
    }),
    {
      ports: ({ out }) => ({
        order: (args) => out.commandOut(args),
        statusIn: (status) => void statuses.push(status),
      }),
    },
  );
  const dispatcher = instance('dispatcher', commandDispatcher, { baseId: 0x100 });
  const robots = instance('robot', robot, { baseId: 0x300 });
  const topology = defineTopology({
    name: 'Test',
    instances: [dispatcher, instance('thruster', thruster, { baseId: 0x200 }), robots],
    connections: [
      connect(robots.out.commandOut, dispatcher.in.sourceIn[2]),
      connect(dispatcher.out.sourceOut[2], robots.in.statusIn),
    ],
    patterns: {
      commands: {
        register: dispatcher.in.register,
        send: dispatcher.out.send,
        respond: dispatcher.in.respond,
      },
    },
  });
  const world = trial(topology, { storage: storage as Board['storage'] }, { config });
  const { deployment, settle } = world;
  const events: { name: string; args: Record<string, unknown> }[] = [];
  for (const unit of deployment.units.values())
    unit.services.log = ({ id, args }) => {
      const entry = deployment.dictionary.events.find((event) => event.id === id);
      const values = decode(struct('event', entry?.args ?? {}), args);
      if (entry && values.ok) events.push({ name: entry.local, args: values.value });
    };
  deployment.start();
  const into = (unit: string, port: string, args: unknown) =>
    deployment.units.get(unit)?.inlets.own[port][0].accept(args, undefined);
  const packet = (data: Uint8Array, source: number) => {
    into('dispatcher', 'commandIn', { data, context: 7, source });
    return settle();
  };
  return {
    ...world,
    done,
    events,
    statuses,
    storage,
    finish: async () => {
      finish?.(ok);
      await new Promise<void>((resolve) => setImmediate(resolve));
      await settle();
    },
    link(opcode: number, args: Uint8Array = none, source = 0) {
      const data = new Uint8Array(6 + args.length);
      writeCommandPacket(data, 0, opcode, args);
      return packet(data, source);
    },
    identified(sender: number, sequence: number, opcode: number, args: Uint8Array = none) {
      const data = new Uint8Array(14 + args.length);
      writeIdentifiedCommand(data, 0, { sender, sequence }, opcode, args);
      return packet(data, 0);
    },
    raw: (data: Uint8Array) => packet(data, 0),
    async order(opcode: number, context: number, args: Uint8Array = none) {
      into('robot', 'order', { opcode, context, args });
      await settle();
    },
    last: () => events.at(-1),
    outcomes: () =>
      events
        .filter(({ name }) => name === 'CommandOutcome')
        .map(({ args }) => [args.sequence, args.status, args.repeated]),
  };
}

describe('commandDispatcher: hazardous commands', () => {
  it('PGE-CMD-010: does a hazardous command only after an arm, once for each', async () => {
    const b = await onBoard();
    await b.link(FIRE, Uint8Array.of(3));
    expect(b.events.map(({ name }) => name)).toEqual(['NotArmed']);
    await b.link(ARM, u32(FIRE));
    await b.link(FIRE, Uint8Array.of(3));
    await b.link(FIRE, Uint8Array.of(3));
    expect(b.done).toEqual(['fire 3']);
    expect(b.last()).toMatchObject({ name: 'NotArmed', args: { reason: 'not armed' } });
  });

  it('PGE-CMD-010: lets an arm run out, be taken back, and serve its own source alone', async () => {
    const b = await onBoard({ dispatcher: { ArmTimeoutS: 30 } });
    await b.link(ARM, u32(FIRE));
    await b.link(FIRE, Uint8Array.of(1), 1);
    expect(b.last()?.args).toMatchObject({ origin: 'link 1', reason: 'not armed' });
    await b.advance(30e6 + 1);
    await b.link(FIRE, Uint8Array.of(1));
    expect(b.last()?.args.reason).toBe('its arm is over');
    await b.link(ARM, u32(FIRE));
    await b.link(DISARM, u32(FIRE));
    await b.link(FIRE, Uint8Array.of(1));
    expect(b.last()?.args.reason).toBe('not armed');
    await b.link(ARM, u32(FIRE));
    await b.advance(30e6);
    await b.link(FIRE, Uint8Array.of(1));
    expect(b.done).toEqual(['fire 1']);
  });

  it('PGE-CMD-011: an exact arm serves only the arguments that it names', async () => {
    const b = await onBoard();
    const exact = new Uint8Array([...u32(FIRE), ...u32(crc32(Uint8Array.of(2)))]);
    await b.link(ARM_EXACT, exact);
    await b.link(FIRE, Uint8Array.of(200));
    expect(b.last()?.args.reason).toBe('armed for other arguments');
    await b.link(FIRE, Uint8Array.of(2));
    expect(b.done).toEqual(['fire 2']);
  });

  it('PGE-CMD-010: refuses to arm what is not hazardous, or above the level of who arms', async () => {
    const b = await onBoard({ dispatcher: { linkAuthority: ['operator', ...new Array(7).fill('safety')] } });
    await b.link(ARM, u32(ADD), 1);
    expect(b.last()).toMatchObject({ name: 'OpCodeError', args: { status: 'VALIDATION_ERROR' } });
    await b.link(ARM, u32(FIRE), 0);
    expect(b.last()).toMatchObject({
      name: 'OpCodeError',
      args: { reason: 'operator may not give what it arms' },
    });
  });
});

describe('commandDispatcher: authority', () => {
  it('PGE-CMD-012: refuses a command above the level of its source, on the link and on board', async () => {
    const b = await onBoard({
      dispatcher: { linkAuthority: ['safety', 'engineer', ...new Array(6).fill('operator')] },
    });
    await b.link(TUNE, none, 1);
    await b.link(TUNE, none, 99);
    await b.link(TUNE, none, 0);
    await b.order(TUNE, 5);
    expect(b.done).toEqual(['tune']);
    const refusals = b.events.filter(({ name }) => name === 'AuthorityTooLow').map(({ args }) => args);
    expect(refusals.map(({ origin, has, needs }) => [origin, has, needs])).toEqual([
      ['link 1', 'engineer', 'safety'],
      ['link 99', 'operator', 'safety'],
      ['source 2', 'operator', 'safety'],
    ]);
    expect(b.statuses).toMatchObject([{ opcode: TUNE, context: 5, status: 'VALIDATION_ERROR' }]);
  });

  it('PGE-CMD-012: guards the parameters that say so, to set and to save', async () => {
    const b = await onBoard({ dispatcher: { linkAuthority: new Array(8).fill('engineer') } });
    const [SET, SAVE] = [0x180, 0x181];
    await b.link(SET, Uint8Array.of(0, 5));
    await b.link(SAVE);
    expect(b.events.map(({ name }) => name)).toEqual(['AuthorityTooLow', 'AuthorityTooLow']);
    const entry = b.deployment.dictionary.commands.find(({ local }) => local === 'FIRE');
    expect(entry).toMatchObject({ hazardous: true, authority: 'engineer' });
  });

  it('PGE-CMD-013: answers each command from on board to the source that sent it, by its number', async () => {
    const b = await onBoard();
    await b.order(ADD, 41, u32(1));
    await b.order(ADD, 42, u32(13));
    await b.order(0xdead, 43);
    await b.link(ADD, u32(2));
    expect(b.done).toEqual(['add 1', 'add 13', 'add 2']);
    expect(b.statuses).toEqual([
      { opcode: ADD, context: 41, status: 'OK', reason: '' },
      { opcode: ADD, context: 42, status: 'EXECUTION_ERROR', reason: '13 is unlucky' },
      { opcode: 0xdead, context: 43, status: 'INVALID_OPCODE', reason: 'no component has this opcode' },
    ]);
  });
});

describe('commandDispatcher: identified commands', () => {
  it('PGE-CMD-014: does a repeated command once, and answers every repetition', async () => {
    const b = await onBoard();
    for (let i = 0; i < 3; i++) await b.identified(9, 100, ADD, u32(1));
    await b.identified(9, 101, ADD, u32(13));
    await b.identified(9, 101, ADD, u32(13));
    await b.identified(8, 100, ADD, u32(2));
    expect(b.done).toEqual(['add 1', 'add 13', 'add 2']);
    expect(b.outcomes()).toEqual([
      [100, 'OK', false],
      [100, 'OK', true],
      [100, 'OK', true],
      [101, 'EXECUTION_ERROR', false],
      [101, 'EXECUTION_ERROR', true],
      [100, 'OK', false],
    ]);
    expect(b.events.filter(({ args }) => args.repeated).at(-1)?.args.reason).toBe('13 is unlucky');
  });

  it('PGE-CMD-014: says that a command is under way, and remembers refusals like all endings', async () => {
    const b = await onBoard();
    await b.identified(1, 1, SLOW);
    await b.identified(1, 1, SLOW);
    expect(b.outcomes()).toEqual([[1, 'UNDER_WAY', true]]);
    await b.finish();
    expect(b.outcomes().at(-1)).toEqual([1, 'OK', false]);
    await b.identified(1, 2, FIRE, Uint8Array.of(1));
    await b.link(ARM, u32(FIRE));
    await b.identified(1, 2, FIRE, Uint8Array.of(1));
    expect(b.outcomes().slice(-2)).toEqual([
      [2, 'VALIDATION_ERROR', false],
      [2, 'VALIDATION_ERROR', true],
    ]);
    expect(b.done).toEqual(['slow']);
  });

  it('PGE-CMD-015: knows after a reboot what was done, and that the outcome of one under way is unknown', async () => {
    const before = await onBoard();
    await before.identified(1, 5, ADD, u32(13));
    await before.identified(1, 6, SLOW);
    const after = await onBoard({}, before.storage);
    await after.identified(1, 5, ADD, u32(13));
    await after.identified(1, 6, SLOW);
    expect(after.outcomes()).toEqual([
      [5, 'EXECUTION_ERROR', true],
      [6, 'UNKNOWN', true],
    ]);
    expect(after.done).toEqual([]);
  });

  it('PGE-CMD-016: refuses what is older than it remembers, until the sender is forgotten', async () => {
    const b = await onBoard({ dispatcher: { window: 4 } });
    for (const sequence of [10, 12, 11, 14, 15]) await b.identified(1, sequence, ADD, u32(sequence));
    await b.identified(1, 11, ADD, u32(11));
    await b.identified(1, 12, ADD, u32(12));
    expect(b.outcomes().slice(-2)).toEqual([
      [11, 'EXPIRED', true],
      [12, 'OK', true],
    ]);
    expect(b.done).toHaveLength(5);
    await b.link(FORGET_SENDER, encode(struct('args', { a: U8, b: U8 }), { a: 0, b: 1 }));
    await b.identified(1, 1, ADD, u32(1));
    expect(b.outcomes().at(-1)).toEqual([1, 'OK', false]);
    const after = await onBoard({ dispatcher: { window: 4 } }, b.storage);
    await after.identified(1, 1, ADD, u32(1));
    expect(after.done).toEqual([]);
  });

  it('PGE-CMD-017: does nothing of a sender whose memory is damaged or cannot be written', async () => {
    const b = await onBoard();
    b.storage.broken = true;
    await b.identified(1, 1, ADD, u32(1));
    expect(b.outcomes()).toEqual([[1, 'EXECUTION_ERROR', false]]);
    b.storage.broken = false;
    await b.identified(1, 1, ADD, u32(1));
    expect(b.outcomes().at(-1)).toEqual([1, 'EXECUTION_ERROR', true]);
    for (const bytes of [Uint8Array.of(1, 2, 3), new Uint8Array(100)]) {
      b.storage.files.set('commands-2.bin', bytes);
      await b.identified(2, 1, ADD, u32(1));
      expect(b.last()).toMatchObject({ name: 'IdentityRefused', args: { code: 'COMMAND_MEMORY_CORRUPT' } });
    }
    expect(b.done).toEqual([]);
    await b.link(FORGET_SENDER, Uint8Array.of(0, 2));
    await b.identified(2, 1, ADD, u32(1));
    expect(b.done).toEqual(['add 1']);
  });

  it('PGE-CMD-017: takes no more senders than it can remember, nor a packet cut off', async () => {
    const b = await onBoard({ dispatcher: { senders: 2 } });
    for (const sender of [1, 2, 3]) await b.identified(sender, 1, NO_OP);
    expect(b.last()?.args.code).toBe('COMMAND_SENDERS');
    await b.raw(Uint8Array.of(0, 0x70, 0, 1, 0));
    expect(b.last()?.name).toBe('MalformedCommand');
    await b.raw(Uint8Array.of(0, 0x70, 0, 1, 0, 0, 0, 9, 0, 0, 1));
    expect(b.outcomes().at(-1)).toEqual([9, 'FORMAT_ERROR', false]);
  });
});
