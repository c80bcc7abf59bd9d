import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import crc16ccitt from 'crc/crc16ccitt';
import { describe, expect, it } from 'vitest';
import { TcDeframer } from './tcFrame';

const SPACECRAFT = 0x44;
const CHANNEL = 1;
const MAX_FRAME_LENGTH = 900;
const FRAMES = 1_000_000;
const FRAMES_PER_STREAM = 500;

/** Mulberry32: a number in 0..bound-1. */
function seeded(seed: number) {
  let state = seed;
  return (bound: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

/**
 * The reference, written from the standard without the deframer in view: the frame that starts at `at` is
 * for us if its header is exactly that of a type-BD frame of our channel, it is whole and not too long, and
 * its CRC (the crc package's) matches. Returns its length, or 0.
 */
function referenceLength(stream: Buffer, at: number): number {
  if (stream.length - at < 8) return 0;
  if (stream.readUInt16BE(at) !== 0b0010_0000_0000_0000 + SPACECRAFT) return 0;
  const channelAndLength = stream.readUInt16BE(at + 2);
  if (Math.floor(channelAndLength / 1024) !== CHANNEL) return 0;
  const length = (channelAndLength % 1024) + 1;
  if (length < 8 || length > MAX_FRAME_LENGTH || at + length > stream.length) return 0;
  const fecf = stream.readUInt16BE(at + length - 2);
  return crc16ccitt(stream.subarray(at, at + length - 2)) === fecf ? length : 0;
}

/** Writes random and mutated frames into one buffer, over and over. */
class Mutator {
  readonly #random: (bound: number) => number;
  readonly #stream = Buffer.alloc(FRAMES_PER_STREAM * 2200);
  #end = 0;

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  stream(): Buffer {
    this.#end = 0;
    for (let i = 0; i < FRAMES_PER_STREAM; i++) this.#frame();
    return this.#stream.subarray(0, this.#end);
  }

  #frame(): void {
    const random = this.#random;
    const bytes = this.#stream;
    const at = this.#end;
    switch (random(16)) {
      case 0:
        this.#noise(random(64));
        break;
      case 1:
        this.#end += bytes.write('sitting well', at, 'latin1');
        break;
      case 2: // A false header that claims what follows.
        this.#end = bytes.writeUInt16BE(0x2000 | SPACECRAFT, at);
        this.#end = bytes.writeUInt16BE((CHANNEL << 10) | random(1024), this.#end);
        this.#good();
        break;
      case 3: // Bit flips.
        this.#good();
        for (let flips = 1 + random(3); flips > 0; flips--) {
          bytes[at + random(this.#end - at)] ^= 1 << random(8);
        }
        break;
      case 4: // Truncation.
        this.#good();
        this.#end = at + random(this.#end - at);
        break;
      case 5: // Insertion.
        this.#insertion();
        break;
      case 6: // Length edited, the CRC left.
        this.#good();
        bytes.writeUInt16BE((CHANNEL << 10) | random(1024), at + 2);
        break;
      case 7: // Length edited, the CRC right for the bytes that the new length covers.
        this.#noise(20);
        bytes.writeUInt16BE(0x2000 | SPACECRAFT, at);
        bytes.writeUInt16BE((CHANNEL << 10) | random(20), at + 2);
        this.#seal(at, (bytes.readUInt16BE(at + 2) & 0x3ff) + 1);
        break;
      case 8: // Another spacecraft.
        this.#good();
        bytes.writeUInt16BE(0x2000 | random(1024), at);
        this.#maybeSeal(at);
        break;
      case 9: // Another channel.
        this.#good();
        bytes[at + 2] = (random(64) << 2) | (bytes[at + 2] & 3);
        this.#maybeSeal(at);
        break;
      case 10: // Another version, service or reserved bit.
        this.#good();
        bytes[at] = (random(64) << 2) | (bytes[at] & 3);
        this.#maybeSeal(at);
        break;
      case 11: // A good frame inside another, good or foreign.
        this.#nested();
        break;
      default:
        this.#good();
        break;
    }
  }

  #noise(length: number): void {
    for (let i = 0; i < length; i++) this.#stream[this.#end++] = this.#random(256);
  }

  #good(): void {
    const at = this.#end;
    // Mostly short, now and then up to the longest.
    const dataLength = 1 + this.#random(this.#random(50) === 0 ? 1017 : 40);
    this.#stream.writeUInt16BE(0x2000 | SPACECRAFT, at);
    this.#stream.writeUInt16BE((CHANNEL << 10) | (dataLength + 6), at + 2);
    this.#end = at + 4;
    this.#noise(dataLength + 3);
    this.#seal(at, dataLength + 7);
  }

  #nested(): void {
    const at = this.#end;
    this.#noise(5);
    this.#good();
    this.#noise(2);
    const length = this.#end - at;
    if (length > 1024) return;
    this.#stream.writeUInt16BE(0x2000 | (SPACECRAFT + this.#random(2)), at);
    this.#stream.writeUInt16BE((CHANNEL << 10) | (length - 1), at + 2);
    this.#maybeSeal(at);
  }

  #insertion(): void {
    const at = this.#end;
    this.#good();
    const where = at + this.#random(this.#end - at);
    const count = 1 + this.#random(4);
    this.#stream.copyWithin(where + count, where, this.#end);
    this.#end = where + count + (this.#end - where);
    for (let i = 0; i < count; i++) this.#stream[where + i] = this.#random(256);
  }

  #maybeSeal(at: number): void {
    if (this.#random(2)) this.#seal(at, this.#end - at);
  }

  #seal(at: number, length: number): void {
    if (length < 3) return;
    const end = at + length - 2;
    this.#stream.writeUInt16BE(crc16ccitt(this.#stream.subarray(at, end)), end);
  }
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

describe('the TC path under a million random and mutated frames', () => {
  it('accepts exactly the frames that the reference accepts, throws nothing, and keeps its memory', () => {
    const mutator = new Mutator(20_260_701);
    const chunkLength = seeded(7);
    let stream: Buffer = Buffer.alloc(0);
    let searched = 0;
    let wrong = 0;
    let acceptedBytes = 0;
    const deframer = new TcDeframer({
      maxFrameLength: MAX_FRAME_LENGTH,
      onData(data) {
        // Whatever was accepted must be the reference's next frame.
        let length = 0;
        while (searched < stream.length && length === 0) {
          length = referenceLength(stream, searched);
          if (length === 0) searched++;
        }
        const expected = stream.subarray(searched + 5, searched + length - 2);
        if (length === 0 || Buffer.compare(expected, data) !== 0) wrong++;
        searched += length;
        acceptedBytes += length;
      },
    });
    const run = (frames: number) => {
      for (let done = 0; done < frames; done += FRAMES_PER_STREAM) {
        stream = mutator.stream();
        searched = 0;
        for (let at = 0; at < stream.length; ) {
          const end = at + 1 + chunkLength(3000);
          deframer.push(stream.subarray(at, end));
          at = end;
        }
        deframer.flush();
        // And the reference must find no frame beyond the last one accepted.
        for (; searched < stream.length; searched++) if (referenceLength(stream, searched)) wrong++;
      }
    };

    run(FRAMES / 10);
    collectGarbage();
    const heapBefore = process.memoryUsage().heapUsed;
    run((FRAMES * 9) / 10);
    collectGarbage();
    const heapGrowth = process.memoryUsage().heapUsed - heapBefore;

    const { counts } = deframer;
    expect(wrong).toBe(0);
    expect(counts.accepted).toBeGreaterThan(FRAMES / 4);
    expect(counts.bytes).toBe(acceptedBytes + counts.garbageBytes);
    const { unopened, discarded, controlled, ...met } = counts;
    expect([unopened, discarded, controlled]).toEqual([0, 0, 0]);
    for (const count of Object.values(met)) expect(count).toBeGreaterThan(0);
    expect(heapGrowth).toBeLessThan(2e6);
  }, 120_000);
});
