/** What the experiment promised, and whether it came so. */
import { hoursTo, type Outcome } from './outcome';

/** Of the raw frame under a tile: 64 × 64 pixels, three bands of 12 bits in 16. */
export const RAW_FRAME_TILE_BYTES = 64 * 64 * 3 * 2;
/** The share of what central training gains that counts as the target. */
const TARGET_SHARE = 0.9;
const MAX_GAP = 0.01;
const MIN_FEWER_BYTES = 10;
const MIN_SHORTER = 0.4;

export interface Bytes {
  readonly raw: number;
  readonly jpeg: number;
  readonly frames: number;
}

export interface Verdict {
  /** Validation accuracy to reach. */
  readonly target: number;
  /** Hours to it, of each way that reached it. */
  readonly hours: readonly { readonly name: string; readonly hours: number | null }[];
  readonly promises: readonly { readonly what: string; readonly found: string; readonly kept: boolean }[];
}

export interface Compared {
  readonly shipped: Outcome;
  readonly central: Outcome;
  readonly federated: Outcome;
  readonly inTurn: Outcome;
  readonly others: readonly Outcome[];
}

export function verdictOf({ shipped, central, federated, inTurn, others }: Compared, tiles: Bytes): Verdict {
  const [before, best] = [shipped, central].map(({ points }) => points[points.length - 1].accuracy);
  const target = before + TARGET_SHARE * (best - before);
  const gap = central.test - federated.test;
  const { down } = federated.traffic.bytes;
  const fewer = tiles.raw / down;
  const [ours, turns] = [federated, inTurn].map(({ points }) => hoursTo(points, target));
  const shorter = ours === undefined || turns === undefined ? undefined : 1 - ours / turns;
  const timely =
    ours === undefined
      ? 'the federation did not reach the target'
      : turns === undefined
        ? `${ours.toFixed(1)} h; in turn never in the time there was`
        : `${ours.toFixed(1)} h beside ${turns.toFixed(1)} h: ${percent(shorter ?? 0)} shorter`;
  return {
    target,
    hours: [federated, inTurn, central, ...others].map(({ name, points }) => ({
      name,
      hours: hoursTo(points, target) ?? null,
    })),
    promises: [
      {
        what: `within ${MAX_GAP * 100} point of central training, on the test tiles`,
        found: `${percent(federated.test)} beside ${percent(central.test)}: ${(100 * gap).toFixed(2)} points below`,
        kept: gap <= MAX_GAP,
      },
      {
        what: `at least ${MIN_FEWER_BYTES} × fewer bytes down than the raw tiles`,
        found: `${fewer.toFixed(1)} × fewer (${(tiles.jpeg / down).toFixed(1)} × than the tiles as JPEG, ${(tiles.frames / down).toFixed(1)} × than raw frames)`,
        kept: fewer >= MIN_FEWER_BYTES,
      },
      {
        what: `the target sooner by ${percent(MIN_SHORTER)} than by waiting for each satellite's own pass`,
        found: timely,
        kept: ours !== undefined && (shorter === undefined || shorter >= MIN_SHORTER),
      },
    ],
  };
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
