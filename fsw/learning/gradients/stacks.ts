import type { Builder } from '../graph/builder';

/** Every matrix of a stack transposed. */
export function turnedOver(b: Builder, matrix: string): string {
  const axes = b.shape(matrix).map((_, i) => i);
  const last = axes.length - 1;
  return b.transpose(matrix, [...axes.slice(0, -2), last, last - 1]);
}
