/** The record of what hit what, for the report of a flight. */
import type { TargetKind } from './targets';

export interface Hit {
  /** Flight time, microseconds; the place is the satellite's. */
  readonly atUs: number;
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly kind: TargetKind;
  /** Name of the memory, the file, or the runtime's model. */
  readonly target: string;
  /** First bit that was upset, and how many neighbours were. */
  readonly first: number;
  readonly bits: number;
}

export interface HitCount {
  readonly hits: number;
  readonly bits: number;
}

/** Sides of a map cell: the scrubber's own. */
export const CELL_LAT_DEG = 15;
export const CELL_LON_DEG = 20;

export class HitLog {
  readonly all: Hit[] = [];

  add(hit: Hit): void {
    this.all.push(hit);
  }

  byKind(): Record<string, HitCount> {
    return this.tally(({ kind }) => kind);
  }

  /** By kind and name of the target. */
  byTarget(): Record<string, HitCount> {
    return this.tally(({ kind, target }) => `${kind} ${target}`);
  }

  /** Events by how many cells they upset. */
  clusters(): Record<string, number> {
    const sizes: Record<string, number> = {};
    for (const { bits } of this.all) sizes[bits] = (sizes[bits] ?? 0) + 1;
    return sizes;
  }

  /** Hits by cells of latitude (rows, from the south) and longitude (columns, from 180° west). */
  map(): number[][] {
    const rows = Array.from({ length: 180 / CELL_LAT_DEG }, () =>
      new Array<number>(360 / CELL_LON_DEG).fill(0),
    );
    for (const { latDeg, lonDeg } of this.all) {
      const row = Math.min(rows.length - 1, Math.floor((latDeg + 90) / CELL_LAT_DEG));
      const column = Math.floor((lonDeg + 180) / CELL_LON_DEG) % rows[0].length;
      rows[row][column]++;
    }
    return rows;
  }

  /** One line a hit. */
  csv(): string {
    const lines = this.all.map(({ atUs, latDeg, lonDeg, kind, target, first, bits }) =>
      [(atUs / 1e6).toFixed(3), latDeg.toFixed(2), lonDeg.toFixed(2), kind, target, first, bits].join(','),
    );
    return `seconds,latDeg,lonDeg,kind,target,firstBit,bits\n${lines.join('\n')}\n`;
  }

  private tally(nameOf: (hit: Hit) => string): Record<string, HitCount> {
    const counts: Record<string, HitCount> = {};
    for (const hit of this.all) {
      const name = nameOf(hit);
      const { hits = 0, bits = 0 } = counts[name] ?? {};
      counts[name] = { hits: hits + 1, bits: bits + hit.bits };
    }
    return counts;
  }
}
