//! The two passes of `preprocess` with AVX2; the same integers, so the same bytes.

use super::preprocess::{Normal, HALF, MARGIN, SHIFT};
use super::resample::Taps;
use std::arch::x86_64::*;

/// Two weights, for two neighbours at once.
fn pair(a: i16, b: i16) -> i32 {
    (a as u16 as u32 | (b as u16 as u32) << 16) as i32
}

pub fn mix_rows(rows: &[&[u8]], weights: &[i16], line: &mut [i16]) {
    let width = rows[0].len();
    if width < 16 {
        return super::preprocess::mix_rows(rows, weights, line);
    }
    assert!(
        line.len() >= width
            && rows.len() == weights.len()
            && rows.iter().all(|row| row.len() == width)
    );
    let pairs: Vec<(*const u8, *const u8, i32)> = (0..rows.len())
        .step_by(2)
        .map(|k| match rows.get(k + 1) {
            Some(next) => (
                rows[k].as_ptr(),
                next.as_ptr(),
                pair(weights[k], weights[k + 1]),
            ),
            None => (rows[k].as_ptr(), rows[k].as_ptr(), pair(weights[k], 0)),
        })
        .collect();
    // Safety: every row and `line` have `width` elements; the caller runs this only where AVX2 is.
    unsafe { mix_pairs(&pairs, width, line.as_mut_ptr()) }
}

#[target_feature(enable = "avx2")]
unsafe fn mix_pairs(pairs: &[(*const u8, *const u8, i32)], width: usize, line: *mut i16) {
    // A whole cache line of each row at once: rows of a frame often lie a multiple of 4 KiB apart, and then push each
    // other out of the nearest cache.
    let whole = width / 64 * 64;
    for from in (0..whole).step_by(64) {
        mix_blocks::<4>(pairs, from, line);
    }
    for from in (whole..width).step_by(16) {
        // The last block overlaps the one before.
        mix_blocks::<1>(pairs, from.min(width - 16), line);
    }
}

/// `N` blocks of 16 elements.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn mix_blocks<const N: usize>(
    pairs: &[(*const u8, *const u8, i32)],
    from: usize,
    line: *mut i16,
) {
    let mut sums = [[_mm256_set1_epi32(HALF); 2]; N];
    for &(a, b, weight) in pairs {
        let weight = _mm256_set1_epi32(weight);
        for (i, [low, high]) in sums.iter_mut().enumerate() {
            let a = _mm_loadu_si128(a.add(from + i * 16).cast());
            let b = _mm_loadu_si128(b.add(from + i * 16).cast());
            let first = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b));
            let second = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
            *low = _mm256_add_epi32(*low, _mm256_madd_epi16(first, weight));
            *high = _mm256_add_epi32(*high, _mm256_madd_epi16(second, weight));
        }
    }
    for (i, [low, high]) in sums.into_iter().enumerate() {
        let packed = _mm256_packs_epi32(
            _mm256_srai_epi32::<SHIFT>(low),
            _mm256_srai_epi32::<SHIFT>(high),
        );
        let ordered = _mm256_permute4x64_epi64::<0b11_01_10_00>(packed);
        _mm256_storeu_si256(line.add(from + i * 16).cast(), ordered);
    }
}

/// The second pass of three channels: four pixels at a time, two taps an instruction.
pub fn mix_columns_rgb(
    line: &[i16],
    across: &Taps,
    normals: &[Normal],
    plane: usize,
    out: &mut [f32],
) {
    let columns = across.starts.len();
    assert!(normals.len() == 3 && out.len() >= 2 * plane + columns);
    assert!(across
        .starts
        .iter()
        .all(|start| (start + across.count) * 3 + MARGIN <= line.len()));
    // Safety: the last load begins two taps before `start + count` at most and takes 8 elements, within the margin.
    unsafe { mix_columns(line, across, normals, plane, out.as_mut_ptr()) }
}

#[target_feature(enable = "avx2")]
unsafe fn mix_columns(
    line: &[i16],
    across: &Taps,
    normals: &[Normal],
    plane: usize,
    out: *mut f32,
) {
    let columns = across.starts.len();
    for x in (0..columns).step_by(4) {
        let mut sums = [_mm_setzero_si128(); 4];
        for (i, sum) in sums.iter_mut().enumerate().take(columns - x) {
            *sum = sum_rgb(
                line.as_ptr().add(across.starts[x + i] * 3),
                across.weights_of(x + i),
            );
        }
        let (rg01, rg23) = (
            _mm_unpacklo_epi32(sums[0], sums[1]),
            _mm_unpacklo_epi32(sums[2], sums[3]),
        );
        let (b01, b23) = (
            _mm_unpackhi_epi32(sums[0], sums[1]),
            _mm_unpackhi_epi32(sums[2], sums[3]),
        );
        let planes = [
            _mm_unpacklo_epi64(rg01, rg23),
            _mm_unpackhi_epi64(rg01, rg23),
            _mm_unpacklo_epi64(b01, b23),
        ];
        for (c, sums) in planes.into_iter().enumerate() {
            let scaled = _mm_mul_ps(_mm_cvtepi32_ps(sums), _mm_set1_ps(normals[c].scale));
            let values = _mm_sub_ps(scaled, _mm_set1_ps(normals[c].bias));
            let to = out.add(c * plane + x);
            if x + 4 <= columns {
                _mm_storeu_ps(to, values);
            } else {
                let mut four = [0f32; 4];
                _mm_storeu_ps(four.as_mut_ptr(), values);
                std::ptr::copy_nonoverlapping(four.as_ptr(), to, columns - x);
            }
        }
    }
}

/// The weighted sums of red, green and blue in the first three lanes.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn sum_rgb(pixels: *const i16, weights: &[i16]) -> __m128i {
    // Two pixels (r g b r g b) to pairs (r r)(g g)(b b).
    let pairs = _mm_setr_epi8(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, -1, -1, -1, -1);
    let mut sum = _mm_setzero_si128();
    let mut taps = weights.chunks_exact(2);
    let mut at = pixels;
    for two in &mut taps {
        let both = _mm_shuffle_epi8(_mm_loadu_si128(at.cast()), pairs);
        sum = _mm_add_epi32(
            sum,
            _mm_madd_epi16(both, _mm_set1_epi32(pair(two[0], two[1]))),
        );
        at = at.add(6);
    }
    if let [last] = taps.remainder() {
        let both = _mm_shuffle_epi8(_mm_loadu_si128(at.cast()), pairs);
        sum = _mm_add_epi32(sum, _mm_madd_epi16(both, _mm_set1_epi32(pair(*last, 0))));
    }
    sum
}
