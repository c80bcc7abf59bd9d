/** The small picture of a whole capture, made as its strips come. */
import { type Colours, countAt, type Picture } from './pictures';

/** A capture longer than this many pictures' widths is cut off. */
const MAX_ASPECT = 8;

export class Overview {
  readonly #step: number;
  readonly #width: number;
  readonly #mostRows: number;
  /** Reflectance summed up, three values a pixel, and how many pixels each row has of each column's. */
  readonly #rows: { readonly sums: Float32Array; lines: number }[] = [];

  /** `width`: finest pixels across. */
  constructor(width: number, mostPx: number) {
    this.#step = Math.max(1, Math.ceil(width / mostPx));
    this.#width = Math.ceil(width / this.#step);
    this.#mostRows = MAX_ASPECT * mostPx;
  }

  /** Adds `height` lines whose first is `firstLine` of the capture. */
  add(colours: Colours, firstLine: number, width: number, height: number): void {
    for (let y = 0; y < height; y++) {
      const index = Math.floor((firstLine + y) / this.#step);
      if (index >= this.#mostRows) return;
      while (this.#rows.length <= index)
        this.#rows.push({ sums: new Float32Array(this.#width * 3), lines: 0 });
      const row = this.#rows[index];
      row.lines++;
      for (let x = 0; x < width; x++) {
        const at = Math.floor(x / this.#step) * 3;
        colours.forEach((plane, colour) => {
          row.sums[at + colour] += countAt(plane, x, y) * plane.gain + plane.offset;
        });
      }
    }
  }

  /** Means; reflectance 0 is black, `full` is white. `width`: finest pixels across. Undefined when there is nothing. */
  picture(width: number, full: number): Picture | undefined {
    if (this.#rows.length === 0) return undefined;
    const pixels = new Uint8Array(this.#rows.length * this.#width * 3);
    this.#rows.forEach(({ sums, lines }, row) => {
      for (let i = 0; i < sums.length; i++) {
        const columns = Math.min(this.#step, width - Math.floor(i / 3) * this.#step);
        const mean = sums[i] / Math.max(1, columns * lines);
        pixels[row * sums.length + i] = Math.min(255, Math.max(0, Math.round((mean / full) * 255)));
      }
    });
    return { width: this.#width, height: this.#rows.length, pixels };
  }
}
