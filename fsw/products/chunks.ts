/** Cuts a layer of a product into chunks that fit a packet. */
import type { Chunk } from './assembler';
import { MAX_CHUNK } from './records';

export type ProductHead = Omit<Chunk, 'layer' | 'layers' | 'layerEnd' | 'offset' | 'data'>;

/** `ends`: where each layer ends in `bytes`. */
export function chunksOf(
  head: ProductHead,
  bytes: Uint8Array,
  ends: readonly number[],
  layer: number,
): Chunk[] {
  const from = layer === 0 ? 0 : ends[layer - 1];
  const layerEnd = ends[layer];
  const count = Math.ceil((layerEnd - from) / MAX_CHUNK);
  return Array.from({ length: count }, (_, i) => {
    const offset = from + i * MAX_CHUNK;
    const data = bytes.slice(offset, Math.min(layerEnd, offset + MAX_CHUNK));
    return { ...head, layer, layers: ends.length, layerEnd, offset, data };
  });
}
