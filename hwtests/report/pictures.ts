/** The pictures of a flight that its page shows: a bounded number, however long it flies. */
import sharp from 'sharp';
import type { EarthMap } from '../simulators/earth';

/** Longest side of a picture on the page. */
const MAX_SIDE_PX = 256;
const EARTH_WIDTH_PX = 1024;

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Interleaved RGB. */
  readonly pixels: Uint8Array;
}

/** A copy of a frame's pixels, every so many of them, so that no side is longer than the page needs. */
export function shrunk(pixels: Uint8Array, width: number, height: number): Picture {
  const step = Math.ceil(Math.max(width, height) / MAX_SIDE_PX);
  const small = { width: Math.floor(width / step), height: Math.floor(height / step) };
  const copy = new Uint8Array(small.width * small.height * 3);
  for (let row = 0, i = 0; row < small.height; row++)
    for (let column = 0; column < small.width; column++, i += 3) {
      const at = (row * step * width + column * step) * 3;
      copy[i] = pixels[at];
      copy[i + 1] = pixels[at + 1];
      copy[i + 2] = pixels[at + 2];
    }
  return { ...small, pixels: copy };
}

/** A picture for the page; the same pixels give the same bytes. */
export async function webp({ width, height, pixels }: Picture): Promise<Uint8Array> {
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .webp({ quality: 80, effort: 2 })
    .toBuffer();
}

/** The map under the ground track, from the maps that the imager looks at. */
export async function earthPicture({ width, height, data }: EarthMap): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .resize(EARTH_WIDTH_PX, EARTH_WIDTH_PX / 2)
    .webp({ quality: 70, effort: 2 })
    .toBuffer();
}

/** Keeps every first, then every second, fourth … of what is added, so that never more than `most` are held. */
export class EvenSample<T> {
  stride = 1;
  private added = 0;
  private kept: T[] = [];

  constructor(private readonly most: number) {}

  /** Whether it was kept, so far. */
  add(item: T): boolean {
    if (this.added++ % this.stride !== 0) return false;
    this.kept.push(item);
    if (this.kept.length > this.most) {
      this.stride *= 2;
      this.kept = this.kept.filter((_, i) => i % 2 === 0);
    }
    return this.kept.includes(item);
  }

  get items(): readonly T[] {
    return this.kept;
  }
}
