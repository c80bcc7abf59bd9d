/**
 * GF(2^8) of the CCSDS Reed-Solomon code (131.0-B, 4.3): field polynomial x^8 + x^7 + x^2 + x + 1, powers and
 * logarithms to the base of its root spacing α^11, and the dual (Berlekamp) basis in which symbols are sent.
 */
const FIELD = 0x187;
const SPACING = 11;
export const ORDER = 255;

/** α^(11 n), twice over, so that the sum of two logarithms needs no modulo. */
export const power = new Uint8Array(2 * ORDER);
/** The n with α^(11 n) = value; of 0 there is none. */
export const log = new Uint8Array(256);

const alpha = new Uint8Array(ORDER);
for (let i = 0, value = 1; i < ORDER; i++) {
  alpha[i] = value;
  value <<= 1;
  if (value & 0x100) value ^= FIELD;
}
for (let n = 0; n < 2 * ORDER; n++) {
  power[n] = alpha[(n * SPACING) % ORDER];
  if (n < ORDER) log[power[n]] = n;
}

export function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : power[log[a] + log[b]];
}

/** Row k: the dual-basis symbol of the conventional symbol with bit k alone (131.0-B, annex on the dual basis). */
const rows = [0x7b, 0xaf, 0x99, 0xfa, 0x86, 0xec, 0xef, 0x8d];
export const toDual = new Uint8Array(256);
export const fromDual = new Uint8Array(256);
for (let value = 0; value < 256; value++) {
  for (let k = 0; k < 8; k++) if (value & (1 << k)) toDual[value] ^= rows[k];
  fromDual[toDual[value]] = value;
}
