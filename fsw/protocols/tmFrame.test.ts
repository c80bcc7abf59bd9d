import crc16ccitt from 'crc/crc16ccitt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IDLE_APID, SequenceCounters, writeSpacePacketHeader } from './spacePacket';
import { TmDeframer, type TmDeframerOptions } from './tmDeframer';
import { NO_PACKET_START, TmFramer } from './tmFrame';

const FRAME_LENGTH = 64;
const FIELD_LENGTH = FRAME_LENGTH - 8;

/** A whole packet of `length` bytes. */
function packet(length: number, fill = 0xaa, apid = 2): Uint8Array {
  const bytes = new Uint8Array(length).fill(fill);
  writeSpacePacketHeader(bytes, 0, { type: 'telemetry', apid, sequence: 0, dataLength: length - 6 });
  return bytes;
}

function framer() {
  const frames: Uint8Array[] = [];
  return {
    frames,
    tm: new TmFramer({ frameLength: FRAME_LENGTH, onFrame: (frame) => frames.push(frame.slice()) }),
  };
}

function framesOf(...packets: Uint8Array[]): Uint8Array[] {
  const { frames, tm } = framer();
  for (const one of packets) expect(tm.add(one).ok).toBe(true);
  tm.flush();
  return frames;
}

function deframe(chunks: Uint8Array[], options: Partial<TmDeframerOptions> = {}) {
  const packets: Uint8Array[] = [];
  const faults: string[] = [];
  const deframer = new TmDeframer({
    frameLength: FRAME_LENGTH,
    onPacket: (bytes) => packets.push(bytes.slice()),
    onFault: ({ text }) => faults.push(text),
    ...options,
  });
  for (const chunk of chunks) deframer.push(chunk);
  return { packets, faults, counts: deframer.counts };
}

const firstHeader = (frame: Uint8Array) => ((frame[4] << 8) | frame[5]) & 0x7ff;

/** `frame` with `bytes` written at `at` and a FECF that matches. */
function forged(frame: Uint8Array, at: number, ...bytes: number[]): Uint8Array {
  const copy = Buffer.from(frame);
  copy.set(bytes, at);
  copy.writeUInt16BE(crc16ccitt(copy.subarray(0, copy.length - 2)), copy.length - 2);
  return copy;
}

describe('TmFramer', () => {
  it('emits frames of the one length with a good FECF and counts that go on', () => {
    const { frames, tm } = framer();
    for (let i = 0; i < 300; i++) tm.add(packet(FIELD_LENGTH));
    expect(frames.length).toBe(300);
    frames.forEach((frame, count) => {
      expect([...frame.subarray(0, 6)]).toEqual([0x04, 0x42, count & 255, count & 255, 0x18, 0]);
      expect(crc16ccitt(Buffer.from(frame))).toBe(0);
    });
    expect([tm.frames, tm.packets]).toEqual([300, 300]);
  });

  it('carries the spacecraft, channel and frame length that it is told; 1024 bytes unless told', () => {
    const lengths: number[] = [];
    const tm = new TmFramer({
      spacecraftId: 0x3ff,
      channelId: 7,
      onFrame: ({ length }) => lengths.push(length),
    });
    expect(tm.spaceLeft).toBe(1016);
    tm.idle();
    expect(lengths).toEqual([1024]);
    const heads: number[][] = [];
    const other = new TmFramer({
      spacecraftId: 0x3ff,
      channelId: 7,
      onFrame: (f) => heads.push([f[0], f[1]]),
    });
    other.idle();
    expect(heads).toEqual([[0x3f, 0xfe]]);
  });

  it('points at the first packet that starts in a frame, and says when none does', () => {
    const frames = framesOf(packet(20), packet(FIELD_LENGTH * 2 - 10), packet(10));
    expect(frames.map(firstHeader)).toEqual([0, NO_PACKET_START, 10]);
  });

  it('flushes nothing when there is nothing to send', () => {
    const { frames, tm } = framer();
    tm.flush();
    tm.add(packet(FIELD_LENGTH));
    tm.flush();
    expect(frames.length).toBe(1);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'spans the idle packet over a gap of %i bytes, and sends its tail with the next packet',
    (gap) => {
      const { frames, tm } = framer();
      tm.add(packet(FIELD_LENGTH - gap));
      tm.flush();
      tm.flush();
      expect([frames.length, tm.spaceLeft]).toEqual([1, FIELD_LENGTH - (7 - gap)]);
      tm.add(packet(9));
      tm.flush();
      expect(frames.map(firstHeader)).toEqual([0, 7 - gap]);
      expect(deframe(frames)).toMatchObject({ counts: { packets: 2, malformed: 0, partialPackets: 0 } });
    },
  );

  it('keeps the link in lock with idle frames', () => {
    const { frames, tm } = framer();
    tm.idle();
    tm.idle();
    expect(deframe(frames).counts).toMatchObject({ frames: 2, packets: 0, idlePackets: 2 });
  });

  it('refuses what is not one whole packet', () => {
    const { frames, tm } = framer();
    expect(tm.add(packet(20).subarray(0, 19))).toMatchObject({
      error: { text: 'space packet: 19 bytes on hand, its header says 20' },
    });
    expect(tm.add(new Uint8Array(6))).toMatchObject({ error: { code: 'SPP_LENGTH' } });
    tm.flush();
    expect([frames.length, tm.packets]).toEqual([0, 0]);
  });
});

describe('TmDeframer', () => {
  it('gives back all packets of any lengths, flushes and chunking', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 7, max: 200 }), fc.boolean()), { maxLength: 30 }),
        fc.integer({ min: 1, max: 150 }),
        fc.uint8Array({ maxLength: 40 }),
        (steps, size, garbage) => {
          const { frames, tm } = framer();
          const sequence = new SequenceCounters();
          const sent = steps.map(([length, flush]) => {
            const one = packet(length, sequence.next(0));
            tm.add(one);
            if (flush) tm.flush();
            return one;
          });
          tm.flush();
          const stream = Buffer.concat([garbage.map((byte) => byte | 0x80), ...frames]);
          const chunks = Array.from({ length: Math.ceil(stream.length / size) }, (_, i) =>
            stream.subarray(i * size, (i + 1) * size),
          );
          const { packets, counts } = deframe(chunks);
          expect(packets).toEqual(sent);
          expect(counts).toMatchObject({ gaps: 0, malformed: 0, partialPackets: 0, crcErrors: 0 });
          if (frames.length) expect(counts.garbageBytes).toBe(garbage.length);
        },
      ),
    );
  });

  it('rebuilds the longest packet', () => {
    const longest = packet(65_542);
    expect(deframe(framesOf(longest)).packets).toEqual([longest]);
  });

  it('finds the frame that a false header hides', () => {
    const [frame] = framesOf(packet(20));
    const { packets, faults, counts } = deframe([Uint8Array.of(0x04, 0x42, 9), frame, frame.subarray(0, 5)]);
    expect(packets.length).toBe(1);
    expect(faults[0]).toMatch(/^TM frame: FECF \d+ is not the computed \d+$/);
    expect(counts).toMatchObject({ crcErrors: 1, garbageBytes: 3, frames: 1 });
  });

  it('passes over frames of another spacecraft or channel', () => {
    const { counts } = deframe(framesOf(packet(20)), { spacecraftId: 0x45 });
    expect(counts).toMatchObject({ frames: 0, garbageBytes: 1, crcErrors: 0 });
    expect(deframe(framesOf(packet(20)), { channelId: 2 }).counts.frames).toBe(0);
  });

  it('drops the partial packet when frames are lost, counts them, and goes on at the next packet', () => {
    const frames = framesOf(packet(20), packet(200), packet(30), packet(40));
    const { packets, faults, counts } = deframe([frames[0], ...frames.slice(2)]);
    expect(packets.map(({ length }) => length)).toEqual([20, 30, 40]);
    expect(faults).toEqual(['TM frame: virtual channel count 2 after 0: 1 frame(s) lost']);
    expect(counts).toMatchObject({ gaps: 1, lostFrames: 1, partialPackets: 1, malformed: 0 });
  });

  it('joins a stream in the middle of a packet', () => {
    const frames = framesOf(packet(200), packet(30));
    expect(deframe(frames.slice(1)).packets.map(({ length }) => length)).toEqual([30]);
  });

  it('drops the partial packet at a frame of idle data only', () => {
    const frames = framesOf(packet(200));
    const { packets, counts } = deframe([frames[0], forged(frames[1], 4, 0x1f, 0xfe), ...frames.slice(2)]);
    expect(packets).toEqual([]);
    expect(counts).toMatchObject({ partialPackets: 1, malformed: 0 });
  });

  it('trusts the first header pointer over the length of a partial packet', () => {
    const frames = framesOf(packet(60), packet(20), packet(20));
    for (const pointer of [3, 24]) {
      const { packets, faults, counts } = deframe([frames[0], forged(frames[1], 4, 0x18, pointer)]);
      expect(packets.length).toBe(pointer === 24 ? 1 : 0);
      expect(faults[0]).toBe(`TM frame 1: the packets do not fit its first header pointer ${pointer}`);
      expect(counts).toMatchObject({ malformed: 1, partialPackets: 1 });
    }
  });

  it('refuses a first header pointer outside of the data field', () => {
    const [frame] = framesOf(packet(20));
    for (const pointer of [FIELD_LENGTH, 0x700]) {
      const { packets, counts } = deframe([forged(frame, 4, 0x18 | (pointer >> 8), pointer)]);
      expect(packets).toEqual([]);
      expect(counts).toMatchObject({ malformed: 1, frames: 1 });
    }
  });

  it('refuses a packet of another version, and starts again with the next frame', () => {
    const [frame] = framesOf(packet(20));
    const [good] = framesOf(packet(30));
    const { packets, counts } = deframe([forged(frame, 6, 0x20), forged(good, 2, 1, 1)]);
    expect(packets.map(({ length }) => length)).toEqual([30]);
    expect(counts).toMatchObject({ malformed: 1, gaps: 0 });
  });

  it('tells no idle packet and needs nobody to hear its faults', () => {
    const [frame] = framesOf(packet(20), packet(12, 0, IDLE_APID));
    const bad = forged(frame, 4, 0x1f, 0xf0);
    const gap = forged(frame, 2, 9, 9);
    const falseHeader = frame.map((byte, i) => (i === 20 ? byte ^ 1 : byte));
    const { packets, counts } = deframe([frame, bad, gap, falseHeader], { onFault: undefined });
    expect(packets.length).toBe(2);
    expect(counts).toMatchObject({ idlePackets: 4, gaps: 2, malformed: 1, crcErrors: 1 });
  });

  it('never throws on any frame that passes the FECF', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 62, maxLength: 62 }), { maxLength: 20 }), (bodies) => {
        const frames = bodies.map((body) => forged(Uint8Array.of(...body, 0, 0), 0, 0x04, 0x42));
        expect(deframe(frames).counts.frames).toBe(frames.length);
      }),
    );
  });
});
