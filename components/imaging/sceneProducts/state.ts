import type { Time } from '../../../fsw/framework';
import type { ProductHead } from '../../../fsw/products';
import type { Keeper } from './keeper';
import type { Overview } from './overview';
import type { Radiometry } from './pictures';
import type { Regions } from './regions';

export interface Capture {
  readonly overview: Overview;
  readonly width: number;
  /** Of its first strip. */
  readonly time: Time;
  /** Of its heaviest strip. */
  weight: number;
  lines: number;
  clearLines: number;
  /** Of red, green and blue. */
  readonly radiometry: readonly Radiometry[];
  /** A picture of it failed: said once. */
  failed: boolean;
}

/** A picture that is kept in layers. */
export interface Layered {
  readonly file: string;
  readonly head: ProductHead;
  readonly ends: readonly number[];
  /** What the first layer is worth. */
  readonly value: number;
  readonly time: Time;
  readonly lifeS: number;
  sent: number;
}

export interface State {
  readonly regions: Regions;
  readonly keeper: Keeper;
  /** By number, the oldest first; bounded. */
  readonly captures: Map<number, Capture>;
  readonly pictures: Map<number, Layered>;
  products: number;
  strips: number;
  vessels: number;
  packets: number;
  packetBytes: number;
  notKept: number;
}

/** Forgets what was added first when there are more than `most`. */
export function bound<T>(map: Map<number, T>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
