/**
 * Where on Earth upsets happen: counts and exposure by cells of latitude and longitude, from which a rate for each
 * follows. The South Atlantic Anomaly shows itself, without a model of the field.
 */

export const CELL_LAT_DEG = 15;
export const CELL_LON_DEG = 20;
const ROWS = 180 / CELL_LAT_DEG;
const COLUMNS = 360 / CELL_LON_DEG;
export const CELLS = ROWS * COLUMNS;

const DAY_S = 86_400;

export interface UpsetPeak {
  /** Centre of the cell. */
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly perMiBDay: number;
}

/** The cell of a place, row by row from the south, each from 180° W eastwards. */
export function cellOf({ latDeg, lonDeg }: { readonly latDeg: number; readonly lonDeg: number }): number {
  const row = Math.min(ROWS - 1, Math.max(0, Math.floor((latDeg + 90) / CELL_LAT_DEG)));
  const column = Math.floor((lonDeg + 180) / CELL_LON_DEG) % COLUMNS;
  return row * COLUMNS + ((column + COLUMNS) % COLUMNS);
}

export class UpsetMap {
  /** Upsets found over each cell. */
  readonly counts = new Array<number>(CELLS).fill(0);
  /** How long how much memory was open to them over each cell, MiB × seconds. */
  readonly exposure = new Array<number>(CELLS).fill(0);

  expose(cell: number, mib: number, seconds: number): void {
    this.exposure[cell] += mib * seconds;
  }

  add(cell: number, upsets: number): void {
    this.counts[cell] += upsets;
  }

  clear(): void {
    this.counts.fill(0);
    this.exposure.fill(0);
  }

  /**
   * The cell with the highest rate that its upsets vouch for: one standard deviation (√n, Poisson) below what was
   * found, so that a single upset over a cell just entered is none. All 0 before there were two anywhere.
   */
  peak(): UpsetPeak {
    let best = -1;
    let most = 0;
    for (const [cell, count] of this.counts.entries()) {
      const sure = (count - Math.sqrt(count)) / this.exposure[cell];
      if (!(sure > most)) continue;
      most = sure;
      best = cell;
    }
    if (best < 0) return { latDeg: 0, lonDeg: 0, perMiBDay: 0 };
    return {
      latDeg: -90 + (Math.floor(best / COLUMNS) + 0.5) * CELL_LAT_DEG,
      lonDeg: -180 + ((best % COLUMNS) + 0.5) * CELL_LON_DEG,
      perMiBDay: (this.counts[best] / this.exposure[best]) * DAY_S,
    };
  }
}
