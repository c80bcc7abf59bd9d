import type { TensorAddon } from '../../tensor';
import { nms } from './nms';
import { dequantise, quantise } from './quantise';

export const referenceTensor: TensorAddon = { nms, quantise, dequantise };
