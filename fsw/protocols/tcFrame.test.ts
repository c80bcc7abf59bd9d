import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16 } from './crc16';
import { MAX_TC_DATA_LENGTH, TcDeframer, type TcDeframerOptions, writeTcFrame } from './tcFrame';

const utf8 = (text: string) => new TextEncoder().encode(text);
const concat = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

function frame(data: Uint8Array, spacecraftId?: number, channelId?: number): Uint8Array {
  const into = new Uint8Array(1024);
  const end = writeTcFrame(into, 0, data, { spacecraftId, channelId });
  return into.slice(0, end.ok ? end.value : 0);
}

/** A frame with its header overwritten from byte 0 on and a FECF that matches. */
function forged(data: Uint8Array, ...header: number[]): Uint8Array {
  const bytes = frame(data);
  bytes.set(header);
  const crc = crc16(bytes, 0, bytes.length - 2);
  bytes.set([crc >>> 8, crc & 0xff], bytes.length - 2);
  return bytes;
}

function deframe(chunks: Uint8Array[], options: Partial<TcDeframerOptions> = {}) {
  const data: number[][] = [];
  const codes: string[] = [];
  const deframer = new TcDeframer({
    onData: (field) => data.push([...field]),
    onRefused: ({ code }) => codes.push(code),
    ...options,
  });
  for (const chunk of chunks) deframer.push(chunk);
  return { deframer, data, codes, counts: deframer.counts };
}

const one = Uint8Array.of(1);
const hello = utf8('hello');

describe('writeTcFrame', () => {
  it('refuses data that is empty, too long for a frame, or too long for the buffer', () => {
    const into = new Uint8Array(2000);
    expect(writeTcFrame(into, 0, new Uint8Array(0))).toMatchObject({ error: { code: 'TC_TOO_SHORT' } });
    expect(writeTcFrame(into, 0, new Uint8Array(MAX_TC_DATA_LENGTH + 1))).toMatchObject({
      error: { code: 'TC_TOO_LONG' },
    });
    expect(writeTcFrame(into, 1990, hello)).toMatchObject({
      error: { text: 'TC frame: 12 bytes, 10 the most' },
    });
    expect(into.every((byte) => byte === 0)).toBe(true);
  });

  it('fills the longest frame', () => {
    const longest = new Uint8Array(MAX_TC_DATA_LENGTH).fill(7);
    expect(deframe([frame(longest)]).data).toEqual([[...longest]]);
  });
});

describe('TcDeframer', () => {
  it('finds every frame in any chunking, between garbage', () => {
    const garbage = fc.uint8Array({ maxLength: 30 }).map((bytes) => bytes.map((byte) => byte | 0xc0));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(garbage, fc.uint8Array({ minLength: 1, maxLength: 60 })), { maxLength: 8 }),
        fc.integer({ min: 1, max: 50 }),
        (pieces, size) => {
          const stream = concat(...pieces.flatMap(([noise, data]) => [noise, frame(data)]));
          const chunks = Array.from({ length: Math.ceil(stream.length / size) }, (_, i) =>
            stream.subarray(i * size, (i + 1) * size),
          );
          const { data, counts } = deframe(chunks);
          expect(data).toEqual(pieces.map(([, field]) => [...field]));
          expect(counts.bytes).toBe(stream.length);
          expect(counts.garbageBytes).toBe(pieces.reduce((sum, [noise]) => sum + noise.length, 0));
        },
      ),
    );
  });

  it('is not held back by the keep-alive of F´ GDS', () => {
    const { data, deframer } = deframe([
      utf8('sitting well'),
      frame(hello),
      utf8('sitting wellsitting well'),
      frame(one),
    ]);
    expect(data).toEqual([[...hello], [1]]);
    expect(deframer.heldBytes).toBe(0);
  });

  it('takes a chunk far longer than its window', () => {
    const stream = concat(...Array.from({ length: 300 }, () => frame(new Uint8Array(90))));
    expect(deframe([stream]).counts).toMatchObject({ accepted: 300, garbageBytes: 0 });
  });

  it('refuses a frame with a bad CRC and takes the next', () => {
    const broken = frame(hello);
    broken[7] ^= 4;
    expect(deframe([broken, frame(one)])).toMatchObject({
      data: [[1]],
      codes: ['TC_CRC'],
      counts: { crcErrors: 1, accepted: 1, garbageBytes: 12 },
    });
  });

  it('finds a good frame that a false header claims', () => {
    const falseHeader = Uint8Array.of(0x20, 0x44, 0x04, 40);
    const { data, counts } = deframe([falseHeader, frame(hello), frame(new Uint8Array(40))]);
    expect(data).toEqual([[...hello], [...new Uint8Array(40)]]);
    expect(counts.crcErrors).toBe(1);
  });

  it('holds a false header of ours back until its bytes are there, or until it is flushed', () => {
    const falseHeader = Uint8Array.of(0x20, 0x44, 0x07, 0xff);
    const { deframer, data } = deframe([falseHeader, frame(hello)]);
    expect([data.length, deframer.heldBytes]).toEqual([0, 16]);
    deframer.flush();
    expect([data, deframer.heldBytes]).toEqual([[[...hello]], 0]);
    expect(deframer.counts.garbageBytes).toBe(4);
    deframer.push(frame(one));
    expect(data[1]).toEqual([1]);
  });

  it('tells a frame for another spacecraft and for another channel', () => {
    expect(deframe([frame(hello, 0x45), frame(hello, undefined, 2), frame(one)])).toMatchObject({
      data: [[1]],
      codes: ['TC_WRONG_SPACECRAFT', 'TC_WRONG_CHANNEL'],
      counts: { wrongSpacecraft: 1, wrongChannel: 1, accepted: 1 },
    });
  });

  it('refuses a frame longer than it may be, and one too short to carry data', () => {
    const tooShort = Uint8Array.of(0x20, 0x44, 0x04, 6, 0);
    const { data, codes, counts } = deframe([frame(new Uint8Array(50)), tooShort, frame(one)], {
      maxFrameLength: 32,
    });
    expect(data).toEqual([[1]]);
    expect(codes).toEqual(['TC_TOO_LONG', 'TC_TOO_SHORT']);
    expect(counts).toMatchObject({ tooLong: 1, tooShort: 1 });
  });

  it('takes frames up to the longest that it may and not a byte more', () => {
    const chunks = [frame(new Uint8Array(26)), frame(new Uint8Array(25))];
    expect(deframe(chunks, { maxFrameLength: 32 })).toMatchObject({
      data: [[...new Uint8Array(25)]],
      counts: { tooLong: 1, accepted: 1 },
    });
  });

  it('refuses what is not of type BD: there is no FARM-1, and no control command is served', () => {
    const typeAd = forged(hello, 0x00);
    const typeBc = forged(hello, 0x30);
    expect(deframe([typeAd, typeBc])).toMatchObject({
      data: [],
      codes: ['TC_SERVICE', 'TC_SERVICE'],
      counts: { wrongService: 2 },
    });
  });

  it('takes a version or reserved bits other than 0 for garbage', () => {
    // The last four bytes are still held: too few for a header.
    expect(deframe([forged(hello, 0x60), forged(hello, 0x24)])).toMatchObject({
      data: [],
      codes: [],
      counts: { accepted: 0, crcErrors: 0, garbageBytes: 20 },
    });
  });

  it('does not look for frames inside the data of an accepted one', () => {
    expect(deframe([frame(frame(hello))]).counts.accepted).toBe(1);
  });

  it('counts refusals even when nobody asks for their reasons', () => {
    const broken = frame(hello);
    broken[7] ^= 4;
    expect(deframe([broken], { onRefused: undefined }).counts.crcErrors).toBe(1);
  });
});
