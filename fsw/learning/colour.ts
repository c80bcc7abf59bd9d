/**
 * Colour calibration by labelled tiles: the affine map of bands that brings the mean colour of each class back to what the
 * network was trained on, folded into its first convolution. Twelve numbers in closed form undo what a camera's years do to its
 * bands, before anything is learned; they need the classes' mean colours of the training tiles, three numbers each.
 */
import { fail, type Result, succeed } from '../errors';
import type { Example } from './examples';
import { readGraph } from './graph/codec';
import type { Graph, GraphNode, Initializer } from './graph/graph';
import type { TunedModel } from './tuning';

/** Mean colour of the tiles of each class. */
export interface ClassColours {
  /** [classes][3], in the units of the pixels. */
  readonly means: readonly (readonly number[])[];
  /** Tiles that each mean is of, by weight; 0: nothing known of the class. */
  readonly weights: readonly number[];
}

/** seen → 3 × 3 matrix · seen + offset. */
export interface ColourMap {
  readonly matrix: readonly (readonly number[])[];
  readonly offset: readonly number[];
}

const BANDS = 3;
/** Share of the bands' own spread at which the fit holds on to the identity: what two classes alone leave open stays as it is. */
const RIDGE = 1e-4;

/** Of channel-first tiles with three bands; an example counts for each class by its target. */
export function classColours(examples: readonly Example[], classes: number): ClassColours {
  const sums = Array.from({ length: classes }, () => [0, 0, 0]);
  const weights = new Array<number>(classes).fill(0);
  for (const { input, target, weight } of examples) {
    const colour = meanColour(input);
    for (let c = 0; c < classes; c++) {
      weights[c] += weight * target[c];
      for (let band = 0; band < BANDS; band++) sums[c][band] += weight * target[c] * colour[band];
    }
  }
  return {
    means: sums.map((sum, c) => sum.map((value) => (weights[c] > 0 ? value / weights[c] : 0))),
    weights,
  };
}

export function meanColour(pixels: ArrayLike<number>): number[] {
  const plane = pixels.length / BANDS;
  return Array.from({ length: BANDS }, (_, band) => {
    let sum = 0;
    for (let i = band * plane; i < (band + 1) * plane; i++) sum += pixels[i];
    return sum / plane;
  });
}

/** The map of least squares from the colours seen to those of the training tiles, each class by the tiles that were seen of it. */
export function fitColours(seen: ClassColours, reference: ClassColours): ColourMap {
  const rows = seen.weights.flatMap((weight, c) =>
    weight > 0 && reference.weights[c] > 0
      ? [{ weight, from: [...seen.means[c], 1], to: reference.means[c] }]
      : [],
  );
  const total = rows.reduce((sum, { weight }) => sum + weight, 0);
  const square = Array.from({ length: BANDS + 1 }, (_, i) =>
    Array.from({ length: BANDS + 1 }, (_, j) =>
      rows.reduce((sum, { weight, from }) => sum + weight * from[i] * from[j], 0),
    ),
  );
  const middle = (band: number) => square[band][BANDS] / (total || 1);
  const spread = Array.from({ length: BANDS }, (_, band) => square[band][band] - total * middle(band) ** 2);
  const hold = RIDGE * spread.reduce((sum, value) => sum + value, 0) + Number.EPSILON;
  const held = square.map((row, i) => row.map((value, j) => value + (i === j && i < BANDS ? hold : 0)));
  // An offset is held by next to nothing, so that it is defined where no class is known.
  held[BANDS][BANDS] += Number.EPSILON;
  const solved = Array.from({ length: BANDS }, (_, band) =>
    solve(
      held,
      Array.from(
        { length: BANDS + 1 },
        (_, i) =>
          rows.reduce((sum, { weight, from, to }) => sum + weight * from[i] * to[band], 0) +
          (i === band ? hold : 0),
      ),
    ),
  );
  return { matrix: solved.map((row) => row.slice(0, BANDS)), offset: solved.map((row) => row[BANDS]) };
}

/**
 * The weights file of a model that sees colours through the map, exactly: the map goes into the mean that is taken from the input
 * and into the first convolution. Errors: GRAPH_FILE, COLOUR_MAP (the network does not begin with mean, scale and a convolution
 * of three bands whose values lie in the file, or the map cannot be turned back).
 */
export function recoloured(model: TunedModel, map: ColourMap): Result<Uint8Array> {
  const read = readGraph(model.graph);
  if (!read.ok) return read;
  const names = entrance(read.value);
  if (names === undefined)
    return fail('COLOUR_MAP', { why: 'the network does not begin with (x − mean) scale and a convolution' });
  const file = new Uint8Array(model.weights);
  const [mean, scale, kernel] = names.map((name) => valuesOf(read.value.initializers.get(name), model, file));
  if (!mean || !scale || !kernel || mean.length !== BANDS || scale.length !== BANDS)
    return fail('COLOUR_MAP', { why: 'mean, scale or first convolution do not lie in the weights file' });
  // scale (M x + o − mean) = (S M S⁻¹) scale (x − M⁻¹ (mean − o)).
  const away = Array.from(mean, (value, band) => value - map.offset[band]);
  const from = solve(map.matrix, away);
  if (!from.every(Number.isFinite)) return fail('COLOUR_MAP', { why: 'the map folds colours together' });
  const turned = map.matrix.map((row, to) => row.map((value, band) => (scale[to] * value) / scale[band]));
  const mixed = mixedKernel(kernel, turned, read.value.initializers.get(names[2])?.dims ?? []);
  for (const [i, values] of [Float32Array.from(from), undefined, mixed].entries()) {
    const at = read.value.initializers.get(names[i])?.external;
    if (values && at) file.set(new Uint8Array(values.buffer), at.offset);
  }
  return succeed(file);
}

/** Kernels [outputs, bands, rows, columns] that see `matrix` times what they are given. */
function mixedKernel(
  kernel: Float32Array,
  matrix: readonly (readonly number[])[],
  [outputs, , rows, columns]: readonly number[],
): Float32Array {
  const area = rows * columns;
  const mixed = new Float32Array(kernel.length);
  for (let o = 0; o < outputs; o++)
    for (let band = 0; band < BANDS; band++)
      for (let k = 0; k < area; k++) {
        let sum = 0;
        for (let to = 0; to < BANDS; to++) sum += kernel[(o * BANDS + to) * area + k] * matrix[to][band];
        mixed[(o * BANDS + band) * area + k] = sum;
      }
  return mixed;
}

/** Names of mean, scale and kernel of a graph that begins with Conv((x − mean) scale). */
function entrance({ inputs, nodes }: Graph): [string, string, string] | undefined {
  const reading = (value: string | undefined, op: string): GraphNode | undefined => {
    const readers = nodes.filter((node) => value !== undefined && node.inputs.includes(value));
    return readers.length === 1 && readers[0].op === op && readers[0].inputs[0] === value
      ? readers[0]
      : undefined;
  };
  const centred = reading(inputs[0]?.name, 'Sub');
  const scaled = reading(centred?.outputs[0], 'Mul');
  const convolved = reading(scaled?.outputs[0], 'Conv');
  return centred && scaled && convolved && [centred.inputs[1], scaled.inputs[1], convolved.inputs[1]];
}

function valuesOf(
  initializer: Initializer | undefined,
  { weightsName }: TunedModel,
  file: Uint8Array,
): Float32Array | undefined {
  const at = initializer?.external;
  if (at?.location !== weightsName || at.offset + at.length > file.length) return undefined;
  return new Float32Array(file.slice(at.offset, at.offset + at.length).buffer);
}

/** A x = y by elimination with pivots; values that are no numbers where A has no inverse. */
function solve(a: readonly (readonly number[])[], y: readonly number[]): number[] {
  const rows = a.map((row, i) => [...row, y[i]]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    const pivot = rows.reduce(
      (best, row, i) => (i >= column && Math.abs(row[column]) > Math.abs(rows[best][column]) ? i : best),
      column,
    );
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    for (let i = 0; i < size; i++) {
      if (i === column) continue;
      const factor = rows[i][column] / rows[column][column];
      for (let j = column; j <= size; j++) rows[i][j] -= factor * rows[column][j];
    }
  }
  return rows.map((row, i) => row[size] / row[i]);
}
