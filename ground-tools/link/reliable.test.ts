import { describe, expect, it } from 'vitest';
import { component, defineComponent, defineTopology, instance, ok, U8 } from '../../fsw/framework';
import { dictionaryOf } from '../../fsw/framework/dictionary';
import { readIdentifiedCommand } from '../../fsw/protocols';
import type { Downlinked } from './downlink';
import { type CommandEnd, ReliableCommands } from './reliable';
import { CommandUplink } from './uplink';

const eye = component(
  defineComponent({
    kind: 'active',
    doc: 'A camera.',
    commands: { CAPTURE: { id: 0, args: { count: U8 }, doc: 'Takes pictures.' } },
  }),
  { commands: () => ({ CAPTURE: () => ok }) },
);
const dictionary = dictionaryOf(
  defineTopology({
    name: 'Test',
    instances: [instance('eye', eye, { baseId: 0x200 })],
    connections: [],
    patterns: {},
  }),
);

function sender() {
  const frames: Uint8Array[] = [];
  const ends: CommandEnd[] = [];
  const commands = new ReliableCommands(new CommandUplink(dictionary), {
    sender: 5,
    firstSequence: 70,
    radiate: (frame) => frames.push(frame),
    retryMs: 1000,
    timeoutMs: 5000,
  });
  const outcome = (sequence: number, status: string, from = 5): Downlinked => ({
    kind: 'event',
    name: 'Test.dispatcher.CommandOutcome',
    severity: 'command',
    unixUs: 0,
    args: { sender: from, sequence, opcode: 0x200, status, reason: 'why', repeated: false },
    text: '',
  });
  return {
    frames,
    ends,
    commands,
    capture: (count = 1) => commands.send('eye.CAPTURE', { count }, (end) => ends.push(end)),
    hear: (sequence: number, status: string, from?: number) =>
      commands.heard(outcome(sequence, status, from)),
  };
}

/** The identity in a TC frame: behind 5 bytes of frame header and 6 of packet header. */
function identityIn(frame: Uint8Array) {
  const read = readIdentifiedCommand(frame.subarray(11, -2));
  return read.ok ? [read.value.sender, read.value.sequence] : [];
}

describe('commands that are repeated until their outcome is heard', () => {
  it('carry their identity, the same in every repetition', () => {
    const { commands, frames, capture } = sender();
    expect([capture(), capture()]).toEqual([
      { ok: true, value: 70 },
      { ok: true, value: 71 },
    ]);
    commands.tick(999);
    commands.tick(1000);
    expect(frames.map(identityIn)).toEqual([
      [5, 70],
      [5, 71],
      [5, 70],
      [5, 71],
    ]);
    expect(frames[0]).not.toEqual(frames[2]);
  });

  it('end by what the spacecraft says of them, once', () => {
    const { capture, hear, ends, commands } = sender();
    const statuses = ['OK', 'EXECUTION_ERROR', 'UNKNOWN', 'EXPIRED'];
    for (const [i, status] of statuses.entries()) {
      capture();
      hear(70 + i, 'UNDER_WAY');
      hear(70 + i, 'OK', 6);
      expect(commands.open).toBe(1);
      hear(70 + i, status);
      hear(70 + i, 'OK');
    }
    expect(ends.map(({ outcome }) => outcome)).toEqual(['completed', 'failed', 'unknown', 'unknown']);
    expect(ends[1]).toEqual({ outcome: 'failed', status: 'EXECUTION_ERROR', reason: 'why', attempts: 1 });
  });

  it('are unknown when no answer comes in time', () => {
    const { capture, commands, ends, frames } = sender();
    capture();
    for (let ms = 0; ms <= 6000; ms += 500) commands.tick(ms);
    expect(ends).toEqual([{ outcome: 'unknown', status: undefined, reason: 'no answer came', attempts: 5 }]);
    expect(frames).toHaveLength(5);
  });

  it('wait while too many are on their way, and use no number when their arguments are wrong', () => {
    const { capture, commands, frames, hear } = sender();
    for (let i = 0; i < 40; i++) capture();
    expect([frames.length, commands.open]).toEqual([32, 40]);
    hear(71, 'OK');
    expect(frames).toHaveLength(32);
    hear(70, 'OK');
    expect(frames).toHaveLength(34);
    expect(capture(300)).toMatchObject({ error: { code: 'TYPE_RANGE' } });
    expect(capture()).toEqual({ ok: true, value: 110 });
  });

  it('refuse a sender or a sequence that does not fit its field', () => {
    const uplink = new CommandUplink(dictionary);
    for (const [from, sequence] of [
      [0x10000, 1],
      [1, 2 ** 32],
      [1, -1],
    ])
      expect(uplink.identified('eye.CAPTURE', { count: 1 }, from, sequence)).toMatchObject({
        error: { code: 'TYPE_RANGE' },
      });
  });
});
