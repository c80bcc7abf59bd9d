/** Values of the way forward that the way back computes once more, so that nobody holds them until then. */
import type { Builder } from '../graph/builder';
import { normalShare } from './elementwise';
import { standardised } from './normal';

/**
 * The same value, from what the way back has at hand anyway: a GELU from Φ(x), a layer normalisation from x̂. One or two passes,
 * against a quarter of all that a step of a ViT holds. Others are given back as they are.
 */
export function again(b: Builder, value: string): string {
  const node = b.producer(value);
  if (node?.op === 'Gelu' && node.attributes.approximate !== 'tanh')
    return b.op('Mul', [node.inputs[0], normalShare(b, node.inputs[0])]);
  if (node?.op === 'LayerNormalization' && node.outputs.length === 3) {
    const [x, scale, bias] = node.inputs;
    const scaled = b.op('Mul', [standardised(b, x, node.outputs[1], node.outputs[2]), scale]);
    return bias === undefined ? scaled : b.op('Add', [scaled, bias]);
  }
  return value;
}
