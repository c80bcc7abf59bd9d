/** Protections without pages: none, those that cost no memory, and bare SECDED. */
import { BLOCK_BYTES, ecc, type SecdedReport } from '../../../native/ecc';
import { exponent, floatLayouts } from '../../../native/exponent';
import { type Guarded, type Protection, percent, type Repaired, stretchesOf } from './protection';
import type { FloatField, Subject } from './subject';

const NOTHING_SAID: Repaired = { detected: false, corrected: {} };

/** Unprotected memory over which `repair` goes. */
function plain(weights: Uint8Array, repair: (weights: Uint8Array) => Repaired): Guarded {
  const held = weights.slice();
  return {
    truth: weights,
    weights: held,
    ...stretchesOf([held]),
    memoryPercent: 0,
    storagePercent: 0,
    repair: () => repair(held),
  };
}

/** Runs `change` over every float of the weights; returns how many it changed. */
function overFloats(
  weights: Uint8Array,
  fields: readonly FloatField[],
  change: (floats: Uint8Array, field: FloatField) => number,
): number {
  let changed = 0;
  for (const field of fields) {
    const { at, stride, count, dtype } = field;
    const { bytes } = floatLayouts[dtype];
    if (stride === bytes) {
      changed += change(weights.subarray(at, at + count * stride), field);
      continue;
    }
    const gathered = new Uint8Array(count * bytes);
    for (let i = 0; i < count; i++)
      for (let b = 0; b < bytes; b++) gathered[i * bytes + b] = weights[at + i * stride + b];
    const here = change(gathered, field);
    if (here === 0) continue;
    changed += here;
    for (let i = 0; i < count; i++)
      for (let b = 0; b < bytes; b++) weights[at + i * stride + b] = gathered[i * bytes + b];
  }
  return changed;
}

const none: Protection = {
  name: 'none',
  about: 'the weights alone',
  guard: ({ weights }) => plain(weights, () => NOTHING_SAID),
};

const clip: Protection = {
  name: 'clip',
  about: "floats beyond their tensor's greatest magnitude are cut to it, NaN becomes 0 (after Ranger)",
  guard: ({ weights, floats }) =>
    plain(weights, (held) => {
      const clipped = overFloats(held, floats, (bytes, { dtype, bound }) =>
        exponent.clip(bytes, dtype, bound),
      );
      // It knows that a weight was wrong, not what it was.
      return { detected: clipped > 0, corrected: { clipped } };
    }),
};

const exponentBits: Protection = {
  name: 'exponent',
  about: "the exponent's top bits three times, their copies in the lowest mantissa bits (after MSET)",
  guard({ weights, floats }) {
    const marked = weights.slice();
    overFloats(marked, floats, (bytes, { dtype }) => {
      exponent.protect(bytes, dtype);
      return 1;
    });
    return plain(marked, (held) => ({
      detected: false,
      corrected: { voted: overFloats(held, floats, (bytes, { dtype }) => exponent.vote(bytes, dtype)) },
    }));
  },
};

/** SECDED(72,64) and nothing else: data in whole blocks, and an eighth of check bytes. */
function secded(
  { weights }: Subject,
  encode: (data: Uint8Array, check: Uint8Array) => void,
  scrub: (data: Uint8Array, check: Uint8Array) => SecdedReport,
): Guarded {
  const length = Math.ceil(weights.length / BLOCK_BYTES) * BLOCK_BYTES;
  const data = new Uint8Array(length);
  const check = new Uint8Array(length / 8);
  data.set(weights);
  encode(data, check);
  return {
    truth: weights,
    weights: data.subarray(0, weights.length),
    ...stretchesOf([data, check]),
    memoryPercent: percent(length + check.length - weights.length, weights.length),
    storagePercent: 0,
    repair() {
      const { correctedBits, uncorrectableWords } = scrub(data, check);
      return { detected: uncorrectableWords > 0, corrected: { secded: correctedBits } };
    },
  };
}

const wordByWord: Protection = {
  name: 'SECDED by word',
  about: 'SECDED(72,64) over 8 neighbouring bytes, as memory controllers have it',
  guard: (subject) => secded(subject, ecc.wordEncode, ecc.wordScrub),
};

const bitSliced: Protection = {
  name: 'SECDED bit-sliced',
  about: 'the same code over columns of blocks of 64 rows of 256 bits',
  guard: (subject) => secded(subject, ecc.secdedEncode, ecc.secdedScrub),
};

export const bareProtections: readonly Protection[] = [none, clip, exponentBits, wordByWord, bitSliced];
