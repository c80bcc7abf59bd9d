import { createCipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16 } from '../crc16';
import { writeSpacePacketHeader } from '../spacePacket';
import { TcDeframer, writeTcFrame } from '../tcFrame';
import { TmDeframer } from '../tmDeframer';
import { TmFramer } from '../tmFrame';
import {
  type Association,
  association,
  authMaskHex,
  type HeaderMask,
  MAX_IV,
  openTcFrame,
  openTmFrame,
  ReplayWindow,
  SECURITY_HEADER_LENGTH,
  SECURITY_TRAILER_LENGTH,
  type SecuredTcChannel,
  type SecurityService,
  sealTmFrame,
  writeSecuredTcFrame,
} from '.';

interface Vector {
  what: string;
  key: string;
  spi: number;
  iv: string;
  frame: string;
}
const vectors = JSON.parse(readFileSync(join(__dirname, '../../../hwtests/vectors/sdls.json'), 'utf8')) as {
  tc: (Vector & { channelId: number; segmentHeader?: number; plain: string })[];
  tm: (Vector & { plainStart: string })[];
};

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const key = hex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');

function made(options: {
  spi?: number;
  key?: Uint8Array;
  service?: SecurityService;
  mask?: HeaderMask;
}): Association {
  const result = association({ spi: 1, key, ...options });
  if (!result.ok) throw new Error(result.error.text);
  return result.value;
}

/** Finds this one association. */
const only = (sa: Association) => (spi: number) => (spi === sa.spi ? sa : undefined);

function tcFrame(data: Uint8Array, sa: Association, iv: bigint, channel?: SecuredTcChannel): Uint8Array {
  const into = new Uint8Array(1024);
  const end = writeSecuredTcFrame(into, 0, data, sa, iv, channel);
  if (!end.ok) throw new Error(end.error.text);
  return into.slice(0, end.value);
}

/** The frame with one bit changed and its FECF made good again. */
function tampered(frame: Uint8Array, bit: number): Uint8Array {
  const copy = frame.slice();
  copy[bit >> 3] ^= 0x80 >> (bit & 7);
  const crc = crc16(copy, 0, copy.length - 2);
  copy.set([crc >> 8, crc & 0xff], copy.length - 2);
  return copy;
}

const codeOf = (result: { ok: boolean; error?: { code: string } }) => (result.ok ? 'ok' : result.error?.code);

describe('frames of Yamcs 5.12.8', () => {
  it.each(vectors.tc)('TC $what: opens to its packet, and we write the same bytes', (vector) => {
    const sa = made({ spi: vector.spi, key: hex(vector.key) });
    const { channelId, segmentHeader } = vector;
    const frame = hex(vector.frame);
    const opened = openTcFrame(frame, only(sa), segmentHeader !== undefined);
    if (!opened.ok) throw new Error(opened.error.text);
    expect(opened.value).toMatchObject({ spi: vector.spi, iv: BigInt(vector.iv) });
    expect(text(opened.value.data)).toBe(vector.plain);
    const ours = tcFrame(hex(vector.plain), sa, BigInt(vector.iv), { channelId, segmentHeader });
    expect(text(ours)).toBe(vector.frame);
  });

  it.each(vectors.tm)('TM $what: opens to its packets, and we seal the same bytes', (vector) => {
    const sa = made({ spi: vector.spi, key: hex(vector.key) });
    const frame = hex(vector.frame);
    expect(frame.length).toBe(256);
    const opened = openTmFrame(frame, only(sa));
    if (!opened.ok) throw new Error(opened.error.text);
    expect(opened.value.iv).toBe(BigInt(vector.iv));
    expect(text(opened.value.data).startsWith(vector.plainStart)).toBe(true);
    const ours = frame.slice().fill(0, 6, 20).fill(0, 238, 256);
    ours.set(opened.value.data, 20);
    expect(sealTmFrame(ours, sa, BigInt(vector.iv)).ok).toBe(true);
    expect(text(ours.subarray(0, 254))).toBe(vector.frame.slice(0, 508));
  });

  it('the masks are the ones that Yamcs took as authMask', () => {
    expect(authMaskHex('tm', 'whole')).toBe(`ffffffffffffffff${'00'.repeat(12)}`);
    expect(authMaskHex('tc', 'whole')).toBe(`ffffffffffffff${'00'.repeat(12)}`);
    expect(authMaskHex('tc', 'standard', true)).toBe(`0000fc0000ffffff${'00'.repeat(12)}`);
  });
});

describe.each(['authentication', 'authenticated-encryption'] as const)('%s', (service) => {
  it('gives back any data, number, SPI, channel and mask', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 986 }),
        fc.bigInt({ min: 0n, max: MAX_IV - 1n }),
        fc.integer({ min: 1, max: 0xfffe }),
        fc.integer({ min: 0, max: 63 }),
        fc.constantFrom<HeaderMask>('standard', 'whole'),
        fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
        (data, iv, spi, channelId, mask, segmentHeader) => {
          const sa = made({ spi, service, mask });
          const frame = tcFrame(data, sa, iv, { channelId, segmentHeader });
          const opened = openTcFrame(frame, only(sa), segmentHeader !== undefined);
          expect(opened).toMatchObject({ ok: true, value: { spi, iv } });
          if (opened.ok) expect(text(opened.value.data)).toBe(text(data));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('every bit under the whole mask is authenticated; the control and bypass bits too, by being asked for', () => {
    const sa = made({ service, mask: 'whole' });
    const frame = tcFrame(hex('1000c00000010000'), sa, 7n);
    for (let bit = 0; bit < (frame.length - 2) * 8; bit++)
      expect(codeOf(openTcFrame(tampered(frame, bit), only(sa)))).toMatch(/SDLS_(MAC|SPI)|TC_SERVICE/);
  });

  it('with the standard mask exactly spacecraft, length, sequence and reserved bits are not', () => {
    const sa = made({ service });
    const frame = tcFrame(hex('1000c00000010000'), sa, 7n);
    const passed: number[] = [];
    for (let bit = 0; bit < (frame.length - 2) * 8; bit++)
      if (openTcFrame(tampered(frame, bit), only(sa)).ok) passed.push(bit);
    // Bits 2 and 3 are bypass and control, 16..21 the virtual channel.
    const header = Array.from({ length: 40 }, (_, bit) => bit);
    expect(passed).toEqual(header.filter((bit) => bit !== 2 && bit !== 3 && (bit < 16 || bit > 21)));
  });

  it('TM: opens what it sealed, through framer and deframer, and nothing that was altered', () => {
    const sa = made({ spi: 2, service, mask: 'whole' });
    const frames: Uint8Array[] = [];
    let iv = 0n;
    const protection = {
      headerLength: SECURITY_HEADER_LENGTH,
      trailerLength: SECURITY_TRAILER_LENGTH,
      seal: (frame: Uint8Array) => sealTmFrame(frame, sa, iv++).ok,
    };
    const framer = new TmFramer({
      frameLength: 128,
      protection,
      onFrame: (frame) => frames.push(frame.slice()),
    });
    const packets = [90, 7, 300, 8].map((length, i) => {
      const packet = new Uint8Array(length).fill(i);
      writeSpacePacketHeader(packet, 0, { type: 'telemetry', apid: 2, sequence: i, dataLength: length - 6 });
      return packet;
    });
    for (const packet of packets) framer.add(packet);
    framer.flush();
    const heard: Uint8Array[] = [];
    const faults: string[] = [];
    const window = new ReplayWindow(sa, 0n, 10);
    const deframer = new TmDeframer({
      frameLength: 128,
      open(frame) {
        const opened = openTmFrame(frame, only(sa));
        if (!opened.ok) return opened;
        const isNew = window.check(opened.value.iv);
        if (!isNew.ok) return isNew;
        window.accept(opened.value.iv);
        return { ok: true, value: opened.value.data };
      },
      onPacket: (packet) => heard.push(packet.slice()),
      onFault: ({ code }) => faults.push(code),
    });
    for (const frame of frames) deframer.push(frame);
    expect(heard.map(text)).toEqual(packets.map(text));
    expect(faults).toEqual([]);
    deframer.push(frames[0]);
    expect(faults).toEqual(['SDLS_REPLAY']);
    for (let bit = 16; bit < 126 * 8; bit++)
      expect(openTmFrame(tampered(frames[1], bit), only(sa)).ok).toBe(false);
    expect(heard.length).toBe(packets.length);
  });

  it('TM: with an OCF, that field is in clear behind the MAC', () => {
    const sa = made({ spi: 2, service });
    const frame = new Uint8Array(64).fill(0x11);
    frame.set([0x04, 0x43, 0, 0, 0x18, 0]);
    const ocf = text(frame.subarray(58, 62));
    sealTmFrame(frame, sa, 9n);
    expect(text(frame.subarray(58, 62))).toBe(ocf);
    const opened = openTmFrame(frame, only(sa));
    expect(opened.ok && text(opened.value.data)).toBe('11'.repeat(64 - 20 - 16 - 4 - 2));
  });
});

describe('what other implementations got wrong', () => {
  it('authentication only leaves the data readable, and its MAC is GMAC over header and data (CryptoLib #521)', () => {
    const data = hex('1000c00000010000');
    const frame = tcFrame(data, made({ service: 'authentication' }), 5n);
    expect(text(frame.subarray(19, 27))).toBe(text(data));
    // Recomputed here from the standard: nothing is encrypted, all of it is additional data.
    const cipher = createCipheriv('aes-256-gcm', key, hex(`${'00'.repeat(11)}05`), { authTagLength: 16 });
    cipher.setAAD(hex(`00000400000001${'00'.repeat(12)}${text(data)}`));
    cipher.final();
    expect(text(frame.subarray(27, 43))).toBe(cipher.getAuthTag().toString('hex'));
  });

  it('a frame of one service is never taken for the other under the same key: no downgrade', () => {
    const signed = made({ service: 'authentication' });
    const sealed = made({ service: 'authenticated-encryption' });
    const data = new Uint8Array(40).fill(3);
    expect(codeOf(openTcFrame(tcFrame(data, signed, 1n), only(sealed)))).toBe('SDLS_MAC');
    expect(codeOf(openTcFrame(tcFrame(data, sealed, 1n), only(signed)))).toBe('SDLS_MAC');
  });

  it('authentication works with its 12-byte vector, and the vector is under the MAC (CryptoLib #522)', () => {
    const sa = made({ service: 'authentication' });
    const frame = tcFrame(Uint8Array.of(1), sa, 0x0102_0304_0506_0708_090a_0b0cn);
    expect(text(frame.subarray(7, 19))).toBe('0102030405060708090a0b0c');
    expect(openTcFrame(frame, only(sa)).ok).toBe(true);
    for (let bit = 7 * 8; bit < 19 * 8; bit++)
      expect(codeOf(openTcFrame(tampered(frame, bit), only(sa)))).toBe('SDLS_MAC');
  });

  it('an association without authentication has no window to set (CryptoLib #536)', () => {
    const clear = new ReplayWindow(made({ service: 'clear', key: undefined }));
    expect(codeOf(clear.setWindow(5))).toBe('SDLS_NOT_AUTHENTICATED');
    const secured = new ReplayWindow(made({}));
    expect(secured.setWindow(5).ok).toBe(true);
    for (const window of [0, -1, 1.5, 2 ** 32, Number.NaN])
      expect(codeOf(secured.setWindow(window))).toBe('SDLS_WINDOW');
    expect(secured.window).toBe(5);
  });

  it('the reserved SPIs name no association (CryptoLib #519)', () => {
    for (const spi of [0, 0xffff, -1, 1.5, 0x10000])
      expect(codeOf(association({ spi, key }))).toBe('SDLS_SPI_RESERVED');
  });

  it('a key is 32 raw bytes: 64 hexadecimal digits are refused when it is loaded, not at the first frame', () => {
    for (const length of [0, 16, 31, 33, 64])
      expect(codeOf(association({ spi: 1, key: new Uint8Array(length) }))).toBe('SDLS_KEY_LENGTH');
  });

  it('the window is compared in all 96 bits (Yamcs compares the low 32 of the next number)', () => {
    const window = new ReplayWindow(made({}), 0x14n, 10);
    expect(codeOf(window.check(0x0000_0000_abcd_ef00_0000_0014n))).toBe('SDLS_REPLAY');
    expect(window.check(0x14n).ok).toBe(true);
  });

  it('a frame in clear is not opened by a clear association', () => {
    const into = new Uint8Array(60);
    const end = writeTcFrame(into, 0, new Uint8Array(40));
    if (!end.ok) throw new Error(end.error.text);
    const frame = into.subarray(0, end.value);
    const clear = made({ service: 'clear' });
    expect(codeOf(openTcFrame(frame, () => clear))).toBe('SDLS_SPI');
    expect(codeOf(openTcFrame(frame, () => undefined))).toBe('SDLS_SPI');
  });
});

describe('bad input', () => {
  it('frames too short for a secured one are refused at every length', () => {
    const sa = made({});
    for (let length = 0; length < 38; length++)
      expect(codeOf(openTcFrame(new Uint8Array(length).fill(0x20), only(sa)))).toBe('SDLS_SHORT');
    for (let length = 0; length < 39; length++)
      expect(codeOf(openTmFrame(new Uint8Array(length), only(sa)))).toBe('SDLS_SHORT');
    // With an OCF there is no data left in 43 bytes.
    expect(codeOf(openTmFrame(new Uint8Array(42).fill(1, 1, 2), only(sa)))).toBe('SDLS_SHORT');
  });

  it('a control frame is never opened, whatever it carries', () => {
    const sa = made({});
    const frame = tcFrame(new Uint8Array(8), sa, 0n);
    frame[0] |= 0x10;
    expect(codeOf(openTcFrame(frame, only(sa)))).toBe('TC_SERVICE');
    frame[0] &= ~0x30;
    expect(codeOf(openTcFrame(frame, only(sa)))).toBe('TC_SERVICE');
  });

  it('no forged control or sequence-controlled frame moves FARM-1', () => {
    const sa = made({});
    const judged: boolean[] = [];
    const deframer = new TcDeframer({
      farm: {
        judge({ control, bypass }) {
          judged.push(control || !bypass);
          return 'deliver';
        },
      },
      open(frame) {
        const opened = openTcFrame(frame, only(sa));
        return opened.ok ? opened.value.data : undefined;
      },
      onData: () => {},
    });
    const unlock = hex('304404070000f693');
    const sealed = tcFrame(hex('1000c00000010000'), sa, 0n);
    deframer.push(unlock);
    deframer.push(tampered(sealed, 2));
    deframer.push(tampered(sealed, 3));
    deframer.push(sealed);
    deframer.flush();
    expect(judged).toEqual([false]);
    expect(deframer.counts).toMatchObject({ accepted: 1, unopened: 3 });
  });

  it('data that does not fit, or none at all, is refused before anything is sealed', () => {
    const into = new Uint8Array(1024);
    const sa = made({});
    expect(codeOf(writeSecuredTcFrame(into, 0, new Uint8Array(988), sa, 0n))).toBe('TC_TOO_LONG');
    expect(codeOf(writeSecuredTcFrame(into, 0, new Uint8Array(987), sa, 0n))).toBe('ok');
    expect(codeOf(writeSecuredTcFrame(into, 1, new Uint8Array(987), sa, 0n))).toBe('TC_TOO_LONG');
    expect(codeOf(writeSecuredTcFrame(into, 0, new Uint8Array(0), sa, 0n))).toBe('TC_TOO_SHORT');
    expect(codeOf(writeSecuredTcFrame(into, 0, new Uint8Array(1), sa, MAX_IV))).toBe('SDLS_EXHAUSTED');
    expect(codeOf(sealTmFrame(new Uint8Array(64), sa, MAX_IV))).toBe('SDLS_EXHAUSTED');
  });

  it('a number is taken once, in rising order, and never wraps', () => {
    const window = new ReplayWindow(made({}), 0n, 10);
    expect(codeOf(window.check(10n))).toBe('SDLS_REPLAY');
    expect(window.check(9n).ok).toBe(true);
    expect(window.next).toBe(0n);
    window.accept(9n);
    for (const old of [0n, 8n, 9n]) expect(codeOf(window.check(old))).toBe('SDLS_REPLAY');
    expect(window.check(10n).ok).toBe(true);
    const last = new ReplayWindow(made({}), MAX_IV - 1n, 10);
    expect(last.check(MAX_IV - 1n).ok).toBe(true);
    last.accept(MAX_IV - 1n);
    expect(codeOf(last.check(MAX_IV))).toBe('SDLS_EXHAUSTED');
    expect(codeOf(last.check(0n))).toBe('SDLS_REPLAY');
  });
});
