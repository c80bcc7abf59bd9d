/** What the network and the Earth's other witnesses say of a tile, weighed against each other. */
import type { BookTile, Proposal } from './book';

/** What a source says of one tile: of the ground under it, which share shows which of the classes. */
export interface Testimony {
  /** Each part of the tile names the classes that it may be; what is left of 1 is not known. */
  readonly parts: readonly { readonly share: number; readonly classes: readonly number[] }[];
}

export interface Witness {
  readonly name: string;
  /** Multiplies its log-odds: 1 is taken at its word. */
  readonly weight: number;
  readonly testimony: Testimony;
}

export interface Weighing {
  readonly classes: readonly string[];
  readonly networkWeight: number;
  /** From this confidence on a proposal needs no picture. */
  readonly sure: number;
}

/** How likely a source is wrong about a place, for any of the other classes alike; so no word is taken for certain. */
const MISS = 0.02;
/** Who holds the winner to be this many times less likely than another class, by its weight, contradicts. */
const CONTRADICTS = Math.log(4);

/** How likely this testimony is if the tile is of each class. */
export function likelihoods({ parts }: Testimony, classes: number): number[] {
  const wrong = MISS / Math.max(1, classes - 1);
  const known = parts.reduce((sum, { share }) => sum + share, 0);
  return Array.from({ length: classes }, (_, index) =>
    parts.reduce(
      (sum, part) => sum + part.share * (part.classes.includes(index) ? 1 : wrong),
      Math.max(0, 1 - known),
    ),
  );
}

/**
 * Adds up the weighted log-likelihoods of all (weighted log-odds, were there two classes) and gives the likeliest class
 * with its share of the whole. Independence of the sources is assumed: a weight below 1 says where it is not so.
 */
export function propose(tile: BookTile, witnesses: readonly Witness[], weighing: Weighing): Proposal {
  const { classes, networkWeight, sure } = weighing;
  const network = tile.probabilities.map((count) => (count + 0.5) / (255 + classes.length / 2));
  const voices = [
    { name: 'network', weight: networkWeight, likely: network },
    ...witnesses.map(({ name, weight, testimony }) => ({
      name,
      weight,
      likely: likelihoods(testimony, classes.length),
    })),
  ];
  const scores = classes.map((_, index) =>
    voices.reduce((sum, { weight, likely }) => sum + weight * Math.log(likely[index]), 0),
  );
  const most = Math.max(...scores);
  const winner = scores.indexOf(most);
  const confidence = 1 / scores.reduce((sum, score) => sum + Math.exp(score - most), 0);
  const contradicts = voices.some(
    ({ weight, likely }) => weight * Math.log(Math.max(...likely) / likely[winner]) >= CONTRADICTS,
  );
  const isWeak = witnesses.length === 0 || confidence < sure;
  return {
    tile: tile.tile,
    class: classes[winner],
    confidence: Math.round(confidence * 1e4) / 1e4,
    state: contradicts ? 'conflict' : isWeak ? 'weak' : 'clear',
    why: [
      `network: ${topOf(network, classes)}${weightText(networkWeight)}`,
      ...witnesses.map(
        ({ name, weight, testimony }) => `${name}: ${partsText(testimony, classes)}${weightText(weight)}`,
      ),
    ],
  };
}

function topOf(shares: readonly number[], classes: readonly string[]): string {
  const order = shares.map((share, index) => ({ share, index })).sort((a, b) => b.share - a.share);
  return order
    .slice(0, 2)
    .filter(({ share }) => share >= 0.05)
    .map(({ share, index }) => `${classes[index]} ${share.toFixed(2)}`)
    .join(', ');
}

function partsText({ parts }: Testimony, classes: readonly string[]): string {
  return [...parts]
    .sort((a, b) => b.share - a.share)
    .slice(0, 3)
    .map(({ share, classes: of }) => `${of.map((index) => classes[index]).join(' or ')} ${share.toFixed(2)}`)
    .join(', ');
}

function weightText(weight: number): string {
  return weight === 1 ? '' : ` (weight ${weight})`;
}
