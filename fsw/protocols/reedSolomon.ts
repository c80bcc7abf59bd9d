/**
 * The Reed-Solomon codes (255,223) and (255,239) of CCSDS 131.0-B, section 4: dual basis, interleaved 1 to 5
 * deep, shortened by virtual fill where a block is shorter than interleave × 223 (or 239).
 */
import { fail, type Result, succeed } from '../errors';
import { fromDual, log, multiply, ORDER, power, toDual } from './galois';

export interface ReedSolomonOptions {
  /** Wrong bytes that a codeword of 255 can have and be put right; 16 is (255,223), 8 is (255,239). 16 unless told. */
  readonly correctable?: 8 | 16;
  /** Codewords side by side, so that a burst hits each a little: 1 unless told. */
  readonly interleave?: 1 | 2 | 3 | 4 | 5;
}

export class ReedSolomon {
  readonly correctable: number;
  readonly interleave: number;
  /** Bytes added to each block. */
  readonly parityLength: number;
  /** Parity bytes of one codeword. */
  readonly #parity: number;
  /** The first root is β^firstRoot, β = α^11. */
  readonly #firstRoot: number;
  /** Row f: what feeding the symbol f back adds to the parity, all in the dual basis. */
  readonly #feedback: Uint8Array;
  readonly #register: Uint8Array;

  constructor({ correctable = 16, interleave = 1 }: ReedSolomonOptions = {}) {
    this.correctable = correctable;
    this.interleave = interleave;
    this.#parity = 2 * correctable;
    this.parityLength = interleave * this.#parity;
    this.#firstRoot = 128 - correctable;
    this.#register = new Uint8Array(this.#parity);
    const generator = generatorOf(this.#parity, this.#firstRoot);
    this.#feedback = new Uint8Array(256 * this.#parity);
    for (let f = 0; f < 256; f++)
      for (let j = 0; j < this.#parity; j++)
        this.#feedback[f * this.#parity + j] = toDual[multiply(fromDual[f], generator[j])];
  }

  /** Whether a block of this many bytes can be encoded. Error: CODING_LENGTH, with why not. */
  fits(length: number): Result<void> {
    const max = this.interleave * (ORDER - this.#parity);
    if (length >= this.interleave && length <= max && length % this.interleave === 0)
      return succeed(undefined);
    return fail('CODING_LENGTH', { length, interleave: this.interleave, max });
  }

  /** Writes the parity behind the data: `block` is the data and `parityLength` bytes more, and its data `fits`. */
  encode(block: Uint8Array): void {
    const end = block.length - this.parityLength;
    for (let word = 0; word < this.interleave; word++) {
      this.#divide(block, word, end);
      for (let j = 0; j < this.#parity; j++) block[end + word + j * this.interleave] = this.#register[j];
    }
  }

  /**
   * Puts a received block right in place and returns how many bytes were wrong. Error: CODING_UNCORRECTABLE,
   * when a codeword has more wrong bytes than the code can put right; the block is then as it came, but for codewords
   * before that one. (With 16 about one such codeword in 10^13 is taken for another one: the FECF behind tells.)
   */
  decode(block: Uint8Array): Result<number> {
    let corrected = 0;
    for (let word = 0; word < this.interleave; word++) {
      const count = this.#correct(block, word);
      if (count === undefined) return fail('CODING_UNCORRECTABLE', { word, max: this.correctable });
      corrected += count;
    }
    return succeed(corrected);
  }

  /** Leaves in the register the remainder of a codeword's data, times x^parity, by the generator. */
  #divide(block: Uint8Array, word: number, end: number): void {
    const register = this.#register.fill(0);
    const feedback = this.#feedback;
    const last = this.#parity - 1;
    for (let at = word; at < end; at += this.interleave) {
      const row = (block[at] ^ register[0]) * this.#parity;
      for (let j = 0; j < last; j++) register[j] = register[j + 1] ^ feedback[row + j];
      register[last] = feedback[row + last];
    }
  }

  #correct(block: Uint8Array, word: number): number | undefined {
    const { interleave } = this;
    const end = block.length - this.parityLength;
    this.#divide(block, word, end);
    let difference = 0;
    for (let j = 0; j < this.#parity; j++) {
      this.#register[j] ^= block[end + word + j * interleave];
      difference |= this.#register[j];
    }
    if (difference === 0) return 0;
    const symbols = block.length / interleave;
    const errors = findErrors(this.#syndromes(), this.#firstRoot, this.correctable, symbols);
    if (errors === undefined) return undefined;
    for (const { degree, value } of errors)
      block[word + (symbols - 1 - degree) * interleave] ^= toDual[value];
    return errors.length;
  }

  /** The received word at each root; its remainder by the generator has the same values there. */
  #syndromes(): Uint8Array {
    const syndromes = new Uint8Array(this.#parity);
    for (let j = 0; j < this.#parity; j++) {
      const root = this.#firstRoot + j;
      let value = 0;
      for (const symbol of this.#register)
        value = (value === 0 ? 0 : power[(log[value] + root) % ORDER]) ^ fromDual[symbol];
      syndromes[j] = value;
    }
    return syndromes;
  }
}

/** Coefficients below the leading one of the product of (x - β^root), highest degree first. */
function generatorOf(parity: number, firstRoot: number): Uint8Array {
  let coefficients = Uint8Array.of(1);
  for (let j = 0; j < parity; j++) {
    const root = power[(firstRoot + j) % ORDER];
    const next = new Uint8Array(coefficients.length + 1);
    for (let i = 0; i < coefficients.length; i++) {
      next[i] ^= coefficients[i];
      next[i + 1] ^= multiply(coefficients[i], root);
    }
    coefficients = next;
  }
  return coefficients.subarray(1);
}

interface SymbolError {
  /** Place in the codeword: the degree of its term. */
  readonly degree: number;
  /** What to add, in the conventional basis. */
  readonly value: number;
}

/** The errors that the syndromes tell; undefined when there are more than `correctable`. */
function findErrors(
  syndromes: Uint8Array,
  firstRoot: number,
  correctable: number,
  symbols: number,
): SymbolError[] | undefined {
  const locator = berlekampMassey(syndromes);
  const count = locator.length - 1;
  if (count > correctable) return undefined;
  const errors: SymbolError[] = [];
  for (let degree = 0; degree < ORDER && errors.length < count; degree++) {
    const inverse = (ORDER - degree) % ORDER;
    if (evaluate(locator, inverse) !== 0) continue;
    // An error in the virtual fill, which was never sent, is none.
    if (degree >= symbols) return undefined;
    const value = magnitude(locator, syndromes, firstRoot, degree, inverse);
    if (value === 0) return undefined;
    errors.push({ degree, value });
  }
  return errors.length === count ? errors : undefined;
}

/** The shortest recurrence that gives the syndromes: the error locator, lowest degree first. */
function berlekampMassey(syndromes: Uint8Array): Uint8Array {
  const size = syndromes.length + 1;
  let locator = new Uint8Array(size);
  let previous = new Uint8Array(size);
  locator[0] = 1;
  previous[0] = 1;
  let length = 0;
  let gap = 1;
  let previousDiscrepancy = 1;
  for (let n = 0; n < syndromes.length; n++) {
    let discrepancy = syndromes[n];
    for (let i = 1; i <= length; i++) discrepancy ^= multiply(locator[i], syndromes[n - i]);
    if (discrepancy === 0) {
      gap++;
      continue;
    }
    const factor = power[(log[discrepancy] + ORDER - log[previousDiscrepancy]) % ORDER];
    const next = locator.slice();
    for (let i = 0; i + gap < size; i++) next[i + gap] ^= multiply(factor, previous[i]);
    if (2 * length <= n) {
      length = n + 1 - length;
      previous = locator;
      previousDiscrepancy = discrepancy;
      gap = 1;
    } else gap++;
    locator = next;
  }
  // A locator whose degree is not its length has too few roots: its end of zeros lets the count fail.
  return locator.subarray(0, length + 1);
}

/** The polynomial's value at β^exponent. */
function evaluate(polynomial: Uint8Array, exponent: number): number {
  let value = 0;
  for (let i = 0; i < polynomial.length; i++)
    if (polynomial[i] !== 0) value ^= power[(log[polynomial[i]] + i * exponent) % ORDER];
  return value;
}

/** Forney's formula: the error at β^degree, or 0 when the locator has a double root there. */
function magnitude(
  locator: Uint8Array,
  syndromes: Uint8Array,
  firstRoot: number,
  degree: number,
  inverse: number,
): number {
  let numerator = 0;
  for (let i = 0; i < locator.length - 1; i++) {
    let term = 0;
    for (let j = 0; j <= i; j++) term ^= multiply(locator[j], syndromes[i - j]);
    if (term !== 0) numerator ^= power[(log[term] + i * inverse) % ORDER];
  }
  let derivative = 0;
  for (let i = 1; i < locator.length; i += 2)
    if (locator[i] !== 0) derivative ^= power[(log[locator[i]] + (i - 1) * inverse) % ORDER];
  if (numerator === 0 || derivative === 0) return 0;
  const scale = (degree * (ORDER + 1 - firstRoot)) % ORDER;
  return power[(log[numerator] + ORDER - log[derivative] + scale) % ORDER];
}
