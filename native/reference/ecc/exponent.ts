import {
  type ExponentKernels,
  type FloatDtype,
  type FloatLayout,
  floatLayouts,
} from '../../exponentContract';
import { expects } from './shape';

/** Weights as whole numbers: sign, exponent, mantissa; without its sign, a greater number is a greater weight. */
interface Weights {
  readonly bits: Uint32Array | Uint16Array;
  readonly layout: FloatLayout;
  /** All but the sign. */
  readonly magnitude: number;
  /** The magnitude of infinity; NaN is above. */
  readonly infinity: number;
}

/** What every form asks of its arguments. */
export function requireWeights(bytes: Uint8Array, dtype: FloatDtype, bound = 1): void {
  const size = floatLayouts[dtype].bytes;
  const fits = bytes.byteOffset % size === 0 && bytes.length % size === 0 && bound > 0;
  expects(fits, 'ECC_DTYPE', () => ({ dtype, length: bytes.length, bound }));
}

function weightsOf(bytes: Uint8Array, dtype: FloatDtype, bound = 1): Weights {
  requireWeights(bytes, dtype, bound);
  const layout = floatLayouts[dtype];
  const count = bytes.length / layout.bytes;
  return {
    bits:
      layout.bytes === 4
        ? new Uint32Array(bytes.buffer, bytes.byteOffset, count)
        : new Uint16Array(bytes.buffer, bytes.byteOffset, count),
    layout,
    magnitude: 2 ** (layout.exponentBits + layout.mantissaBits) - 1,
    infinity: (2 ** layout.exponentBits - 1) * 2 ** layout.mantissaBits,
  };
}

function protect(bytes: Uint8Array, dtype: FloatDtype): void {
  const { bits, layout, magnitude, infinity } = weightsOf(bytes, dtype);
  const { exponentBits, mantissaBits, guardedBits } = layout;
  const copies = 2 * guardedBits;
  const guardAt = exponentBits + mantissaBits - guardedBits - copies;
  const last = (infinity - 1) >>> copies;
  /** What is left of a weight without its lowest bits, with the copies in their place. */
  const marked = (rest: number) => {
    const guard = rest >>> guardAt;
    return (rest << copies) | (guard << guardedBits) | guard;
  };
  for (let i = 0; i < bits.length; i++) {
    const found = bits[i] & magnitude;
    if (found >= infinity) continue;
    const rest = found >>> copies;
    const below = marked(Math.max(rest - 1, 0));
    const above = marked(Math.min(rest + 1, last));
    let nearest = marked(rest);
    if (Math.abs(below - found) < Math.abs(nearest - found)) nearest = below;
    if (Math.abs(above - found) < Math.abs(nearest - found)) nearest = above;
    bits[i] ^= found ^ nearest;
  }
}

function vote(bytes: Uint8Array, dtype: FloatDtype): number {
  const { bits, layout } = weightsOf(bytes, dtype);
  const { exponentBits, mantissaBits, guardedBits } = layout;
  const guardAt = exponentBits + mantissaBits - guardedBits;
  const mask = 2 ** guardedBits - 1;
  const kept = ~((mask << guardAt) | (mask << guardedBits) | mask);
  let changed = 0;
  for (let i = 0; i < bits.length; i++) {
    const found = bits[i];
    const [a, b, c] = [(found >>> guardAt) & mask, (found >>> guardedBits) & mask, found & mask];
    if (a === b && b === c) continue;
    const majority = (a & b) | (a & c) | (b & c);
    bits[i] = (found & kept) | (majority << guardAt) | (majority << guardedBits) | majority;
    changed++;
  }
  return changed;
}

function clip(bytes: Uint8Array, dtype: FloatDtype, bound: number): number {
  const { bits, magnitude, infinity } = weightsOf(bytes, dtype, bound);
  const most = boundBits(dtype, bound);
  let changed = 0;
  for (let i = 0; i < bits.length; i++) {
    const found = bits[i] & magnitude;
    if (found <= most) continue;
    bits[i] = found >= infinity ? 0 : bits[i] ^ found ^ most;
    changed++;
  }
  return changed;
}

/** The greatest finite weight of `dtype` that is not above `bound`, as its bits. */
export function boundBits(dtype: FloatDtype, bound: number): number {
  const { exponentBits, mantissaBits } = floatLayouts[dtype];
  let low = 0;
  let high = (2 ** exponentBits - 1) * 2 ** mantissaBits - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (floatOf(dtype, middle) <= bound) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The value of a weight of `dtype`, from its bits (sign included). */
export function floatOf(dtype: FloatDtype, bits: number): number {
  const { exponentBits, mantissaBits } = floatLayouts[dtype];
  const one = 2 ** mantissaBits;
  const mantissa = bits % one;
  const exponent = Math.floor(bits / one) % 2 ** exponentBits;
  const sign = bits >= 2 ** (exponentBits + mantissaBits) ? -1 : 1;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return mantissa === 0 ? sign * Infinity : Number.NaN;
  const lowest = 2 ** (Math.max(exponent, 1) - bias - mantissaBits);
  return sign * (exponent === 0 ? mantissa : one + mantissa) * lowest;
}

export const referenceExponent: ExponentKernels = { protect, vote, clip };
