/** What a weight of one is: 14 bits, so that two weighted bytes fit the 16-bit multipliers of every processor. */
export const ONE = 16_384;

/** The taps of each output pixel along one axis: `count` weights from input `starts[i]` on, their sum `ONE`. */
export interface Taps {
  readonly count: number;
  readonly starts: Uint32Array;
  readonly weights: Int16Array;
}

/**
 * Which input pixels make an output pixel: a triangle around the output pixel's centre ((i + ½) steps), one step wide
 * on each side but no less than one input pixel, cut at the ends. `input` and `output` are 1 or more. Only + − × ÷ and
 * floor of doubles, in this order: so every form has the same weights.
 */
export function makeTaps(input: number, output: number): Taps {
  const step = input / output;
  const reach = Math.max(step, 1);
  const windows = Array.from({ length: output }, (_, i) => {
    const centre = (i + 0.5) * step;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(input, Math.floor(centre + reach + 0.5));
    return { centre, first, end };
  });
  const count = windows.reduce((most, { first, end }) => Math.max(most, end - first), 0);
  const weights = new Int16Array(output * count);
  windows.forEach(({ centre, first, end }, i) => {
    const heights = Array.from({ length: end - first }, (_, k) =>
      Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / reach),
    );
    weights.set(roundToOne(heights), i * count);
  });
  return { count, starts: Uint32Array.from(windows, ({ first }) => first), weights };
}

/** Rounds the running sum, not each weight: so the weights make exactly one. */
function roundToOne(heights: readonly number[]): number[] {
  const total = heights.reduce((sum, height) => sum + height, 0);
  let sum = 0;
  let before = 0;
  return heights.map((height) => {
    sum += height;
    const edge = Math.floor((sum / total) * ONE + 0.5);
    const weight = edge - before;
    before = edge;
    return weight;
  });
}
