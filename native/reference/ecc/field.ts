/**
 * GF(2^16) as the crate reed-solomon-simd has it (after Leopard-RS): polynomial 0x1002D, elements written in the
 * Cantor basis, so that the point of index i of its transforms is the element i.
 */
const ORDER = 65536;
const POLYNOMIAL = 0x1002d;
const CANTOR_BASIS = [
  0x0001, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e, 0x914c, 0x4012, 0x6c98, 0x10d8, 0x6a72, 0xb900, 0xfdb8,
  0xfb34, 0xff38, 0x991e,
];

interface Tables {
  readonly log: Uint16Array;
  /** Twice over, so that a sum of two logarithms needs no remainder. */
  readonly exp: Uint16Array;
}

let made: Tables | undefined;

/** Made when first asked for: not every process computes parity. */
function tables(): Tables {
  if (made) return made;
  const plainLog = new Uint16Array(ORDER);
  for (let i = 0, state = 1; i < ORDER - 1; i++) {
    plainLog[state] = i;
    state <<= 1;
    if (state >= ORDER) state ^= POLYNOMIAL;
  }
  const plain = new Uint16Array(ORDER);
  for (const [bit, element] of CANTOR_BASIS.entries())
    for (let low = 0; low < 1 << bit; low++) plain[low + (1 << bit)] = plain[low] ^ element;
  const log = plain.map((element) => plainLog[element]);
  const exp = new Uint16Array(2 * ORDER);
  for (let element = 1; element < ORDER; element++)
    exp[log[element]] = exp[log[element] + ORDER - 1] = element;
  made = { log, exp };
  return made;
}

export function multiply(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  const { log, exp } = tables();
  return exp[log[a] + log[b]];
}

/** Of an element that is not 0. */
export function inverse(a: number): number {
  const { log, exp } = tables();
  return exp[ORDER - 1 - log[a]];
}

/** The products of a factor with every low byte (at 0) and every high byte (at 256) of an element. */
export type Products = Uint16Array;

export function productsOf(factor: number): Products {
  const products = new Uint16Array(512);
  for (let bit = 0; bit < 16; bit++) {
    const half = bit < 8 ? 0 : 256;
    const value = 1 << (bit & 7);
    const product = multiply(factor, 1 << bit);
    for (let low = 0; low < value; low++) products[half + value + low] = products[half + low] ^ product;
  }
  return products;
}

/**
 * `into += factor × from` over `length` bytes. In each 64 bytes the first 32 are the low bytes of 32 elements, the
 * other 32 their high bytes.
 */
export function multiplyAdd(
  into: Uint8Array,
  intoAt: number,
  from: Uint8Array,
  fromAt: number,
  length: number,
  products: Products,
): void {
  for (let chunk = 0; chunk < length; chunk += 64)
    for (let i = chunk; i < chunk + 32; i++) {
      const product = products[from[fromAt + i]] ^ products[256 + from[fromAt + i + 32]];
      into[intoAt + i] ^= product;
      into[intoAt + i + 32] ^= product >>> 8;
    }
}

/** The inverse of a square matrix, or nothing where there is none (Gauss–Jordan). */
export function inverseMatrix(matrix: readonly (readonly number[])[]): number[][] | undefined {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let column = 0; column < size; column++) {
    const pivot = rows.findIndex((row, i) => i >= column && row[column] !== 0);
    if (pivot < 0) return undefined;
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    const scale = inverse(rows[column][column]);
    rows[column] = rows[column].map((value) => multiply(value, scale));
    for (let other = 0; other < size; other++) {
      const factor = rows[other][column];
      if (other === column || factor === 0) continue;
      rows[other] = rows[other].map((value, i) => value ^ multiply(factor, rows[column][i]));
    }
  }
  return rows.map((row) => row.slice(size));
}
