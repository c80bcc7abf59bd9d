import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { image } from '../../native/image';

describe('preprocess', () => {
  it('gives what sharp gives, away from the edges of the crop, within 2 levels', async () => {
    const [width, height] = [160, 120];
    // A picture without noise: sharp keeps whole levels in between.
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      return 128 + 100 * Math.sin(x / 9 + (i % 3)) * Math.cos(y / 7);
    });
    const [cropSize, size] = [100, 44];
    const theirs = await sharp(data, { raw: { width, height, channels: 3 } })
      .extract({ left: 30, top: 10, width: cropSize, height: cropSize })
      .resize(size, size, { fit: 'fill', kernel: 'linear' })
      .raw()
      .toBuffer();
    const input = { width: size, height: size, mean: new Float32Array(3), std: new Float32Array(3).fill(1) };
    const ours = new Float32Array(3 * size * size);
    const crop = Uint32Array.of(30, 10, cropSize, cropSize);
    expect(image.preprocess({ data, width, height, channels: 3 }, crop, input, ours).ok).toBe(true);
    const differences = Array.from(ours, (value, i) => {
      const [c, y, x] = [Math.floor(i / size / size), Math.floor(i / size) % size, i % size];
      const inside = Math.min(x, y, size - 1 - x, size - 1 - y) >= 1;
      return inside ? Math.abs(value - theirs[(y * size + x) * 3 + c]) : 0;
    });
    expect(Math.max(...differences)).toBeLessThan(2);
  });
});
