/** Numbers of varying length: seven bits a byte, the lowest first, the top bit set while more follow (LEB128). */

/** Of a number below 2^35. */
const MAX_VARINT_BYTES = 5;

export class VarintWriter {
  readonly #bytes: number[] = [];

  push(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) this.#bytes.push((rest % 0x80) | 0x80);
    this.#bytes.push(rest);
  }

  pushByte(byte: number): void {
    this.#bytes.push(byte);
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

export class VarintReader {
  #at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Undefined when the bytes end first, or it is longer than any that was written. */
  next(): number | undefined {
    let value = 0;
    for (let i = 0, unit = 1; i < MAX_VARINT_BYTES; i++, unit *= 0x80) {
      const byte = this.nextByte();
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
    return undefined;
  }

  nextByte(): number | undefined {
    return this.atEnd ? undefined : this.#bytes[this.#at++];
  }
}
