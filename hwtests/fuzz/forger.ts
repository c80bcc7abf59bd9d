/**
 * Makes TC frames that a secured receiver must refuse. The attacker has heard everything ever sent, knows
 * the layout and all but the keys, and can make any FECF good.
 */
import { createCipheriv } from 'node:crypto';
import type { Random } from '../../fsw/framework';
import { crc16, writeTcFrame } from '../../fsw/protocols';
import { readIv, writeIv } from '../../fsw/protocols/sdls';

const HEADER = 5;
const IV_AT = HEADER + 2;
const DATA_AT = IV_AT + 12;

export interface Heard {
  /** Frames that the spacecraft has accepted. */
  readonly old: readonly Uint8Array[];
  /** Frames that it never got (out of view): new to it, and authentic until they are touched. */
  readonly withheld: readonly Uint8Array[];
}

function sealFecf(frame: Uint8Array): Uint8Array {
  const crc = crc16(frame, 0, frame.length - 2);
  frame.set([crc >> 8, crc & 0xff], frame.length - 2);
  return frame;
}

/** Sets the length field to what the frame has. */
function sealLength(frame: Uint8Array): Uint8Array {
  const length = frame.length - 1;
  frame[2] = (frame[2] & 0xfc) | (length >> 8);
  frame[3] = length & 0xff;
  return sealFecf(frame);
}

export type Forgery = (random: Random, heard: Heard) => Uint8Array;

const pick = <T>(random: Random, list: readonly T[]): T => list[random.integer(list.length)];
const fill = (random: Random, bytes: Uint8Array) => {
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.integer(256);
  return bytes;
};
/** Any heard frame, old or withheld, as a copy. */
const any = (random: Random, { old, withheld }: Heard) =>
  (random.next() < 0.5 ? pick(random, old) : pick(random, withheld)).slice();

/** Changes a byte from the SPI on: all of that is under the MAC. */
function damage(random: Random, frame: Uint8Array, times: number): Uint8Array {
  const before = frame.slice();
  do {
    for (let i = 0; i < times; i++)
      frame[HEADER + random.integer(frame.length - HEADER - 2)] ^= 1 << random.integer(8);
  } while (frame.every((byte, i) => byte === before[i]));
  return frame;
}

export const forgeries: Readonly<Record<string, Forgery>> = {
  replay: (random, { old }) => pick(random, old).slice(),
  bitFlip: (random, heard) => sealFecf(damage(random, any(random, heard), 1 + random.integer(8))),
  bitFlipBadFecf: (random, heard) => damage(random, any(random, heard), 1 + random.integer(8)),
  /** Another channel, spacecraft or service: bits of the header. The frame itself is old. */
  header(random, { old }) {
    const frame = pick(random, old).slice();
    frame[random.integer(HEADER)] ^= 1 << random.integer(8);
    return sealFecf(frame);
  },
  newNumber(random, heard) {
    const frame = any(random, heard);
    const iv = readIv(frame, IV_AT);
    writeIv(frame, IV_AT, iv + BigInt(1 + random.integer(1000)));
    return sealFecf(frame);
  },
  spi(random, heard) {
    const frame = any(random, heard);
    frame[HEADER + 1] ^= 1 + random.integer(255);
    return sealFecf(frame);
  },
  cut(random, heard) {
    const frame = any(random, heard);
    return sealLength(frame.slice(0, 8 + random.integer(frame.length - 8)));
  },
  grown(random, heard) {
    const frame = any(random, heard);
    const more = fill(random, new Uint8Array(1 + random.integer(60)));
    return sealLength(Uint8Array.of(...frame.subarray(0, -2), ...more, 0, 0));
  },
  splice(random, { old, withheld }) {
    const [head, tail] = [pick(random, old), pick(random, withheld)];
    const at = DATA_AT + random.integer(Math.min(head.length, tail.length) - DATA_AT - 2);
    return sealLength(Uint8Array.of(...head.subarray(0, at), ...tail.subarray(at)));
  },
  /** A whole frame, well formed, under a key of the attacker's own. */
  ownKey(random, { withheld }) {
    const frame = pick(random, withheld).slice();
    const key = fill(random, new Uint8Array(32));
    const cipher = createCipheriv('aes-256-gcm', key, frame.subarray(IV_AT, DATA_AT), { authTagLength: 16 });
    const end = frame.length - 18;
    frame.set(cipher.update(fill(random, new Uint8Array(end - DATA_AT))), DATA_AT);
    cipher.final();
    frame.set(cipher.getAuthTag(), end);
    return sealFecf(frame);
  },
  /** A command without any security, as the stock GDS sends it. */
  clear(random) {
    const data = Uint8Array.of(0x10, 0, 0xc0, 0, 0, 31, 0, 0, ...fill(random, new Uint8Array(30)));
    const frame = new Uint8Array(data.length + 7);
    writeTcFrame(frame, 0, data);
    return frame;
  },
  /** UNLOCK, SET V(R), and control frames that carry a command. */
  control(random, heard) {
    if (random.next() < 0.5)
      return sealFecf(Uint8Array.of(0x30, 0x44, 0x04, 0x07, 0, random.next() < 0.5 ? 0x82 : 0, 0, 0));
    const frame = any(random, heard);
    frame[0] |= 0x10;
    return sealFecf(frame);
  },
  random(random) {
    const frame = fill(random, new Uint8Array(8 + random.integer(120)));
    frame.set([0x20, 0x44, 0x04], 0);
    // In half of them the SPI is the one in use.
    if (random.next() < 0.5) frame.set([0, 1], HEADER);
    return sealLength(frame);
  },
  noise: (random) => fill(random, new Uint8Array(1 + random.integer(200))),
};
