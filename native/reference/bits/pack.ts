/** Records of fields of 1 to 32 bits, most significant bit first (`native/bits.ts`). */

/** Returns the index of the first value that does not fit its field, and then nothing is written; else -1. */
export function packRecords(schema: Int8Array, values: Uint32Array, bytes: Uint8Array): number {
  for (let at = 0; at < values.length; )
    for (let field = 0; field < schema.length; field++, at++) if (!fits(values[at], schema[field])) return at;
  let to = 0;
  for (let at = 0; at < values.length; ) {
    let held = 0;
    let free = 8;
    for (let field = 0; field < schema.length; field++) {
      const value = values[at++];
      let left = Math.abs(schema[field]);
      while (left > 0) {
        const take = Math.min(left, free);
        left -= take;
        free -= take;
        held |= ((value >>> left) & (0xff >>> (8 - take))) << free;
        if (free > 0) continue;
        bytes[to++] = held;
        held = 0;
        free = 8;
      }
    }
    if (free < 8) bytes[to++] = held;
  }
  return -1;
}

function fits(value: number, field: number): boolean {
  const bits = Math.abs(field);
  return field < 0 ? (value | 0) >> (bits - 1) === value >> 31 : bits === 32 || value >>> bits === 0;
}

/** A signed field comes back with its sign in all 32 bits. */
export function unpackRecords(schema: Int8Array, bytes: Uint8Array, values: Uint32Array): void {
  let from = 0;
  for (let at = 0; at < values.length; ) {
    let bit = 0;
    for (let field = 0; field < schema.length; field++) {
      const bits = Math.abs(schema[field]);
      let value = 0;
      for (let left = bits; left > 0; ) {
        const take = Math.min(left, 8 - (bit & 7));
        const byte = bytes[from + (bit >>> 3)];
        value = (value << take) | ((byte >>> (8 - (bit & 7) - take)) & (0xff >>> (8 - take)));
        bit += take;
        left -= take;
      }
      values[at++] = schema[field] < 0 ? (value << (32 - bits)) >> (32 - bits) : value;
    }
    from += (bit + 7) >>> 3;
  }
}
