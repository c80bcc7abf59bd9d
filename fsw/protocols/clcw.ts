/**
 * The Communications Link Control Word (CCSDS 232.0-B, 4.2): what the spacecraft's FARM-1 has accepted, in the
 * operational control field of each TM frame.
 *
 * Big-endian: type 1 bit = 0 | version 2 = 0 | status 3 = 0 | COP in effect 2 = 1 | virtual channel 6 | reserved 2 |
 * no RF 1 | no bit lock 1 | lockout 1 | wait 1 | retransmit 1 | FARM-B counter 2 | reserved 1 | report value 8.
 */
export interface Clcw {
  readonly channelId: number;
  readonly lockout: boolean;
  readonly wait: boolean;
  readonly retransmit: boolean;
  /** Type-B frames accepted, modulo 4. */
  readonly farmB: number;
  /** V(R): the number of the next type-AD frame that is expected. */
  readonly report: number;
}

const COP_1 = 1 << 24;

export function clcwWord({ channelId, lockout, wait, retransmit, farmB, report }: Clcw): number {
  const flags = (Number(lockout) << 13) | (Number(wait) << 12) | (Number(retransmit) << 11);
  return COP_1 | ((channelId & 0x3f) << 18) | flags | ((farmB & 3) << 9) | (report & 0xff);
}

/** Undefined when the word is no CLCW of version 0 for COP-1. */
export function readClcw(word: number): Clcw | undefined {
  if (word & 0xe000_0000 || ((word >>> 24) & 3) !== 1) return undefined;
  return {
    channelId: (word >>> 18) & 0x3f,
    lockout: ((word >>> 13) & 1) === 1,
    wait: ((word >>> 12) & 1) === 1,
    retransmit: ((word >>> 11) & 1) === 1,
    farmB: (word >>> 9) & 3,
    report: word & 0xff,
  };
}
