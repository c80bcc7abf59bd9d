/**
 * The pseudo-randomiser of telemetry (CCSDS 131.0-B, 10.4): every block is XORed with the sequence of
 * h(x) = x^8 + x^7 + x^5 + x^3 + 1, started from ones. Its 255 bits repeat after 255 bytes.
 */
const PERIOD = 255;
const sequence = new Uint8Array(PERIOD);

const bits = new Uint8Array(8 * PERIOD).fill(1, 0, 8);
for (let n = 8; n < bits.length; n++) bits[n] = bits[n - 1] ^ bits[n - 3] ^ bits[n - 5] ^ bits[n - 8];
for (let n = 0; n < bits.length; n++) sequence[n >> 3] |= bits[n] << (7 - (n & 7));

/** Randomises one frame or codeblock in place, or takes it back: the same XOR. The sync marker stays as it is. */
export function randomise(block: Uint8Array): void {
  for (let i = 0, at = 0; i < block.length; i++) {
    block[i] ^= sequence[at];
    if (++at === PERIOD) at = 0;
  }
}
