/** ViT-tiny (A. Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021) as an inference graph, with random weights. */
import { seededRandom } from '../../../fsw/framework/random';
import { type Graph, type Initializer, type TunedModel, writeGraph } from '../../../fsw/learning';
import { Builder } from '../../../fsw/learning/graph/builder';
import { sizeOf } from '../../../fsw/learning/graph/shapes';

export interface VitShape {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Pixels along an edge, of the picture and of a patch. */
  readonly side: number;
  readonly patch: number;
  readonly classes: number;
}

/** 196 tokens, 5.5 M parameters. */
export const VIT_TINY: VitShape = { width: 192, depth: 12, heads: 3, side: 224, patch: 16, classes: 10 };

/** Names of the builder's own values begin so; every other one is a weight. */
const OWN = 'v_';
const WEIGHTS = 'vit.safetensors';

/** A graph for this batch alone, and its weights as a file. */
export function vitModel(shape: VitShape, batch: number, seed: number): TunedModel {
  const graph = vitGraph(shape, batch, seed);
  const head: Record<string, object> = {};
  const initializers = new Map<string, Initializer>();
  const bytes: Uint8Array[] = [];
  let end = 0;
  for (const [name, { type, dims, data }] of graph.initializers)
    if (data instanceof Float32Array && !name.startsWith(OWN)) {
      head[name] = { dtype: 'F32', shape: dims, data_offsets: [end, end + data.byteLength] };
      initializers.set(name, {
        type,
        dims,
        external: { location: WEIGHTS, offset: end, length: data.byteLength },
      });
      bytes.push(new Uint8Array(data.buffer));
      end += data.byteLength;
    } else initializers.set(name, { type, dims, data });
  const json = Buffer.from(JSON.stringify(head));
  const front = Buffer.concat([Buffer.alloc(8), json]);
  front.writeBigUInt64LE(BigInt(json.length));
  const placed = [...initializers].map(([name, value]): [string, Initializer] => {
    const { type, dims, external } = value;
    return external
      ? [name, { type, dims, external: { ...external, offset: external.offset + front.length } }]
      : [name, value];
  });
  return {
    graph: writeGraph({ ...graph, initializers: new Map(placed) }),
    weights: Buffer.concat([front, ...bytes]),
    weightsName: WEIGHTS,
    output: graph.outputs[0].name,
  };
}

/**
 * Without a class token: the head reads the mean of the tokens. Matrices are [inputs, outputs]; the scaling of attention lies
 * in the queries' weights, as in the networks that ship.
 */
function vitGraph(
  { width, depth, heads, side, patch, classes }: VitShape,
  batch: number,
  seed: number,
): Graph {
  const b = new Builder(OWN);
  const random = seededRandom(seed);
  const tokens = (side / patch) ** 2;
  const weight = (name: string, dims: readonly number[], spread: number, middle = 0) => {
    const data = Float32Array.from({ length: sizeOf(dims) }, () => middle + spread * (2 * random.next() - 1));
    return b.initializer(name, { type: 'float32', dims, data });
  };
  const linear = (name: string, x: string, inputs: number, outputs: number, factor = 1) => {
    const matrix = weight(`${name}.weight`, [inputs, outputs], factor / Math.sqrt(inputs));
    return b.op('Add', [b.op('MatMul', [x, matrix]), weight(`${name}.bias`, [outputs], 0.1 * factor)]);
  };
  const norm = (name: string, x: string) => {
    const inputs = [x, weight(`${name}.weight`, [width], 0.1, 1), weight(`${name}.bias`, [width], 0.1)];
    return b.op('LayerNormalization', inputs, { axis: -1, epsilon: { float: 1e-6 } });
  };
  const split = (name: string, x: string, factor = 1) => {
    const parts = b.reshape(linear(name, x, width, width, factor), [batch, tokens, heads, width / heads]);
    return b.transpose(parts, [0, 2, 1, 3]);
  };

  const tiles = b.input('tiles', [batch, 3, side, side]);
  const kernel = [weight('patch.weight', [width, 3, patch, patch], 0.03), weight('patch.bias', [width], 0.1)];
  const patches = b.op('Conv', [tiles, ...kernel], { kernel_shape: [patch, patch], strides: [patch, patch] });
  const flat = b.transpose(b.reshape(patches, [batch, width, tokens]), [0, 2, 1]);
  let x = b.op('Add', [flat, weight('position', [1, tokens, width], 0.02)]);
  for (let i = 0; i < depth; i++) {
    const block = `blocks.${i}`;
    const h = norm(`${block}.norm1`, x);
    const q = split(`${block}.q`, h, (width / heads) ** -0.5);
    const k = split(`${block}.k`, h);
    const v = split(`${block}.v`, h);
    const look = b.op('Softmax', [b.op('MatMul', [q, b.transpose(k, [0, 1, 3, 2])])], { axis: -1 });
    const mixed = b.reshape(b.transpose(b.op('MatMul', [look, v]), [0, 2, 1, 3]), [batch, tokens, width]);
    x = b.op('Add', [x, linear(`${block}.out`, mixed, width, width)]);
    const up = linear(`${block}.up`, norm(`${block}.norm2`, x), width, 4 * width);
    x = b.op('Add', [x, linear(`${block}.down`, b.op('Gelu', [up]), 4 * width, width)]);
  }
  const features = b.mean(norm('norm', x), [1], 0);
  const probabilities = b.op('Softmax', [linear('head', features, width, classes)], { axis: -1 });
  return b.graph([{ name: tiles, type: 'float32', shape: [batch, 3, side, side] }], [probabilities]);
}
