/** Where a strip is water, by its normalised difference (McFeeters 1996). */
import { image } from '../../native/image';
import { type Flags, type Grid, gridOf, toReflectance } from './reflectance';
import type { Held } from './stripLine';

/** Memory that is used again for each strip; it grows to the largest. */
export class WaterIndex {
  private planes = new Float32Array(0);
  private index = new Float32Array(0);
  private flags: Flags = { empty: new Uint8Array(0), saturated: new Uint8Array(0) };
  private grid: Grid | undefined;

  /** Takes a strip; false when its sensor lacks green or near infrared. */
  take({ info, stack }: Held): boolean {
    const grid = gridOf(stack, ['green', 'nir'], info);
    this.grid = grid.ok ? grid.value : undefined;
    if (!grid.ok) return false;
    const pixels = grid.value.width * grid.value.height;
    if (this.index.length < pixels) {
      this.planes = new Float32Array(pixels * 2);
      this.index = new Float32Array(pixels);
      this.flags = { empty: new Uint8Array(pixels), saturated: new Uint8Array(pixels) };
    }
    toReflectance(stack, grid.value, info.width, Number.POSITIVE_INFINITY, this.planes, this.flags);
    const scene = { data: this.planes.subarray(0, pixels * 2), bands: 2, pixels, layout: 'planar' as const };
    return pixels > 0 && image.normalisedDifference(scene, Uint32Array.of(0, 1), this.index).ok;
  }

  /** The share of a rectangle, in finest pixels of the strip, whose index is greater than `threshold`. */
  share(x: number, y: number, width: number, height: number, threshold: number): number {
    const { grid } = this;
    if (grid === undefined) return 1;
    const right = Math.min(grid.width, Math.ceil((x + width) / grid.scale));
    const bottom = Math.min(grid.height, Math.ceil((y + height) / grid.scale));
    let [pixels, water] = [0, 0];
    for (let row = Math.floor(y / grid.scale); row < bottom; row++)
      for (let column = Math.floor(x / grid.scale); column < right; column++, pixels++)
        if (this.index[row * grid.width + column] > threshold) water++;
    return pixels === 0 ? 0 : water / pixels;
  }
}
