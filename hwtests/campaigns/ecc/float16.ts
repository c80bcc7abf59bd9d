/** IEEE 754 half precision, little-endian, in bulk. */

const one = new Float32Array(1);
const oneBits = new Uint32Array(one.buffer);

/** Every half as a float. */
const floats = Float32Array.from({ length: 65_536 }, (_, half) => {
  const exponent = (half >> 10) & 31;
  const mantissa = half & 1023;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
});

export function floatOfHalf(half: number): number {
  return floats[half];
}

/** Rounded to the nearest half, ties to even; what is too large becomes infinity. */
export function halfOfFloat(value: number): number {
  one[0] = value;
  const sign = (oneBits[0] >>> 16) & 0x8000;
  const magnitude = Math.abs(one[0]);
  if (Number.isNaN(magnitude)) return sign | 0x7e00;
  if (magnitude >= 65_520) return sign | 0x7c00;
  // In units of the last place: 2^-24 below the smallest normal, 2^(exponent - 10) above.
  const exponent = magnitude < 2 ** -14 ? -14 : ((oneBits[0] >>> 23) & 255) - 127;
  const scaled = magnitude * 2 ** (10 - exponent);
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  // A mantissa that rounds up to the next power of two carries into the exponent by itself.
  return sign | (magnitude < 2 ** -14 ? rounded : ((exponent + 14) << 10) + rounded);
}

export function toHalves(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, halfOfFloat);
}

export function toFloats(halves: Uint16Array, into: Float32Array): void {
  for (let i = 0; i < halves.length; i++) into[i] = floats[halves[i]];
}
