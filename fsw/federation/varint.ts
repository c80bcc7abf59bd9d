/** Unsigned LEB128: seven bits a byte, the lowest first, the top bit set on all but the last. */

/** Numbers that fit 32 bits, and the twice of a length with a flag. */
const MAX_BYTES = 6;

/** Appends to a list of bytes. `value`: a whole number below 2^42. */
export function pushVarint(into: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    into.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  into.push(rest);
}

/** Reads one number after the other; `undefined` where the bytes end, or a number has no end. */
export class VarintReader {
  at = 0;

  constructor(readonly bytes: Uint8Array) {}

  next(): number | undefined {
    let value = 0;
    for (let i = 0, place = 1; i < MAX_BYTES && this.at < this.bytes.length; i++, place *= 0x80) {
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * place;
      if (byte < 0x80) return value;
    }
    return undefined;
  }

  /** The next `length` bytes, or `undefined`. */
  take(length: number): Uint8Array | undefined {
    if (this.bytes.length - this.at < length) return undefined;
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}
