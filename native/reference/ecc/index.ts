import type { EccKernels } from '../../ecc/contract';
import { secdedEncode, secdedScrub } from './bitSliced';
import { crc32c } from './crc32c';
import { protect, protectAsync, scrub, scrubAsync } from './pages';
import { parityEncode, parityEncodeAsync, parityRecover } from './parity';
import { wordEncode, wordScrub } from './wordByWord';

/** All of the contract in TypeScript: the oracle of the tests, and what flies where the addon is not. */
export const referenceEcc: EccKernels = {
  simd: 'typescript',
  secdedEncode,
  secdedScrub,
  wordEncode,
  wordScrub,
  crc32c: (bytes) => crc32c(bytes),
  protect,
  scrub,
  scrubAsync,
  protectAsync,
  parityEncode,
  parityEncodeAsync,
  parityRecover,
};
