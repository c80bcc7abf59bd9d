/** Bytes kept three times in memory that radiation hits; the majority of each bit counts. */
export interface Tripled {
  /** How many bytes fit. */
  readonly capacity: number;
  /** What the majority says, in an array of its own. */
  read(): Uint8Array;
  /** Replaces all three copies. `bytes` must fit. */
  write(bytes: Uint8Array): void;
  /** Puts the copies right that differ from the majority; returns how many bits did. */
  vote(): number;
}

/** Over memory of any size; the copies lie a third of it apart, so that neighbouring cells are in one copy. */
export function tripled(memory: Uint8Array): Tripled {
  const capacity = Math.floor(memory.length / 3);
  const [a, b, c] = [0, 1, 2].map((copy) => memory.subarray(copy * capacity, (copy + 1) * capacity));
  let length = 0;
  const majority = (i: number) => (a[i] & b[i]) | (a[i] & c[i]) | (b[i] & c[i]);
  return {
    capacity,
    read: () => Uint8Array.from({ length }, (_, i) => majority(i)),
    write(bytes) {
      for (const copy of [a, b, c]) copy.set(bytes);
      length = bytes.length;
    },
    vote() {
      let differing = 0;
      for (let i = 0; i < length; i++) {
        const voted = majority(i);
        for (const copy of [a, b, c]) {
          differing += bitsOf(copy[i] ^ voted);
          copy[i] = voted;
        }
      }
      return differing;
    },
  };
}

function bitsOf(byte: number): number {
  let bits = 0;
  for (let left = byte; left !== 0; left &= left - 1) bits++;
  return bits;
}
