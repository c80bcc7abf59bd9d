import { describe, expect, it } from 'vitest';
import { type LinkCoding, LinkDecoder, linkEncoder } from './codedLink';
import { writeSpacePacketHeader } from './spacePacket';
import { TmDeframer } from './tmDeframer';
import { TmFramer } from './tmFrame';

const FRAME_LENGTH = 1115;
const full: LinkCoding = { reedSolomon: { interleave: 5 } };

/** A number in 0..bound-1, the same ones each time. */
function seeded(seed: number) {
  let state = seed;
  return (bound: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return Math.floor(((state >>> 0) / 2 ** 32) * bound);
  };
}

/** Coded frames with 300-byte packets in them, and the packets. */
function flight(count: number, coding: LinkCoding, frameLength = FRAME_LENGTH) {
  const encoder = linkEncoder(frameLength, coding);
  if (!encoder.ok) throw new Error(encoder.error.text);
  const blocks: Uint8Array[] = [];
  const framer = new TmFramer({
    frameLength,
    onFrame: (frame) => {
      const block = encoder.value(frame);
      if (block.ok) blocks.push(block.value.slice());
    },
  });
  const packets = Array.from({ length: count }, (_, i) => {
    const packet = new Uint8Array(300).fill(i);
    writeSpacePacketHeader(packet, 0, { type: 'telemetry', apid: 2, sequence: i, dataLength: 294 });
    framer.add(packet);
    return packet;
  });
  framer.flush();
  return { blocks, packets };
}

function ground(coding: LinkCoding, frameLength = FRAME_LENGTH, markerErrors?: number) {
  const packets: Uint8Array[] = [];
  const faults: string[] = [];
  const deframer = new TmDeframer({ frameLength, onPacket: (packet) => packets.push(packet.slice()) });
  const made = LinkDecoder.make(frameLength, coding, {
    markerErrors,
    onFrame: (frame) => deframer.push(frame),
    onFault: ({ code }) => faults.push(code),
  });
  if (!made.ok) throw new Error(made.error.text);
  return { decoder: made.value, packets, faults };
}

describe('the coded link', () => {
  it.each<[string, LinkCoding]>([
    ['marker only', { randomise: false }],
    ['randomised', {}],
    ['Reed-Solomon (255,223), depth 5, randomised', full],
    ['Reed-Solomon (255,239), depth 5', { reedSolomon: { correctable: 8, interleave: 5 }, randomise: false }],
  ])('brings every packet through, in any chunking and between garbage: %s', (_, coding) => {
    const { blocks, packets } = flight(40, coding);
    const random = seeded(1);
    const garbage = Array.from({ length: 500 }, () => random(256));
    const stream = blocks.flatMap((block, i) => (i % 3 === 0 ? [...garbage, ...block] : [...block]));
    const heard = ground(coding);
    for (let at = 0; at < stream.length; ) {
      const end = at + 1 + random(3000);
      heard.decoder.push(Uint8Array.from(stream.slice(at, end)));
      at = end;
    }
    expect(heard.packets).toEqual(packets);
    expect(heard.decoder.counts.frames).toBe(blocks.length);
  });

  it('puts right bit errors at a rate that leaves no frame whole, marker errors among them', () => {
    const { blocks, packets } = flight(200, full);
    const random = seeded(2);
    const heard = ground(full);
    for (const block of blocks) {
      for (let flips = 0; flips < 40; flips++) block[4 + random(block.length - 4)] ^= 1 << random(8);
      for (let flips = 0; flips < 3; flips++) block[random(4)] ^= 1 << random(8);
      heard.decoder.push(block);
    }
    expect(heard.packets).toEqual(packets);
    expect(heard.decoder.counts.corrected).toBeGreaterThan(30 * blocks.length);
  });

  it('loses a block whose marker is too damaged, or with too many errors, and none behind it', () => {
    const { blocks } = flight(20, full);
    const heard = ground(full, FRAME_LENGTH, 1);
    blocks[1].set([0, 0, 0, 0]);
    blocks[3].fill(0x55, 4, 104);
    for (const block of blocks) heard.decoder.push(block);
    expect(heard.decoder.counts).toMatchObject({ frames: blocks.length - 2 });
    expect(heard.faults).toContain('CODING_UNCORRECTABLE');
  });

  it('names a frame that does not fit the code, and one of another length', () => {
    expect(linkEncoder(1024, full)).toMatchObject({ error: { code: 'CODING_LENGTH' } });
    expect(LinkDecoder.make(1024, full, { onFrame: () => undefined }).ok).toBe(false);
    const encoder = linkEncoder(FRAME_LENGTH, full);
    if (encoder.ok)
      expect(encoder.value(new Uint8Array(10))).toMatchObject({ error: { code: 'CODING_FRAME' } });
    expect(encoder.ok).toBe(true);
  });
});
