import { describe, expect, it } from 'vitest';
import { bench } from '../../../fsw/framework/testing';
import { readClcw, type TcChannel, type TcService, writeTcFrame } from '../../../fsw/protocols';
import { tcDeframer } from './tcDeframer';

function frame(data: readonly number[], channel?: TcChannel): Uint8Array {
  const into = new Uint8Array(1024);
  const end = writeTcFrame(into, 0, Uint8Array.from(data), channel);
  if (!end.ok) throw new Error(end.error.text);
  return into.slice(0, end.value);
}

/** What a link security answers that lets all frames pass: their data field. */
const openAll = ({ frame }: { frame: Uint8Array }): Uint8Array | undefined => frame.subarray(5, -2);

async function deframerBench(config = {}, open = openAll) {
  const b = await bench(tcDeframer, { config, answers: { open } });
  return {
    ...b,
    hear: (...parts: (Uint8Array | string)[]) => {
      for (const part of parts) b.in.streamIn({ data: typeof part === 'string' ? Buffer.from(part) : part });
    },
    data: () => b.calls('frameOut').map(({ data }) => [...(data as Uint8Array)]),
    codes: () => b.events.map(({ args }) => args.code),
  };
}

describe('tcDeframer', () => {
  it('PGE-TCD-001: hands on the data of each good frame, however the stream is cut and whatever lies between', async () => {
    const b = await deframerBench();
    const stream = Buffer.concat([
      Buffer.from('sitting well'),
      frame([1, 2, 3]),
      Buffer.from('sitting well'),
      frame([4]),
    ]);
    for (const byte of stream) b.hear(Uint8Array.of(byte));
    expect(b.data()).toEqual([[1, 2, 3], [4]]);
    expect(b.telemetry).toMatchObject({ FramesAccepted: 2, GarbageBytes: 24 });
  });

  it('PGE-TCD-002: refuses a damaged frame and takes the good one behind it', async () => {
    const b = await deframerBench();
    const damaged = frame([1, 2, 3]);
    damaged[6] ^= 1;
    b.hear(damaged, frame([9]));
    expect(b.data()).toEqual([[9]]);
    expect(b.codes()).toEqual(['TC_CRC']);
    expect(b.telemetry.CrcErrors).toBe(1);
  });

  it('PGE-TCD-003: refuses frames for another spacecraft or channel, and says whose', async () => {
    const b = await deframerBench({ spacecraftId: 0x55, channelId: 3 });
    b.hear(
      frame([1], { spacecraftId: 0x44, channelId: 3 }),
      frame([2], { spacecraftId: 0x55, channelId: 1 }),
      frame([3], { spacecraftId: 0x55, channelId: 3 }),
    );
    expect(b.data()).toEqual([[3]]);
    expect(b.events.map(({ text }) => text)).toEqual([
      'TC_WRONG_SPACECRAFT: TC frame: for spacecraft 68, we are 85',
      'TC_WRONG_CHANNEL: TC frame: for virtual channel 1, ours is 3',
    ]);
    expect(b.telemetry).toMatchObject({ WrongSpacecraft: 1, WrongChannel: 1, FramesAccepted: 1 });
  });

  it('PGE-TCD-004: refuses a frame longer than it is set to take, too short, or of another service', async () => {
    const b = await deframerBench({ maxFrameLength: 20 });
    const short = frame([1]);
    short[3] = 6;
    const controlled = frame([7]);
    b.hear(frame(Array(14).fill(0x80)), short, frame([8]));
    expect(b.codes()).toEqual(['TC_TOO_LONG', 'TC_TOO_SHORT']);
    expect(b.telemetry).toMatchObject({ TooLong: 1, TooShort: 1, FramesAccepted: 1, WrongService: 0 });
    expect(b.data()).toEqual([[8]]);
    controlled[0] |= 0x10;
    b.hear(controlled);
    expect(b.telemetry.CrcErrors).toBe(1);
  });

  it('PGE-TCD-005: a cut-off frame holds nothing back after a silent tick', async () => {
    const b = await deframerBench();
    b.hear(frame(Array(40).fill(0x80)).subarray(0, 20), frame([5]));
    expect(b.data()).toEqual([]);
    b.in.schedIn({ context: 0 });
    expect(b.data()).toEqual([]);
    b.in.schedIn({ context: 0 });
    expect(b.data()).toEqual([[5]]);
    expect(b.telemetry.GarbageBytes).toBe(20);
  });

  it('PGE-TCD-006: reports ten refusals of a bad link, counts all, and reports again after a good frame', async () => {
    const b = await deframerBench();
    const damaged = frame([1]);
    damaged[5] ^= 1;
    for (let i = 0; i < 30; i++) b.hear(damaged);
    expect(b.events.length).toBe(10);
    expect(b.telemetry.CrcErrors).toBe(30);
    b.hear(frame([2]), damaged);
    expect(b.events.length).toBe(11);
  });

  it('PGE-TCD-007: hands over bytes that later frames do not change', async () => {
    const b = await deframerBench();
    b.hear(frame([1, 1]));
    b.hear(frame([2, 2]));
    expect(b.data()).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('PGE-TCD-008: hands on what the link security opens, and nothing that it refuses', async () => {
    const whole: number[] = [];
    const b = await deframerBench({}, ({ frame }) => {
      whole.push(frame.length);
      return frame[5] === 1 ? Uint8Array.of(0xee) : undefined;
    });
    b.hear(frame([2, 2]), frame([1]), frame([3]));
    expect(whole).toEqual([9, 8, 8]);
    expect(b.data()).toEqual([[0xee]]);
    expect(b.telemetry).toMatchObject({ FramesAccepted: 1, RefusedBySecurity: 2 });
    expect(b.events).toEqual([]);
  });

  it('PGE-TCD-010: with COP-1 hands on each type-AD frame once and in order, and tells the CLCW', async () => {
    const b = await deframerBench({ cop1: true });
    const service = (data: number[], of: TcService) => {
      const into = new Uint8Array(64);
      const end = writeTcFrame(into, 0, Uint8Array.from(data), {}, of);
      return into.slice(0, end.ok ? end.value : 0);
    };
    const ad = (sequence: number) => service([sequence], { bypass: false, sequence });
    b.hear(ad(0), ad(0), ad(2), ad(1), frame([9]), ad(100), ad(2), service([0], { control: true }), ad(2));
    expect(b.data()).toEqual([[0], [1], [9], [2]]);
    const words = b.calls('clcw').map(({ word }) => readClcw(word as number));
    expect(words[2]).toMatchObject({ report: 1, retransmit: true });
    expect(words[5]).toMatchObject({ report: 2, lockout: true, farmB: 1 });
    expect(words.at(-1)).toMatchObject({ report: 3, lockout: false, farmB: 2 });
    expect(b.telemetry).toMatchObject({
      FramesAccepted: 4,
      FramesDiscarded: 4,
      Lockout: false,
      GarbageBytes: 0,
    });
  });

  it('PGE-TCD-011: without COP-1 refuses types AD and BC', async () => {
    const b = await deframerBench();
    const into = new Uint8Array(64);
    const end = writeTcFrame(into, 0, Uint8Array.of(1), {}, { bypass: false });
    b.hear(into.slice(0, end.ok ? end.value : 0));
    expect(b.codes()).toEqual(['TC_SERVICE']);
    expect(b.data()).toEqual([]);
  });
});
