/** Puts products together on the ground from chunks that come in any order, some twice, some never. */
import type { Value } from '../framework';
import type { ProductChunk } from './records';

export type Chunk = Value<typeof ProductChunk>;

/** What is there of a product. */
export interface Assembled {
  readonly product: number;
  readonly kind: Chunk['kind'];
  readonly capture: number;
  readonly column: number;
  readonly row: number;
  readonly layers: number;
  /** Layers that are whole, from the first. */
  readonly wholeLayers: number;
  /** The bytes from the first to the first that is missing. */
  readonly bytes: Uint8Array;
}

/** Chunks that one product may have: a larger one is not believed. */
const MAX_PRODUCT_BYTES = 16 << 20;

interface Parts {
  readonly head: Chunk;
  readonly byOffset: Map<number, Uint8Array>;
  /** By layer. */
  readonly ends: Map<number, number>;
}

/** Products are told apart by number, kind, capture and place: numbers begin anew with each boot. */
export class Assembler {
  readonly #products = new Map<string, Parts>();
  readonly #most: number;

  /** `most`: products that are remembered; the one that began first is forgotten first. */
  constructor(most = 4096) {
    this.#most = most;
  }

  /** Takes a chunk and says what is there now of its product; undefined for one that can't be true. */
  add(chunk: Chunk): Assembled | undefined {
    const { product, kind, capture, column, row, layer, layers, layerEnd, offset, data } = chunk;
    const end = offset + data.length;
    if (layer >= layers || data.length === 0 || end > layerEnd || layerEnd > MAX_PRODUCT_BYTES)
      return undefined;
    const key = [product, kind, capture, column, row].join(' ');
    const known = this.#products.get(key);
    const parts = known ?? { head: chunk, byOffset: new Map(), ends: new Map() };
    if (known === undefined) {
      this.#products.set(key, parts);
      if (this.#products.size > this.#most) {
        const [oldest] = this.#products.keys();
        this.#products.delete(oldest);
      }
    }
    parts.byOffset.set(offset, data);
    parts.ends.set(layer, layerEnd);
    return assembled(parts);
  }
}

function assembled({ head, byOffset, ends }: Parts): Assembled {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let piece = byOffset.get(0); piece !== undefined; piece = byOffset.get(length)) {
    pieces.push(piece);
    length += piece.length;
  }
  const bytes = new Uint8Array(length);
  pieces.reduce((at, piece) => {
    bytes.set(piece, at);
    return at + piece.length;
  }, 0);
  const { product, kind, capture, column, row, layers } = head;
  let wholeLayers = 0;
  while (wholeLayers < layers && (ends.get(wholeLayers) ?? Number.POSITIVE_INFINITY) <= length) wholeLayers++;
  return { product, kind, capture, column, row, layers, wholeLayers, bytes };
}
