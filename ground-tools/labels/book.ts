/** The label book: one JSON file with all that the ground knows of tiles on board, from their records to their labels. */
import type { LabelUse } from '../../fsw/learning';

export const BOOK_FORMAT = 'perigee-labels/1';

/** A kept tile, as its record said. */
export interface BookTile {
  readonly tile: number;
  /** Unix seconds. */
  readonly seenS: number;
  /** Absent: it is not known where it lies. */
  readonly place?: {
    readonly latDeg: number;
    readonly lonDeg: number;
    readonly gsdM: number;
    readonly headingDeg: number;
  };
  readonly versionTag: number;
  /** Of each class, in 1/255. */
  readonly probabilities: readonly number[];
}

export const proposalStates = ['clear', 'weak', 'conflict'] as const;
export interface Proposal {
  readonly tile: number;
  readonly class: string;
  readonly confidence: number;
  /** `weak`: not sure enough, or the network alone says so. `conflict`: somebody who counts says otherwise. */
  readonly state: (typeof proposalStates)[number];
  /** One line a source that says something, the network first. */
  readonly why: readonly string[];
}

export interface Thumbnail {
  readonly tile: number;
  readonly quality: number;
  readonly webp: Uint8Array;
}

export interface Decision {
  readonly tile: number;
  /** Null: no label for this tile. */
  readonly class: string | null;
  readonly weight: number;
  readonly use: LabelUse;
  readonly by: string;
  readonly note: string;
  /** ISO 8601. */
  readonly at: string;
}

export interface Uplink {
  /** What the file is called on board. */
  readonly name: string;
  readonly sha256: string;
  readonly labels: number;
  readonly fileBytes: number;
  /** Of the packets that carried it, repeats included. */
  readonly sentBytes: number;
  /** The spacecraft has it, and the tuner took it. */
  readonly taken: boolean;
  readonly at: string;
}

export interface BookSource {
  readonly name: string;
  readonly kind: string;
  readonly weight: number;
  readonly sha256: string;
}

export interface Book {
  readonly deployment: string;
  /** The hash of the dictionary that the records were read with. */
  readonly dictionary: string;
  /** The instance on board that keeps the tiles. */
  readonly archive: string;
  readonly model: string;
  readonly classes: readonly string[];
  readonly sources: readonly BookSource[];
  readonly tiles: readonly BookTile[];
  readonly proposals: readonly Proposal[];
  readonly thumbnails: readonly Thumbnail[];
  readonly decisions: readonly Decision[];
  readonly uplinks: readonly Uplink[];
  /** Bytes of space packets that have come, each counted once; of records, those of tiles that were not kept too. */
  readonly down: { readonly records: number; readonly recordBytes: number; readonly thumbnailBytes: number };
  /** Commands that were sent for pictures and for labels, repeats included, and bytes of their packets. */
  readonly up: { readonly commands: number; readonly commandBytes: number };
}

/** The later of two things about a tile counts. In the order of their tiles. */
export function byTile<T extends { readonly tile: number }>(...lists: readonly (readonly T[])[]): T[] {
  const all = new Map(lists.flat().map((one) => [one.tile, one]));
  return [...all.values()].sort((a, b) => a.tile - b.tile);
}
