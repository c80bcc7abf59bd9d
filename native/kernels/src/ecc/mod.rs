//! Error correction for memory that radiation hits. The contract is `native/ecc/contract.ts`; the TypeScript in
//! `native/reference/ecc` gives the same bytes.

pub mod bit_sliced;
pub mod crc;
pub mod exponent;
pub mod hsiao;
pub mod pages;
pub mod parity;
pub mod read;
mod rows;
pub mod words;

/// A row of a block: 256 bits.
pub const ROW: usize = 32;
pub const BLOCK: usize = 64 * ROW;
pub const BLOCK_CHECK: usize = 8 * ROW;
/// A page is two blocks.
pub const PAGE: usize = 2 * BLOCK;
pub const PAGE_CHECK: usize = 2 * BLOCK_CHECK;

/// What bare SECDED found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Secded {
    pub corrected_bits: u64,
    pub uncorrectable_words: u64,
}

#[cfg(test)]
pub(crate) mod testing {
    /// Bytes that are the same on every run: xorshift64 from `seed` (not 0).
    pub fn random(length: usize, seed: u64) -> Vec<u8> {
        let mut x = seed;
        (0..length).map(|_| (next(&mut x) >> 32) as u8).collect()
    }

    pub fn next(x: &mut u64) -> u64 {
        *x ^= *x << 13;
        *x ^= *x >> 7;
        *x ^= *x << 17;
        *x
    }

    pub fn below(x: &mut u64, bound: usize) -> usize {
        (next(x) >> 16) as usize % bound
    }

    pub fn flip(bytes: &mut [u8], bit: usize) {
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}
