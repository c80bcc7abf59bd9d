/** What a detector looks at: a strip between the last lines of the one before and the first of the one behind. */
import type { Picture } from '../../../native/image';
import { findRgb, type Levels } from '../rgb';
import type { Held } from '../stripLine';
import { TILE_PX } from './decode';

/** Lines kept of what went before: enough for a tile that ends with the capture. */
const KEPT = TILE_PX;
/** Pixels at a tile's edge whose centres another tile judges. */
export const MARGIN = 16;

export interface View {
  readonly picture: Picture;
  /** The strip's first line in the picture, its lines, and the lines that are there in all. */
  readonly top: number;
  readonly lines: number;
  readonly there: number;
  readonly width: number;
}

export class StripPicture {
  private data = new Uint8Array(0);
  private kept = 0;
  private lineBytes = 0;
  private view: View | undefined;

  /** Nothing of what went before belongs to the next strip. */
  forget(): void {
    this.kept = 0;
  }

  /**
   * Lays the strip out below the lines kept. A picture that is smaller than a tile goes on as its last line and column.
   */
  take(strip: Held, next: Held | undefined, scale: number, planes: readonly number[], levels: Levels): View {
    const [width, lines] = [Math.ceil(strip.info.width / scale), Math.floor(strip.info.height / scale)];
    const padded = Math.max(width, TILE_PX);
    if (padded * 3 !== this.lineBytes) this.kept = 0;
    this.lineBytes = padded * 3;
    const needed = (KEPT + Math.max(lines + MARGIN, TILE_PX)) * this.lineBytes;
    if (this.data.length < needed) {
      const grown = new Uint8Array(needed);
      grown.set(this.data.subarray(0, this.kept * this.lineBytes));
      this.data = grown;
    }
    const [top, below] = [this.kept, this.kept + lines];
    const range = { from: 0, width, padded };
    levels.write(strip.stack, planes, { ...range, count: lines }, this.data, top * this.lineBytes);
    const ahead = next === undefined ? 0 : this.ahead(strip, next, scale);
    if (next !== undefined && ahead > 0)
      levels.write(next.stack, planes, { ...range, count: ahead }, this.data, below * this.lineBytes);
    const there = below + ahead;
    const height = Math.max(there, TILE_PX);
    const last = Math.max(0, there - 1) * this.lineBytes;
    for (let line = there; line < height; line++)
      this.data.copyWithin(line * this.lineBytes, last, last + this.lineBytes);
    const picture = { data: this.data, width: padded, height, channels: 3 };
    this.view = { picture, top, lines, there, width };
    return this.view;
  }

  /** The strip is done with: keeps its last lines for the next one. */
  keep(): void {
    const { view } = this;
    if (view === undefined) return;
    const end = view.top + view.lines;
    this.kept = Math.min(KEPT, end);
    this.data.copyWithin(0, (end - this.kept) * this.lineBytes, end * this.lineBytes);
    this.view = undefined;
  }

  private ahead(strip: Held, next: Held, scale: number): number {
    const { info } = next;
    const follows = info.firstLine === strip.info.firstLine + strip.info.height;
    const rgb = findRgb(next.stack);
    if (!follows || info.width !== strip.info.width || !rgb.ok || rgb.value.scale !== scale) return 0;
    return Math.min(MARGIN, Math.floor(info.height / scale));
  }
}
