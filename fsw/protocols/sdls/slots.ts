/** Where keys lie: a slot of a direction has a key file, an SPI and a counter of its own. */

export type Direction = 'tc' | 'tm';
export const KEY_SLOTS = 4;
/** Used only after a loss of the counter file, when nobody knows how far the other keys were used. */
export const RESERVE_SLOT = 3;
/** The counters of slots 0..2, and of the reserve: losing one does not lose the other. */
export const COUNTER_FILE = 'link-counters.bin';
export const RESERVE_FILE = 'link-reserve.bin';

/** File of 32 raw bytes, e.g. `tc-0.key`. */
export function keyFile(direction: Direction, slot: number): string {
  return `${direction}-${slot}.key`;
}

/** TC slots have SPI 1, 3, 5, 7, TM slots 2, 4, 6, 8. */
export function spiOf(direction: Direction, slot: number): number {
  return 2 * slot + (direction === 'tc' ? 1 : 2);
}

/** The slot of an SPI in one direction, or undefined. */
export function slotOf(direction: Direction, spi: number): number | undefined {
  const twice = spi - (direction === 'tc' ? 1 : 2);
  return twice >= 0 && twice % 2 === 0 && twice < 2 * KEY_SLOTS ? twice / 2 : undefined;
}
