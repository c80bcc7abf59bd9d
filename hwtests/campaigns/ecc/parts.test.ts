import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../fsw/framework/random';
import { floatOfHalf, halfOfFloat, toFloats, toHalves } from './float16';
import { readGguf } from './gguf';
import { injectFaults } from './inject';
import { plotSvg } from './plot';

describe('fault injection', () => {
  it('flips the share of bits that it is told, in clusters of their size', () => {
    for (const cluster of [1, 4, 16]) {
      const stretches = [new Uint8Array(100_000), new Uint8Array(28_000)];
      const flipped = injectFaults(stretches, 1e-3, cluster, seededRandom(1, `cluster ${cluster}`));
      expect(flipped / (128_000 * 8)).toBeGreaterThan(0.8e-3);
      expect(flipped / (128_000 * 8)).toBeLessThan(1.2e-3);
      const bits = Buffer.concat(stretches).reduce(
        (sum, byte) => sum + byte.toString(2).replaceAll('0', '').length,
        0,
      );
      // Two clusters may meet in a bit and undo each other there.
      expect(flipped - bits).toBeLessThan(flipped / 20);
    }
  });

  it('flips nothing where the rate says so, and the same from the same seed', () => {
    const hit = (seed: number, rate: number) => {
      const bytes = new Uint8Array(10_000);
      injectFaults([bytes], rate, 2, seededRandom(seed));
      return bytes;
    };
    expect(hit(1, 1e-12)).toEqual(new Uint8Array(10_000));
    expect(hit(1, 1e-3)).toEqual(hit(1, 1e-3));
    expect(hit(2, 1e-3)).not.toEqual(hit(1, 1e-3));
  });
});

describe('half precision', () => {
  it('comes back for every half that is a number', () => {
    for (let half = 0; half < 65_536; half++) {
      const value = floatOfHalf(half);
      if (!Number.isNaN(value)) expect(halfOfFloat(value)).toBe(half);
    }
  });

  it('rounds to the nearest, ties to even, and to infinity beyond the largest', () => {
    expect(halfOfFloat(1)).toBe(0x3c00);
    expect(halfOfFloat(1 + 2 ** -11)).toBe(0x3c00);
    expect(halfOfFloat(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(halfOfFloat(-65_504)).toBe(0xfbff);
    expect(halfOfFloat(65_519)).toBe(0x7bff);
    expect(halfOfFloat(65_520)).toBe(0x7c00);
    expect(halfOfFloat(2 ** -25)).toBe(0);
    expect(halfOfFloat(3 * 2 ** -25)).toBe(2);
    expect(floatOfHalf(halfOfFloat(Number.NaN))).toBeNaN();
  });

  it('converts in bulk', () => {
    const floats = new Float32Array(3);
    toFloats(toHalves(Float32Array.of(0.5, -2, 3.140625)), floats);
    expect([...floats]).toEqual([0.5, -2, 3.140625]);
  });
});

describe('GGUF', () => {
  /** A head with a number, a string, an array of strings, and two tensors. */
  function head(): Buffer {
    const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
    const u64 = (value: number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
    const text = (value: string) => Buffer.concat([u64(value.length), Buffer.from(value)]);
    const tensor = (name: string, offset: number) =>
      Buffer.concat([text(name), u32(2), u64(64), u64(4), u32(3), u64(offset)]);
    return Buffer.concat([
      Buffer.from('GGUF'),
      u32(3),
      u64(2),
      u64(4),
      Buffer.concat([text('general.alignment'), u32(4), u32(64)]),
      Buffer.concat([text('general.name'), u32(8), text('a model')]),
      Buffer.concat([text('tokens'), u32(9), u32(8), u64(2), text('a'), text('b')]),
      Buffer.concat([text('scale'), u32(12), Buffer.alloc(8)]),
      tensor('first', 0),
      tensor('second', 160),
    ]);
  }

  it('says where each tensor is, from the aligned end of the head on', () => {
    const bytes = head();
    const start = Math.ceil(bytes.length / 64) * 64;
    expect(readGguf(bytes, 'a.gguf')).toEqual({
      ok: true,
      value: [
        { name: 'first', shape: [64, 4], type: 3, offset: start },
        { name: 'second', shape: [64, 4], type: 3, offset: start + 160 },
      ],
    });
  });

  it('is refused where it is cut off anywhere, or is something else', () => {
    const whole = head();
    for (let length = 0; length < whole.length; length++)
      expect(readGguf(whole.subarray(0, length), 'a.gguf')).toMatchObject({
        ok: false,
        error: { code: 'GGUF_FORM' },
      });
    const other = Buffer.from(whole);
    other[4] = 2;
    expect(readGguf(other, 'a.gguf')).toMatchObject({
      error: { text: expect.stringContaining('version 2') },
    });
    expect(readGguf(Buffer.from('safetensors!'), 'a.gguf').ok).toBe(false);
  });
});

describe('the plot', () => {
  it('is a picture by itself, with a line and a name for each series', () => {
    const series = [
      { name: 'none', values: [0, 50, 100] },
      { name: 'a < b', values: [0, 0, 1] },
    ];
    const svg = plotSvg(
      'title',
      'damage',
      [1e-5, 1e-4, 1e-3],
      [
        { title: 'one', series },
        { title: 'two', series },
      ],
    );
    expect(svg.match(/<polyline /g)).toHaveLength(4);
    expect(svg).toContain('a &lt; b');
    expect(svg).not.toMatch(/href|NaN|undefined/);
  });
});
