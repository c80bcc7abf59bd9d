import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { writeCommandPacket } from '../../../fsw/protocols';
import { commandDispatcher } from './commandDispatcher';

const OPCODE = 0x4200;

async function onBench(config: Record<string, unknown> = {}) {
  const b = await bench(commandDispatcher, { config });
  b.in.register[5]({ opcode: OPCODE });
  const uplink = async (opcode: number, args = new Uint8Array(0), context = 0) => {
    const data = new Uint8Array(6 + args.length);
    writeCommandPacket(data, 0, opcode, args);
    b.in.commandIn({ data, context, source: 0 });
    await b.settle();
  };
  const respond = async (cmdSeq: number, status: 'OK' | 'EXECUTION_ERROR' = 'OK', reason = '') => {
    b.in.respond({ opcode: OPCODE, cmdSeq, status, reason });
    await b.settle();
  };
  return { b, uplink, respond, names: () => b.events.map(({ name }) => name) };
}

describe('commandDispatcher', () => {
  it('PGE-CMD-001: sends a command to the component that registered its opcode, with a fresh sequence id', async () => {
    const { b, uplink } = await onBench();
    await uplink(OPCODE, Uint8Array.of(1, 2, 3), 77);
    await uplink(OPCODE);
    const sent = b.sent.filter(({ end }) => end === 'send');
    expect(sent.map(({ index }) => index)).toEqual([5, 5]);
    expect(sent[0].args).toEqual({ opcode: OPCODE, cmdSeq: 1, args: Uint8Array.of(1, 2, 3) });
    expect(sent[1].args.cmdSeq).toBe(2);
    expect(b.events[0]).toMatchObject({
      name: 'OpCodeDispatched',
      severity: 'command',
      args: { opcode: OPCODE, cmdSeq: 1, uplink: 77 },
    });
    expect(b.telemetry).toMatchObject({ CommandsDispatched: 2, CommandsUnderWay: 2 });
  });

  it('PGE-CMD-002: reports how each command ended, under its own sequence id', async () => {
    const { b, uplink, respond } = await onBench();
    await uplink(OPCODE);
    await uplink(OPCODE);
    await respond(2, 'EXECUTION_ERROR', 'no film');
    await respond(1);
    const [, , error, completed] = b.events;
    expect(error).toMatchObject({
      name: 'OpCodeError',
      args: { opcode: OPCODE, cmdSeq: 2, status: 'EXECUTION_ERROR', reason: 'no film' },
    });
    expect(completed).toMatchObject({ name: 'OpCodeCompleted', args: { opcode: OPCODE, cmdSeq: 1 } });
    expect(b.telemetry).toMatchObject({ CommandErrors: 1, CommandsUnderWay: 0 });
    expect(b.calls('statusOut').map(({ cmdSeq }) => cmdSeq)).toEqual([2, 1]);
  });

  it('PGE-CMD-003: answers an unknown opcode with InvalidCommand and sends nothing', async () => {
    const { b, uplink, names } = await onBench();
    await uplink(0xdead, undefined, 9);
    expect(names()).toEqual(['InvalidCommand']);
    expect(b.events[0].args).toEqual({ opcode: 0xdead, uplink: 9 });
    expect(b.calls('send')).toEqual([]);
    expect(b.calls('statusOut')[0]).toMatchObject({ opcode: 0xdead, status: 'INVALID_OPCODE' });
    expect(b.telemetry.CommandErrors).toBe(1);
  });

  it('PGE-CMD-004: answers a packet that is no command with MalformedCommand', async () => {
    const { b, names } = await onBench();
    for (const data of [Uint8Array.of(), Uint8Array.of(0, 0, 1), Uint8Array.of(0, 3, 0, 0, 0, 1)])
      b.in.commandIn({ data, context: 4, source: 0 });
    await b.settle();
    expect(names()).toEqual(['MalformedCommand', 'MalformedCommand', 'MalformedCommand']);
    expect(b.events[2].text).toContain('descriptor 3');
    expect(b.telemetry).toMatchObject({ CommandErrors: 3, Faults: 0 });
  });

  it('PGE-CMD-005: refuses a command when the tracking table is full, until a response frees a place', async () => {
    const { b, uplink, respond, names } = await onBench({ tracking: 2 });
    for (let i = 0; i < 3; i++) await uplink(OPCODE);
    expect(names().at(-1)).toBe('TooManyCommands');
    expect(b.calls('statusOut')[0]).toMatchObject({ status: 'BUSY' });
    expect(b.calls('send')).toHaveLength(2);
    await respond(1);
    await uplink(OPCODE);
    expect(b.calls('send')).toHaveLength(3);
  });

  it('PGE-CMD-006: only reports a response that it does not wait for', async () => {
    const { b, uplink, respond, names } = await onBench();
    await respond(1);
    await uplink(OPCODE);
    b.in.respond({ opcode: OPCODE + 1, cmdSeq: 1, status: 'OK', reason: '' });
    await respond(1);
    await respond(1);
    expect(names()).toEqual([
      'UnexpectedResponse',
      'OpCodeDispatched',
      'UnexpectedResponse',
      'OpCodeCompleted',
      'UnexpectedResponse',
    ]);
    expect(b.calls('statusOut')).toHaveLength(1);
    expect(b.telemetry.CommandErrors).toBeUndefined();
  });

  it('PGE-CMD-007: answers no-ops, the second with the text that it brought', async () => {
    const { b } = await onBench();
    b.command('CMD_NO_OP');
    b.command('CMD_NO_OP_STRING', { arg1: 'hello' });
    await b.settle();
    expect(b.events.map(({ text }) => text)).toEqual(['no-op', 'no-op: hello']);
    expect(b.responses.map(({ status }) => status)).toEqual(['OK', 'OK']);
  });

  it('PGE-CMD-008: forgets on command what is under way, but not the command that says so', async () => {
    const { b, uplink, respond, names } = await onBench();
    for (let i = 0; i < 3; i++) await uplink(OPCODE);
    b.command('CMD_CLEAR_TRACKING');
    await b.settle();
    expect(b.events.at(-1)).toMatchObject({ name: 'TrackingCleared', args: { forgotten: 2 } });
    expect(b.telemetry.CommandsUnderWay).toBe(1);
    await respond(3);
    expect(names().at(-1)).toBe('UnexpectedResponse');
    await respond(1);
    expect(names().at(-1)).toBe('OpCodeCompleted');
  });

  it('PGE-CMD-009: still knows every opcode, and no number twice, after a restart', async () => {
    const { b, uplink } = await onBench();
    await uplink(OPCODE);
    b.in.commandIn({ data: undefined as never, context: 0, source: 0 });
    await b.settle();
    expect(b.events.at(-1)).toMatchObject({ name: 'ComponentFault', args: { action: 'restart' } });
    await uplink(OPCODE);
    expect(b.calls('send').map(({ cmdSeq }) => cmdSeq)).toEqual([1, 2]);
  });
});
