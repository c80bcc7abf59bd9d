import { describe, expect, it } from 'vitest';
import { succeed } from '../../../fsw/errors';
import { type BenchOptions, bench } from '../../../fsw/framework/testing';
import { TmDeframer, writeSpacePacketHeader } from '../../../fsw/protocols';
import { tmFramer } from './tmFramer';

function packet(length: number, fill: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(fill);
  writeSpacePacketHeader(bytes, 0, { type: 'telemetry', apid: 2, sequence: fill, dataLength: length - 6 });
  return bytes;
}

/** What a link security answers that lets all frames go as they are. */
const clear = { room: () => ({ headerLength: 0, trailerLength: 0 }), seal: () => true };

async function framerBench(config = {}, answers: BenchOptions['answers'] = clear) {
  const b = await bench(tmFramer, { config, answers });
  return { ...b, frames: () => b.calls('frameOut').map(({ data }) => data as Uint8Array) };
}

describe('tmFramer', () => {
  it('PGE-TMF-001: a ground deframer gets back each packet, in order, from frames of the one length', async () => {
    const b = await framerBench({ frameLength: 64 });
    const packets = [20, 300, 7, 51, 56].map((length, i) => packet(length, i + 1));
    for (const one of packets) b.in.packetIn({ data: one });
    b.in.flush({});
    const heard: Uint8Array[] = [];
    const deframer = new TmDeframer({ frameLength: 64, onPacket: (bytes) => heard.push(bytes.slice()) });
    for (const frame of b.frames()) {
      expect(frame.length).toBe(64);
      deframer.push(frame);
    }
    expect(heard).toEqual(packets);
    expect(b.telemetry.FramesSent).toBe(b.frames().length);
  });

  it('PGE-TMF-002: completes the frame under way on flush, and sends none when nothing waits', async () => {
    const b = await framerBench();
    b.in.flush({});
    b.in.packetIn({ data: packet(20, 1) });
    expect(b.frames().length).toBe(0);
    b.in.flush({});
    b.in.flush({});
    expect(b.frames().map(({ length }) => length)).toEqual([1024]);
  });

  it('PGE-TMF-003: carries the spacecraft and channel of its config; F´ defaults unless told', async () => {
    const head = async (config: object) => {
      const b = await framerBench(config);
      b.in.packetIn({ data: packet(20, 1) });
      b.in.flush({});
      return [...b.frames()[0].subarray(0, 2)];
    };
    expect(await head({})).toEqual([0x04, 0x42]);
    expect(await head({ spacecraftId: 0x3ff, channelId: 7 })).toEqual([0x3f, 0xfe]);
    await expect(framerBench({ frameLength: 15 })).rejects.toThrow(
      'unit.frameLength: 15 is outside 16..2048',
    );
  });

  it('PGE-TMF-004: each frame is a buffer of its own', async () => {
    const b = await framerBench({ frameLength: 64 });
    b.in.packetIn({ data: packet(56, 1) });
    b.in.packetIn({ data: packet(56, 2) });
    expect(b.frames().map((frame) => frame[30])).toEqual([1, 2]);
  });

  it('PGE-TMF-005: refuses what is not one whole space packet, counts it, and goes on', async () => {
    const b = await framerBench();
    b.in.packetIn({ data: packet(20, 1).subarray(0, 19) });
    b.in.packetIn({ data: new Uint8Array(3) });
    expect(b.events.map(({ text }) => text)).toEqual([
      'SPP_LENGTH: space packet: 19 bytes on hand, its header says 20',
      'SPP_LENGTH: space packet: 3 bytes on hand, its header says 7',
    ]);
    expect(b.telemetry.PacketsRefused).toBe(2);
    b.in.packetIn({ data: packet(20, 1) });
    b.in.flush({});
    expect(b.frames().length).toBe(1);
  });

  it('PGE-TMF-006: leaves the room that the link security asks for, and sends only what it sealed', async () => {
    let seals = 0;
    const b = await framerBench(
      { frameLength: 64 },
      {
        room: () => ({ headerLength: 14, trailerLength: 16 }),
        // Each frame comes with a final header; the second can't be sealed.
        seal: ({ frame }: { frame: Uint8Array }) => {
          expect(frame[3]).toBe(seals);
          frame.fill(0xaa, 6, 20).fill(0xbb, 46, 62);
          return ++seals !== 2;
        },
      },
    );
    for (const fill of [1, 2, 3]) b.in.packetIn({ data: packet(26, fill) });
    const frames = b.frames();
    expect(frames.map((frame) => frame[3])).toEqual([0, 2]);
    expect([...frames[0].subarray(4, 20)]).toEqual([0x18, 0, ...Array(14).fill(0xaa)]);
    expect(frames[1].subarray(20, 46)).toEqual(packet(26, 3));
    expect(b.telemetry).toMatchObject({ FramesSent: 2, FramesUnsealed: 1 });
    const heard: Uint8Array[] = [];
    const deframer = new TmDeframer({
      frameLength: 64,
      open: (frame) => succeed(frame.subarray(20, 46)),
      onPacket: (bytes) => heard.push(bytes.slice()),
    });
    for (const frame of frames) deframer.push(frame);
    expect(heard).toEqual([packet(26, 1), packet(26, 3)]);
    expect(deframer.counts).toMatchObject({ lostFrames: 1, garbageBytes: 0 });
  });

  it('PGE-TMF-010: with COP-1 carries the latest CLCW in each frame', async () => {
    const b = await framerBench({ ocf: true, frameLength: 64 });
    const words: number[] = [];
    const heard: number[] = [];
    const deframer = new TmDeframer({
      frameLength: 64,
      onOcf: (word) => words.push(word),
      onPacket: ({ length }) => heard.push(length),
    });
    for (const word of [0x0104_0001, 0x0104_0002]) {
      b.in.clcwIn({ word });
      b.in.packetIn({ data: packet(20, 1) });
      b.in.flush({});
    }
    for (const one of b.frames()) deframer.push(one);
    expect([words, heard]).toEqual([
      [0x0104_0001, 0x0104_0002],
      [20, 20],
    ]);
  });

  it('PGE-TMF-011: in contact keeps lock with an idle frame when none went for the period, and only then', async () => {
    const b = await framerBench({ idlePeriodMs: 2000 });
    const tick = async (inContact: boolean) => {
      await b.advance(1e6);
      b.in.linkState({ bytes: 1000, inContact });
    };
    await tick(true);
    expect(b.frames().length).toBe(0);
    await tick(true);
    expect(b.frames().length).toBe(1);
    await tick(true);
    b.in.packetIn({ data: packet(20, 1) });
    b.in.flush({});
    await tick(true);
    await tick(false);
    await tick(false);
    expect(b.frames().length).toBe(2);
    expect(b.telemetry.IdleFrames).toBe(1);
  });
});
