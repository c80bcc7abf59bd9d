import { describe, expect, it } from 'vitest';
import { fail, succeed } from '../../../fsw/errors';
import { type Board, encode, timeOf, U32 } from '../../../fsw/framework';
import type { Component } from '../../../fsw/framework/component';
import { dictionaryOf } from '../../../fsw/framework/dictionary';
import { BENCH_BASE_ID, bench } from '../../../fsw/framework/testing';
import type { Instance } from '../../../fsw/framework/topology';
import { type Condition, type Sequence, type Step, writeSequence } from '../../../fsw/sequences';
import { cmdSequencer } from './cmdSequencer';

// The bench's own dictionary: the sequencer's commands and channels serve as what a sequence talks of.
const CANCEL = BENCH_BASE_ID + 2;
const CHANNEL = BENCH_BASE_ID + 2;
const subject = {
  name: 'unit',
  baseId: BENCH_BASE_ID,
  params: {},
  component: cmdSequencer as unknown as Component,
} as unknown as Instance;
const dictionary = dictionaryOf({ name: 'Bench', instances: [subject], connections: [], patterns: {} });

const command = (onFail: 'abort' | 'continue' = 'abort'): Step => ({
  op: 'command',
  opcode: CANCEL,
  args: new Uint8Array(0),
  onFail,
});
const atLeast = (value: number): Condition => ({
  channel: CHANNEL,
  comparison: '>=',
  value: encode(U32, value),
});
const of = (steps: Step[], more: Partial<Sequence> = {}): Sequence => ({
  name: 'test',
  dictionary: dictionary.hash,
  maxSteps: 10_000,
  onAbort: '',
  labels: {},
  steps,
  ...more,
});

async function onBench(files: Record<string, Sequence | Uint8Array>) {
  const channel: { value?: number } = {};
  const bytesOf = (path: string) => {
    const file = files[path];
    return file === undefined || file instanceof Uint8Array ? file : writeSequence(file);
  };
  const store: Pick<Board['files'], 'stat' | 'read'> = {
    stat(path) {
      const bytes = bytesOf(path);
      return bytes ? succeed({ kind: 'file', size: bytes.length }) : fail('FILE_MISSING', { path });
    },
    read(path, _, into) {
      into.set(bytesOf(path) ?? []);
      return succeed(into.length);
    },
  };
  const b = await bench(cmdSequencer, {
    board: { files: store as Board['files'] },
    answers: {
      tlmGet: () =>
        channel.value === undefined ? undefined : { time: timeOf(0), value: encode(U32, channel.value) },
    },
  });
  const give = async (name: string, args = {}) => {
    b.command(name, args);
    await b.settle();
    return b.responses.at(-1);
  };
  const respond = async (status: 'OK' | 'EXECUTION_ERROR' = 'OK') => {
    const { opcode, context } = b.calls('commandOut').at(-1) as { opcode: number; context: number };
    b.in.statusIn({ opcode, context, status, reason: status === 'OK' ? '' : 'no film' });
    await b.settle();
  };
  return {
    b,
    channel,
    give,
    respond,
    run: (fileName = 'a.seq') => give('CS_RUN', { fileName }),
    commands: () => b.calls('commandOut').length,
    names: () => b.events.map(({ name }) => name),
    last: () => b.events.at(-1),
  };
}

describe('cmdSequencer', () => {
  it('PGE-SEQ-001: runs commands one after the other, each when the one before has ended', async () => {
    const { b, run, respond, commands, names } = await onBench({ 'a.seq': of([command(), command()]) });
    expect(await run()).toMatchObject({ status: 'OK' });
    expect([commands(), b.telemetry.CS_State, b.telemetry.CS_Step]).toEqual([1, 'RUNNING', 1]);
    await b.advance(5e6);
    expect(commands()).toBe(1);
    await respond();
    expect(b.calls('commandOut').map(({ opcode, context }) => [opcode, context])).toEqual([
      [CANCEL, 1],
      [CANCEL, 2],
    ]);
    await respond();
    expect(names()).toEqual([
      'CS_SequenceLoaded',
      'CS_CommandComplete',
      'CS_CommandComplete',
      'CS_SequenceComplete',
    ]);
    expect(b.telemetry).toMatchObject({ CS_State: 'IDLE', CS_CommandsExecuted: 2, CS_SequencesCompleted: 1 });
  });

  it('PGE-SEQ-002: waits for relative and absolute times, to the microsecond', async () => {
    const steps: Step[] = [
      { op: 'wait', ms: 1500 },
      command(),
      { op: 'at', seconds: 7200, useconds: 250_000 },
      command(),
    ];
    const { b, run, respond, commands } = await onBench({ 'a.seq': of(steps) });
    await run();
    await b.advance(1_499_999);
    expect(commands()).toBe(0);
    await b.advance(1);
    expect(commands()).toBe(1);
    await respond();
    await b.advance(7_200_250_000 - b.clock.nowUs() - 1);
    expect(commands()).toBe(1);
    await b.advance(1);
    expect(commands()).toBe(2);
  });

  it('PGE-SEQ-002: goes on when a time has just passed, and aborts when it is long past', async () => {
    const steps: Step[] = [{ op: 'at', seconds: 100, useconds: 0 }, command()];
    const { b, run, commands, give, last } = await onBench({ 'a.seq': of(steps) });
    await b.advance(160e6);
    await run();
    expect(commands()).toBe(1);
    await give('CS_CANCEL');
    await b.advance(1e6);
    await run();
    expect(commands()).toBe(1);
    expect(last()).toMatchObject({ name: 'CS_SequenceAborted', args: { step: 1, code: 'SEQ_LATE' } });
  });

  it('PGE-SEQ-003: waits for telemetry, and aborts or goes on when it does not come', async () => {
    const wait = (onTimeout: 'abort' | 'continue'): Step => ({
      op: 'await',
      condition: atLeast(3),
      timeoutMs: 10_000,
      onTimeout,
    });
    const files = { 'a.seq': of([wait('abort'), command()]), 'b.seq': of([wait('continue'), command()]) };
    const { b, channel, run, give, commands, names, last } = await onBench(files);
    await run();
    channel.value = 2;
    await b.advance(5e6);
    expect(commands()).toBe(0);
    channel.value = 3;
    await b.advance(100_000);
    expect(commands()).toBe(1);
    await give('CS_CANCEL');

    channel.value = undefined;
    await run();
    await b.advance(10e6);
    expect(last()).toMatchObject({ name: 'CS_SequenceAborted', args: { code: 'SEQ_TIMEOUT' } });
    await run('b.seq');
    await b.advance(10e6);
    expect(names().at(-1)).toBe('CS_SequenceTimeout');
    expect(commands()).toBe(2);
  });

  it('PGE-SEQ-004: branches on telemetry, and aborts when there is none', async () => {
    const steps: Step[] = [
      { op: 'branch', condition: atLeast(10), otherwise: 2 },
      { op: 'abort', reason: 'too many' },
    ];
    const { b, channel, run, last } = await onBench({ 'a.seq': of(steps) });
    await run();
    await b.settle();
    expect(last()?.args.code).toBe('SEQ_NO_VALUE');
    channel.value = 9;
    await run();
    expect(last()?.name).toBe('CS_SequenceComplete');
    channel.value = 10;
    await run();
    expect(last()?.text).toContain('too many');
  });

  it('PGE-SEQ-005: repeats loops as often as they say, nested and entered again', async () => {
    // Twice: (three times: wait 1 s), then 2 s.
    const steps: Step[] = [
      { op: 'wait', ms: 1000 },
      { op: 'loop', to: 0, times: 3 },
      { op: 'wait', ms: 2000 },
      { op: 'loop', to: 0, times: 2 },
    ];
    const { b, run, last } = await onBench({ 'a.seq': of(steps) });
    await run();
    await b.advance(10e6 - 1);
    expect(last()?.name).toBe('CS_SequenceLoaded');
    await b.advance(1);
    expect(last()?.name).toBe('CS_SequenceComplete');
  });

  it('PGE-SEQ-006: ends what would never end, and leaves others their turn', async () => {
    const { b, run, last, give } = await onBench({
      'a.seq': of([{ op: 'jump', to: 0 }], { maxSteps: 5000 }),
      'b.seq': of([{ op: 'jump', to: 0 }], { maxSteps: 1_000_000 }),
    });
    await run();
    await b.advance(1e6);
    expect(last()).toMatchObject({ name: 'CS_SequenceAborted', args: { code: 'SEQ_LIMIT' } });
    await run('b.seq');
    expect(await give('CS_CANCEL')).toMatchObject({ status: 'OK' });
    expect(b.telemetry).toMatchObject({ CS_State: 'IDLE', Faults: 0 });
  });

  it('PGE-SEQ-007: goes by onFail when a command fails or is never answered, and runs onAbort', async () => {
    const { b, run, respond, commands, names, last } = await onBench({
      'a.seq': of([command('continue'), command('abort'), command()], { onAbort: 'safe.seq' }),
      'safe.seq': of([command()]),
    });
    await run();
    await respond('EXECUTION_ERROR');
    expect(names().at(-1)).toBe('CS_CommandError');
    expect(commands()).toBe(2);
    await b.advance(60e6);
    expect(names().slice(-2)).toEqual(['CS_SequenceAborted', 'CS_SequenceLoaded']);
    expect(commands()).toBe(3);
    b.in.statusIn({ opcode: CANCEL, context: 2, status: 'OK', reason: '' });
    await b.settle();
    expect(names().at(-1)).toBe('CS_UnexpectedCompletion');
    await respond();
    expect(last()).toMatchObject({ name: 'CS_SequenceComplete', args: { fileName: 'safe.seq' } });
  });

  it('PGE-SEQ-008: refuses bad files whole: nothing of them is done', async () => {
    const good = writeSequence(of([command()]));
    const flipped = Uint8Array.from(good);
    flipped[40] ^= 1;
    const files = {
      cut: good.subarray(0, 30),
      flipped,
      garbage: Uint8Array.from({ length: 200 }, (_, i) => i * 37),
      huge: new Uint8Array(70_000),
      'other.build': of([command()], { dictionary: '0123456789abcdef' }),
      'unknown.opcode': of([command(), { ...command(), opcode: 0xdead } as Step]),
      'bad.args': of([command(), { ...command(), args: Uint8Array.of(1) } as Step]),
      'bad.channel': of([
        command(),
        { op: 'branch', condition: { ...atLeast(1), channel: 0xbeef }, otherwise: 0 },
      ]),
      'bad.value': of([
        command(),
        { op: 'branch', condition: { ...atLeast(1), value: Uint8Array.of(1) }, otherwise: 0 },
      ]),
      'bad.jump': of([command(), { op: 'jump', to: 3 }]),
      'bad.safe': of([command()], { onAbort: 'cut' }),
      'own.safe': of([command()], { onAbort: 'own.safe' }),
    };
    const { b, run, commands } = await onBench(files);
    for (const file of [...Object.keys(files), 'missing'])
      expect(await run(file), file).toMatchObject({ status: 'VALIDATION_ERROR' });
    expect(b.events.map(({ args }) => args.code)).toEqual([
      ...['SEQ_FILE', 'SEQ_FILE', 'SEQ_FILE', 'SEQ_FILE', 'SEQ_BUILD', 'SEQ_STEP', 'SEQ_STEP', 'SEQ_STEP'],
      ...['SEQ_STEP', 'SEQ_STEP', 'SEQ_FILE', 'SEQ_FILE', 'FILE_MISSING'],
    ]);
    expect([commands(), b.telemetry.CS_Errors, b.telemetry.Faults]).toEqual([0, 13, 0]);
  });

  it('PGE-SEQ-009: steps by hand in MANUAL mode, times passed over', async () => {
    const { b, run, give, respond, commands, last } = await onBench({
      'a.seq': of([command(), { op: 'wait', ms: 1e6 }, command()]),
    });
    expect(await give('CS_STEP')).toMatchObject({ status: 'EXECUTION_ERROR' });
    await give('CS_MANUAL');
    await run();
    expect([commands(), b.telemetry.CS_State]).toEqual([0, 'LOADED']);
    expect(await give('CS_STEP')).toMatchObject({ reason: 'CS_START comes first' });
    await give('CS_START');
    expect(commands()).toBe(1);
    expect(await give('CS_STEP')).toMatchObject({ reason: 'step 1 is still under way' });
    expect(await give('CS_AUTO')).toMatchObject({ status: 'EXECUTION_ERROR' });
    await respond();
    await give('CS_STEP');
    expect(commands()).toBe(1);
    await give('CS_STEP');
    await respond();
    expect(last()?.name).toBe('CS_SequenceComplete');
    expect(await give('CS_AUTO')).toMatchObject({ status: 'OK' });
  });

  it('PGE-SEQ-010: validates without running, cancels at once, and runs one at a time', async () => {
    const { b, run, give, commands } = await onBench({ 'a.seq': of([{ op: 'wait', ms: 1000 }, command()]) });
    await give('CS_VALIDATE', { fileName: 'a.seq' });
    expect(b.events.at(-1)?.name).toBe('CS_SequenceValid');
    expect(await give('CS_CANCEL')).toMatchObject({ status: 'EXECUTION_ERROR' });
    await run();
    expect(await run()).toMatchObject({ status: 'BUSY' });
    await give('CS_CANCEL');
    await b.advance(2e6);
    expect([commands(), b.telemetry.CS_CancelCommands]).toEqual([0, 1]);
  });
});
