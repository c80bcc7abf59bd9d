import type { Addon } from '../addon';
import type { ExponentKernels, FloatDtype } from '../exponent/contract';
import { boundBits, requireWeights } from '../reference/ecc/exponent';
import { requireGroup } from '../reference/ecc/parity';
import { requireBlocks, requireCode, requireLayout, requirePages } from '../reference/ecc/shape';
import {
  BLOCK_BYTES,
  type EccKernels,
  type PagesReport,
  type ParityLayout,
  type SecdedReport,
} from './contract';

/** What `native/addon/src/ecc.rs` exports. */
export interface EccAddon {
  eccSecdedEncode(data: Uint8Array, check: Uint8Array): void;
  eccSecdedScrub(data: Uint8Array, check: Uint8Array): SecdedReport;
  eccWordEncode(data: Uint8Array, check: Uint8Array): void;
  eccWordScrub(data: Uint8Array, check: Uint8Array): SecdedReport;
  eccCrc32c(bytes: Uint8Array): number;
  /** A plain read and a plain copy: the bench's yardsticks. */
  eccRead(bytes: Uint8Array): number;
  eccCopy(from: Uint8Array, to: Uint8Array): void;
  /** Asks the system for huge pages under a buffer; says whether it has them. */
  eccHugePages(bytes: Uint8Array): boolean;
  eccProtect(pages: Uint8Array, check: Uint8Array, crcs: Uint32Array, first: number, count: number): void;
  eccScrub(
    pages: Uint8Array,
    check: Uint8Array,
    crcs: Uint32Array,
    first: number,
    count: number,
  ): PagesReport;
  eccScrubAsync(
    pages: Uint8Array,
    check: Uint8Array,
    crcs: Uint32Array,
    first: number,
    count: number,
  ): Promise<PagesReport>;
  eccProtectAsync(
    pages: Uint8Array,
    check: Uint8Array,
    crcs: Uint32Array,
    first: number,
    count: number,
  ): Promise<void>;
  eccParityEncode(pages: Uint8Array, layout: ParityLayout): void;
  eccParityEncodeAsync(pages: Uint8Array, layout: ParityLayout): Promise<void>;
  eccParityRecover(
    pages: Uint8Array,
    check: Uint8Array,
    crcs: Uint32Array,
    layout: ParityLayout,
    group: number,
    badPages: readonly number[],
  ): number[];
  exponentProtect(weights: Uint8Array, dtype: FloatDtype): void;
  exponentVote(weights: Uint8Array, dtype: FloatDtype): number;
  exponentClip(weights: Uint8Array, dtype: FloatDtype, most: number): number;
}

/** The contract over the addon: the same checks as the reference, then Rust. */
export function nativeEcc(addon: Addon): EccKernels {
  return {
    simd: addon.simd(),
    secdedEncode(data, check) {
      requireBlocks(data, check, BLOCK_BYTES);
      addon.eccSecdedEncode(data, check);
    },
    secdedScrub(data, check) {
      requireBlocks(data, check, BLOCK_BYTES);
      return addon.eccSecdedScrub(data, check);
    },
    wordEncode(data, check) {
      requireCode(data, check, 8);
      addon.eccWordEncode(data, check);
    },
    wordScrub(data, check) {
      requireCode(data, check, 8);
      return addon.eccWordScrub(data, check);
    },
    crc32c: addon.eccCrc32c,
    protect(region, first, count) {
      requirePages(region, first, count);
      addon.eccProtect(region.pages, region.check, region.crcs, first, count);
    },
    scrub(region, first, count) {
      requirePages(region, first, count);
      return addon.eccScrub(region.pages, region.check, region.crcs, first, count);
    },
    async scrubAsync(region, first, count) {
      requirePages(region, first, count);
      return addon.eccScrubAsync(region.pages, region.check, region.crcs, first, count);
    },
    async protectAsync(region, first, count) {
      requirePages(region, first, count);
      await addon.eccProtectAsync(region.pages, region.check, region.crcs, first, count);
    },
    parityEncode(pages, layout) {
      requireLayout(pages, layout);
      addon.eccParityEncode(pages, layout);
    },
    async parityEncodeAsync(pages, layout) {
      requireLayout(pages, layout);
      await addon.eccParityEncodeAsync(pages, layout);
    },
    parityRecover(region, layout, group, badPages) {
      requireGroup(region, layout, group, badPages);
      const { pages, check, crcs } = region;
      return addon.eccParityRecover(pages, check, crcs, layout, group, badPages);
    },
  };
}

export function nativeExponent(addon: Addon): ExponentKernels {
  return {
    protect(weights, dtype) {
      requireWeights(weights, dtype);
      addon.exponentProtect(weights, dtype);
    },
    vote(weights, dtype) {
      requireWeights(weights, dtype);
      return addon.exponentVote(weights, dtype);
    },
    clip(weights, dtype, bound) {
      requireWeights(weights, dtype, bound);
      return addon.exponentClip(weights, dtype, boundBits(dtype, bound));
    },
  };
}
