//! SECDED(72,64) on the columns of blocks: a block is 64 rows of 256 bits, a check row the XOR of the rows that its
//! mask names. Every form runs at the speed of memory; a clean block is one OR and one test.

use super::hsiao::{COLUMNS, WRONG_BIT};
#[cfg(target_arch = "x86_64")]
use super::rows::Avx2;
#[cfg(target_arch = "aarch64")]
use super::rows::Neon;
use super::rows::{Portable, Row};
use super::{Secded, BLOCK, BLOCK_CHECK, ROW};
use crate::cpu::Simd;

/// How far ahead of the row in hand memory is asked for: the processor's own look-ahead ends with the sums of a
/// block or two, and at the end of a host page.
const AHEAD: usize = 3 * BLOCK;
/// The check rows of twice as many blocks: theirs are the scarcer lines. Both were found by measuring.
const CHECK_AHEAD: usize = 6 * BLOCK_CHECK;
const LINE: usize = 64;

/// A row's column without its lowest bit. Neighbours that have the same share one sum into those checks, which
/// takes a fifth of the XORs away.
const fn upper(row: usize) -> u8 {
    COLUMNS[row] & (COLUMNS[row] - 1)
}

/// The 8 sums of a block. Unrolled by the macro, since the compiler must know each row's column.
#[inline(always)]
unsafe fn sums<R: Row>(data: *const u8, check: *const u8) -> [R; 8] {
    let mut sums = [R::zero(); 8];
    let mut shared = R::zero();
    macro_rules! rows {
        ($($row:literal)*) => {$(
            if const { $row * ROW % LINE == 0 } {
                R::prefetch(data.wrapping_add(AHEAD + $row * ROW));
            }
            if const { $row * ROW / 8 % LINE == 0 } {
                R::prefetch(check.wrapping_add(CHECK_AHEAD + $row * ROW / 8));
            }
            let row = R::load(data.add($row * ROW));
            let lowest = const { COLUMNS[$row].trailing_zeros() as usize };
            sums[lowest] = sums[lowest].xor(row);
            shared = if const { $row > 0 && upper($row) == upper($row - 1) } { shared.xor(row) } else { row };
            if const { $row == 63 || upper($row) != upper($row + 1) } {
                add!(upper($row), 1 2 3 4 5 6 7);
            }
        )*};
    }
    macro_rules! add {
        ($column:expr, $($check:literal)*) => {$(
            if const { $column & (1 << $check) != 0 } {
                sums[$check] = sums[$check].xor(shared);
            }
        )*};
    }
    rows!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
          32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
    sums
}

#[inline(always)]
unsafe fn encode_block<R: Row>(data: *const u8, check: *mut u8) {
    for (row, sum) in sums::<R>(data, check).into_iter().enumerate() {
        sum.store(check.add(row * ROW));
    }
}

#[inline(always)]
unsafe fn block_is_clean<R: Row>(data: *const u8, check: *const u8) -> bool {
    let mut wrong = R::zero();
    for (row, sum) in sums::<R>(data, check).into_iter().enumerate() {
        wrong = wrong.or(sum.xor(R::load(check.add(row * ROW))));
    }
    wrong.is_zero()
}

#[inline(always)]
unsafe fn encode_all<R: Row>(data: &[u8], check: &mut [u8]) {
    let checks = check.chunks_exact_mut(BLOCK_CHECK);
    for (block, check) in data.chunks_exact(BLOCK).zip(checks) {
        encode_block::<R>(block.as_ptr(), check.as_mut_ptr());
    }
}

/// Whole blocks that are clean, from the first on. A loop, since a closure would not get the caller's instructions.
#[inline(always)]
unsafe fn clean_all<R: Row>(data: &[u8], check: &[u8]) -> usize {
    let blocks = data.len() / BLOCK;
    let (data, check) = (data.as_ptr(), check.as_ptr());
    for block in 0..blocks {
        if !block_is_clean::<R>(data.add(block * BLOCK), check.add(block * BLOCK_CHECK)) {
            return block;
        }
    }
    blocks
}

/// One instruction set's form of both kernels. The widest of x86-64 is the AVX2 form compiled with AVX-512's XOR of
/// three operands: half the XORs, the same registers.
macro_rules! form {
    ($name:ident, $row:ty, $features:literal) => {
        mod $name {
            use super::*;
            #[target_feature(enable = $features)]
            pub unsafe fn encode(data: &[u8], check: &mut [u8]) {
                encode_all::<$row>(data, check)
            }
            #[target_feature(enable = $features)]
            pub unsafe fn clean(data: &[u8], check: &[u8]) -> usize {
                clean_all::<$row>(data, check)
            }
        }
    };
}
#[cfg(target_arch = "x86_64")]
form!(avx2, Avx2, "avx2");
#[cfg(target_arch = "x86_64")]
form!(avx512, Avx2, "avx2,avx512f,avx512vl");
#[cfg(target_arch = "aarch64")]
form!(neon, Neon, "neon");

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512vl")
}

/// The pointers above rely on it.
fn expect_blocks(data: &[u8], check: &[u8]) {
    assert!(data.len().is_multiple_of(BLOCK) && check.len() * 8 == data.len());
}

/// Fills `check` (an eighth of `data`) with the check rows of `data`, whole blocks. `simd` must be what the
/// processor has.
pub fn encode(simd: Simd, data: &[u8], check: &mut [u8]) {
    expect_blocks(data, check);
    // SAFETY: lengths were checked, and the processor has the instructions.
    unsafe {
        match simd {
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 if has_avx512() => avx512::encode(data, check),
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => avx2::encode(data, check),
            #[cfg(target_arch = "aarch64")]
            Simd::Neon => neon::encode(data, check),
            _ => encode_all::<Portable>(data, check),
        }
    }
}

/// How many whole blocks are clean, up to the first that is not.
pub fn clean_blocks(simd: Simd, data: &[u8], check: &[u8]) -> usize {
    expect_blocks(data, check);
    // SAFETY: as above.
    unsafe {
        match simd {
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 if has_avx512() => avx512::clean(data, check),
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => avx2::clean(data, check),
            #[cfg(target_arch = "aarch64")]
            Simd::Neon => neon::clean(data, check),
            _ => clean_all::<Portable>(data, check),
        }
    }
}

/// Corrects every correctable word of whole blocks in place.
pub fn scrub(simd: Simd, data: &mut [u8], check: &mut [u8]) -> Secded {
    let mut report = Secded::default();
    let mut at = 0;
    loop {
        at += clean_blocks(simd, &data[at * BLOCK..], &check[at * BLOCK_CHECK..]);
        if at * BLOCK >= data.len() {
            return report;
        }
        correct_block(
            simd,
            &mut data[at * BLOCK..(at + 1) * BLOCK],
            &mut check[at * BLOCK_CHECK..(at + 1) * BLOCK_CHECK],
            &mut report,
        );
        at += 1;
    }
}

/// 64 columns of a row at a time.
const LANES: usize = ROW / 8;

fn lane(rows: &[u8], row: usize, lane: usize) -> u64 {
    let at = row * ROW + lane * 8;
    u64::from_ne_bytes(rows[at..at + 8].try_into().expect("8 bytes"))
}

fn flip(rows: &mut [u8], row: usize, lane_of: usize, column: u32) {
    let flipped = lane(rows, row, lane_of) ^ (1 << column);
    let at = row * ROW + lane_of * 8;
    rows[at..at + 8].copy_from_slice(&flipped.to_ne_bytes());
}

fn correct_block(simd: Simd, data: &mut [u8], check: &mut [u8], report: &mut Secded) {
    let mut computed = [0; BLOCK_CHECK];
    encode(simd, data, &mut computed);
    for lane_of in 0..LANES {
        let syndromes: [u64; 8] =
            std::array::from_fn(|row| lane(&computed, row, lane_of) ^ lane(check, row, lane_of));
        let mut wrong = syndromes.iter().fold(0, |all, one| all | one);
        while wrong != 0 {
            let column = wrong.trailing_zeros();
            wrong &= wrong - 1;
            let syndrome = (0..8).fold(0, |all, row| all | ((syndromes[row] >> column & 1) << row));
            match WRONG_BIT[syndrome as usize] {
                ..0 => {
                    report.uncorrectable_words += 1;
                    continue;
                }
                bit @ 0..64 => flip(data, bit as usize, lane_of, column),
                bit => flip(check, bit as usize - 64, lane_of, column),
            }
            report.corrected_bits += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{below, flip, random};
    use super::*;
    use crate::cpu;

    #[test]
    fn all_forms_give_the_same_check_rows() {
        let data = random(64 * BLOCK, 1);
        let mut right = vec![0; data.len() / 8];
        encode(Simd::Portable, &data, &mut right);
        let mut check = vec![0; data.len() / 8];
        encode(cpu::best(), &data, &mut check);
        assert_eq!(check, right);
        assert_eq!(clean_blocks(cpu::best(), &data, &right), 64);
        // Where AVX-512 does the work, the plain AVX2 form is not what `best` runs.
        #[cfg(target_arch = "x86_64")]
        if cpu::best() == Simd::Avx2 {
            check.fill(0);
            // SAFETY: lengths are those of `encode` above.
            unsafe { avx2::encode(&data, &mut check) };
            assert_eq!(check, right);
            assert_eq!(unsafe { avx2::clean(&data, &right) }, 64);
        }
    }

    #[test]
    fn every_single_flip_of_a_block_is_corrected() {
        for simd in [Simd::Portable, cpu::best()] {
            let mut data = random(BLOCK, 2);
            let mut check = vec![0; BLOCK_CHECK];
            encode(simd, &data, &mut check);
            let right = (data.clone(), check.clone());
            for bit in 0..(BLOCK + BLOCK_CHECK) * 8 {
                if bit < BLOCK * 8 {
                    flip(&mut data, bit);
                } else {
                    flip(&mut check, bit - BLOCK * 8);
                }
                let report = scrub(simd, &mut data, &mut check);
                assert_eq!((report.corrected_bits, report.uncorrectable_words), (1, 0));
            }
            assert_eq!((data, check), right);
        }
    }

    #[test]
    fn all_forms_do_the_same_to_any_damage() {
        let mut seed = 3;
        for round in 0..300 {
            let mut data = random(4 * BLOCK, 4 + round);
            let mut check = vec![0; data.len() / 8];
            encode(Simd::Portable, &data, &mut check);
            for _ in 0..below(&mut seed, 600) {
                let bit = below(&mut seed, data.len() * 8);
                flip(&mut data, bit);
                flip(&mut check, bit / 8);
            }
            let (mut other, mut other_check) = (data.clone(), check.clone());
            let a = scrub(Simd::Portable, &mut data, &mut check);
            let b = scrub(cpu::best(), &mut other, &mut other_check);
            assert_eq!((a, data, check), (b, other, other_check));
        }
    }
}
