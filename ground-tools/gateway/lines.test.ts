import { describe, expect, it } from 'vitest';
import { jsonText } from './lines';

describe('messages as JSON', () => {
  it('have bytes as hex, whatever kind of array holds them, and long integers as text', () => {
    const bytes = [Uint8Array.of(1, 255), Buffer.from([2, 254]), Buffer.from([0, 3, 253]).subarray(1)];
    expect(jsonText({ bytes, one: bytes[1], long: 2n ** 63n, none: null })).toBe(
      '{"bytes":["01ff","02fe","03fd"],"one":"02fe","long":"9223372036854775808","none":null}',
    );
  });
});
