import { describe, expect, it } from 'vitest';
import { Time, timeOf, unixUsOf } from './time';
import { encode } from './types';

describe('time tags', () => {
  it('are eleven bytes, as F´ writes them', () => {
    expect(Buffer.from(encode(Time, timeOf(0x0102_0304 * 1e6 + 5))).toString('hex')).toBe(
      '0002000102030400000005',
    );
  });

  it('give back the instant that they were made of', () => {
    expect(unixUsOf(timeOf(1_700_000_000_123_456))).toBe(1_700_000_000_123_456);
  });

  it('never hold a full second of microseconds, whatever the rounding', () => {
    expect(timeOf(999_999.6)).toMatchObject({ seconds: 1, useconds: 0 });
  });
});
