/** Products of scenes as files: a picture after each of its layers, a map once it is whole. */
import { fail, type Result, succeed } from '../../fsw/errors';
import {
  type Assembled,
  Assembler,
  type Chunk,
  endedJpeg,
  ProductKind,
  unpackCellMap,
} from '../../fsw/products';

export interface ProductFile {
  /** The same for each layer of a picture: a better one replaces it. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly wholeLayers: number;
  readonly layers: number;
}

export class ProductFiles {
  readonly #assembler = new Assembler();
  /** Whole layers that each file had when it was last made. */
  readonly #had = new Map<string, number>();

  /**
   * Takes a record as a gateway's client gets it (bytes as hex). Gives a file as soon as one more layer of its product
   * is whole; undefined while there is nothing new to look at. Errors: PRODUCT_CHUNK, CELL_MAP.
   */
  add(record: Readonly<Record<string, unknown>>): Result<ProductFile | undefined> {
    const chunk = chunkOf(record);
    const now = chunk && this.#assembler.add(chunk);
    if (now === undefined) return fail('PRODUCT_CHUNK', { product: String(record.product) });
    const name = nameOf(now);
    if (now.wholeLayers <= (this.#had.get(name) ?? 0)) return succeed(undefined);
    this.#had.set(name, now.wholeLayers);
    const { wholeLayers, layers } = now;
    if (now.kind === 'SPECIMEN') return succeed({ name, bytes: now.bytes, wholeLayers, layers });
    if (isPicture(now)) return succeed({ name, bytes: endedJpeg(now.bytes), wholeLayers, layers });
    const map = mapPicture(now.bytes);
    return map.ok ? succeed({ name, bytes: map.value, wholeLayers, layers }) : map;
  }
}

function isPicture({ kind }: Assembled): boolean {
  return kind === 'THUMBNAIL' || kind === 'TILE';
}

function nameOf(product: Assembled): string {
  const { kind, capture, column, row } = product;
  if (kind === 'SPECIMEN') return `tile${product.product}-quality${capture}.webp`;
  const place = {
    THUMBNAIL: '',
    TILE: `-row${row}-column${column}`,
    CLOUD: `-strip${row}`,
    LAND_COVER: `-strip${row}`,
  };
  const what = kind.toLowerCase().replace('_', '-');
  return `capture${capture}-${what}${place[kind]}-product${product.product}.${isPicture(product) ? 'jpg' : 'pgm'}`;
}

/** A map as a grey picture (PGM), the highest value white. */
function mapPicture(packed: Uint8Array): Result<Uint8Array> {
  const map = unpackCellMap(packed);
  if (!map.ok) return map;
  const { width, height, cells } = map.value;
  const highest = Math.max(
    1,
    cells.reduce((most, value) => Math.max(most, value), 0),
  );
  const head = new TextEncoder().encode(`P5\n${width} ${height}\n${highest}\n`);
  return succeed(Uint8Array.from([...head, ...cells]));
}

/** A chunk as a gateway's client gets it (bytes as hex); undefined for what is none. */
export function chunkOf(record: Readonly<Record<string, unknown>>): Chunk | undefined {
  const { product, kind, capture, column, row, layer, layers, layerEnd, offset, data } = record;
  const numbers = { product, capture, column, row, layer, layers, layerEnd, offset };
  const isSound = Object.values(numbers).every((value) => Number.isInteger(value) && Number(value) >= 0);
  if (!isSound || !isKind(kind)) return undefined;
  const bytes =
    data instanceof Uint8Array ? data : typeof data === 'string' ? Buffer.from(data, 'hex') : undefined;
  return bytes && { ...(numbers as Record<keyof typeof numbers, number>), kind, data: bytes };
}

function isKind(kind: unknown): kind is Chunk['kind'] {
  return typeof kind === 'string' && Object.hasOwn(ProductKind.constants, kind);
}
