/** Content addresses: what has the same bytes is the same thing, however often and by whichever way it came. */
import { createHash } from 'node:crypto';
import type { Parameter } from '../learning';
import { encodeCbor } from '../models';
import { bytesOf } from './compress';

/** SHA-256 in 64 lower-case hex digits. */
export type Id = string;

export type LayoutEntry = Pick<Parameter, 'name' | 'dims'>;

export function idOf(bytes: Uint8Array): Id {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Of the values as float32, little-endian, one after the other. */
export function vectorId(values: Float32Array): Id {
  return idOf(bytesOf(values));
}

/** Of the names and dims, in the order of the flat vector. */
export function layoutId(layout: readonly LayoutEntry[]): Id {
  return idOf(encodeCbor(layout.map(({ name, dims }) => [name, [...dims]])));
}

/** Values of the flat vector. */
export function valuesIn(layout: readonly LayoutEntry[]): number {
  return layout.reduce((sum, { dims }) => sum + dims.reduce((size, dim) => size * dim, 1), 0);
}
