/** A map of colours folded into a network, exactly: into the mean that it takes from its input, and its first convolution. */
import { fail, type Result, succeed } from '../errors';
import { BANDS, type ColourMap, solve } from './colour';
import { readGraph } from './graph/codec';
import type { Graph, GraphNode } from './graph/graph';
import type { TunedModel } from './tuning';

/** What a network begins with: Conv((x − mean) scale). */
interface Entrance {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
  /** [outputs, bands, rows, columns]. */
  readonly kernel: Float32Array;
  readonly outputs: number;
  /** First bytes of mean and kernel in the weights file. */
  readonly at: { readonly mean: number; readonly kernel: number };
}

/** Mean and deviation that the network takes its input to have. Errors as `recoloured`. */
export function inputStatistics(model: TunedModel): Result<{ mean: number[]; deviation: number[] }> {
  const found = entrance(model);
  if (!found.ok) return found;
  const { mean, scale } = found.value;
  return succeed({ mean: [...mean], deviation: Array.from(scale, (value) => 1 / value) });
}

/**
 * The weights file of the network that sees colours through the map. Errors: GRAPH_FILE, COLOUR_MAP (the network does not begin
 * with mean, scale and a convolution of three bands whose values lie in the file, or the map cannot be turned back).
 */
export function recoloured(model: TunedModel, { matrix, offset }: ColourMap): Result<Uint8Array> {
  const found = entrance(model);
  if (!found.ok) return found;
  const { mean, scale, kernel, outputs, at } = found.value;
  // scale (M x + o − mean) = (S M S⁻¹) scale (x − M⁻¹ (mean − o)).
  const moved = solve(
    matrix,
    Array.from(mean, (value, band) => value - offset[band]),
  );
  if (!moved.every(Number.isFinite)) return fail('COLOUR_MAP', { why: 'the map folds colours together' });
  const turned = matrix.map((row, to) => row.map((value, band) => (scale[to] * value) / scale[band]));
  const file = new Uint8Array(model.weights);
  file.set(bytesOf(Float32Array.from(moved)), at.mean);
  file.set(bytesOf(mixedKernel(kernel, outputs, turned)), at.kernel);
  return succeed(file);
}

/** Kernels [outputs, bands, area] that see `matrix` times what they are given. */
function mixedKernel(
  kernel: Float32Array,
  outputs: number,
  matrix: readonly (readonly number[])[],
): Float32Array {
  const area = kernel.length / outputs / BANDS;
  return kernel.map((_, at) => {
    const [output, band, place] = [Math.floor(at / area / BANDS), Math.floor(at / area) % BANDS, at % area];
    return matrix.reduce((sum, row, to) => sum + kernel[(output * BANDS + to) * area + place] * row[band], 0);
  });
}

function entrance(model: TunedModel): Result<Entrance> {
  const read = readGraph(model.graph);
  if (!read.ok) return read;
  const names = namesOf(read.value);
  if (names === undefined)
    return fail('COLOUR_MAP', { why: 'the network does not begin with (x − mean) scale and a convolution' });
  const { initializers } = read.value;
  const places = names.map((name) => {
    const at = initializers.get(name)?.external;
    return at?.location === model.weightsName && at.offset + at.length <= model.weights.length
      ? at
      : undefined;
  });
  const [mean, scale, kernel] = places.map((at) =>
    at
      ? new Float32Array(new Uint8Array(model.weights.subarray(at.offset, at.offset + at.length)).buffer)
      : undefined,
  );
  const outputs = initializers.get(names[2])?.dims[0] ?? 0;
  if (!mean || !scale || !kernel || mean.length !== BANDS || scale.length !== BANDS || outputs === 0)
    return fail('COLOUR_MAP', { why: 'mean, scale or first convolution do not lie in the weights file' });
  const at = { mean: places[0]?.offset ?? 0, kernel: places[2]?.offset ?? 0 };
  return succeed({ mean, scale, kernel, outputs, at });
}

/** Names of mean, scale and kernel. */
function namesOf({ inputs, nodes }: Graph): [string, string, string] | undefined {
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

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer);
}
