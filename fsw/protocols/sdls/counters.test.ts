import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkTcContent, fingerprintOf, newCounters, readCounters, slotOf, spiOf, writeCounters } from '.';

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

describe('counter file', () => {
  const fingerprint = fc
    .uint8Array({ minLength: 8, maxLength: 8 })
    .map((b) => Buffer.from(b).toString('hex'));
  const counters = fc.record({
    incomplete: fc.boolean(),
    activeTc: fc.nat(3),
    activeTm: fc.nat(3),
    oldTc: fc.option(fc.nat(3), { nil: undefined }),
    window: fc.nat(),
    next: fc
      .array(fc.tuple(fingerprint, fc.bigInt({ min: 0n, max: (1n << 96n) - 1n })), { maxLength: 9 })
      .map((entries) => new Map(entries)),
  });

  it('gives back what was written', () => {
    fc.assert(
      fc.property(counters, (value) => {
        expect(readCounters(writeCounters(value))).toEqual({ ok: true, value });
      }),
    );
  });

  it('is refused with any one bit changed, cut anywhere, or with anything behind it', () => {
    const whole = writeCounters({ ...newCounters(), next: new Map([[fingerprintOf(hex('01')), 77n]]) });
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const copy = whole.slice();
      copy[bit >> 3] ^= 1 << (bit & 7);
      expect(readCounters(copy).ok).toBe(false);
    }
    for (let length = 0; length < whole.length; length++)
      expect(readCounters(whole.subarray(0, length)).ok).toBe(false);
    expect(readCounters(Uint8Array.of(...whole, 0)).ok).toBe(false);
  });
});

describe('slots', () => {
  it('each slot of each direction has an SPI of its own, and back', () => {
    const all = (['tc', 'tm'] as const).flatMap((direction) =>
      [0, 1, 2, 3].map((slot) => ({ direction, slot })),
    );
    expect(new Set(all.map(({ direction, slot }) => spiOf(direction, slot))).size).toBe(8);
    for (const { direction, slot } of all) expect(slotOf(direction, spiOf(direction, slot))).toBe(slot);
    for (const spi of [0, 2, 9, 0xffff]) expect(slotOf('tc', spi)).toBeUndefined();
    for (const spi of [0, 1, 10]) expect(slotOf('tm', spi)).toBeUndefined();
  });
});

describe('content of an opened frame', () => {
  const command = '1000c00000050000000010000000'.slice(0, 24);

  it('one or several packets of known APIDs and idle ones, to the last byte', () => {
    for (const good of [command, command + command, `${command}07ffc000000044`, `100ac000000001`])
      expect(checkTcContent(hex(good)).ok).toBe(true);
  });

  it.each([
    ['version', `3${command.slice(1)}`],
    ['telemetry', `0${command.slice(1)}`],
    ['secondary header', `18${command.slice(2)}`],
    ['a segment', `100040${command.slice(6)}`],
    ['APID 9', `1009${command.slice(4)}`],
    ['bytes stated', command.slice(0, -2)],
    ['bytes are no packet', `${command}00`],
    ['APID 1 ', `${command}1001${command.slice(4)}`],
  ])('refuses %s', (why, data) => {
    const checked = checkTcContent(hex(data));
    expect(checked).toMatchObject({ ok: false, error: { code: 'SDLS_CONTENT' } });
    if (!checked.ok) expect(checked.error.text).toContain(why.trim());
  });
});
