//! Crop, resize and normalise in one pass: interleaved bytes in, CHW float32 out. The arithmetic is integer up to one
//! float multiplication and one subtraction: `native/reference/image/preprocess.ts` says it in full.

use super::resample::Taps;
use crate::by_simd;
use crate::cpu::Simd;

/// The most channels of a picture (Sentinel-2 has 13 bands).
pub const MAX_CHANNELS: usize = 13;

/// Bits that the rows between the two passes are shifted down by, and half of that, for rounding.
pub(super) const SHIFT: i32 = 7;
pub(super) const HALF: i32 = 1 << (SHIFT - 1);
/// What one grey level is in the sums of the second pass: 14 + 14 − 7 bits.
const LEVEL: f64 = 2097152.0;
/// Elements that the second pass may read beyond a row (their weights are zero).
pub(super) const MARGIN: usize = 16;

/// Interleaved pixels, row by row without a gap.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    pub data: &'a [u8],
    pub width: usize,
    pub height: usize,
    pub channels: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Crop {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
}

/// What the network takes: its size, and (level − mean) / std for each channel.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub width: usize,
    pub height: usize,
    pub mean: &'a [f32],
    pub std: &'a [f32],
}

/// Multiplier and subtrahend that normalise a channel's sums.
pub(super) struct Normal {
    pub scale: f32,
    pub bias: f32,
}

/// Writes each crop to its place in `out` (crop, channel, row, column). The caller has checked that the picture, the
/// crops and `out` fit (else it panics).
pub fn preprocess(simd: Simd, picture: Picture, crops: &[Crop], target: Target, out: &mut [f32]) {
    let normals: Vec<Normal> = (0..picture.channels)
        .map(|c| {
            let (mean, std) = (target.mean[c] as f64, target.std[c] as f64);
            Normal {
                scale: (1.0 / LEVEL / std) as f32,
                bias: (mean / std) as f32,
            }
        })
        .collect();
    let mut plan: Option<(usize, usize, Taps, Taps)> = None;
    let mut tables: Option<Vec<[f32; 256]>> = None;
    let size = target.width * target.height * picture.channels;
    for (crop, out) in crops.iter().zip(out.chunks_exact_mut(size)) {
        if (crop.width, crop.height) == (target.width, target.height) {
            let tables = tables.get_or_insert_with(|| normals.iter().map(levels).collect());
            copy(picture, *crop, tables, out);
            continue;
        }
        if !matches!(&plan, Some((w, h, ..)) if (*w, *h) == (crop.width, crop.height)) {
            let (across, down) = (
                Taps::new(crop.width, target.width),
                Taps::new(crop.height, target.height),
            );
            plan = Some((crop.width, crop.height, across, down));
        }
        let Some((_, _, across, down)) = &plan else {
            continue;
        };
        resize(simd, picture, *crop, (across, down), &normals, out);
    }
}

/// What each level becomes where nothing is resized.
fn levels(normal: &Normal) -> [f32; 256] {
    std::array::from_fn(|level| (level as f64 * LEVEL) as f32 * normal.scale - normal.bias)
}

/// A crop of the target's size, by a table for each channel: gives what `resize` would.
fn copy(picture: Picture, crop: Crop, tables: &[[f32; 256]], out: &mut [f32]) {
    let channels = picture.channels;
    let plane = crop.width * crop.height;
    for (c, table) in tables.iter().enumerate() {
        let lines = out[c * plane..][..plane].chunks_exact_mut(crop.width);
        for (y, line) in lines.enumerate() {
            let row = row_of(picture, crop, y);
            for (value, pixel) in line.iter_mut().zip(row.chunks_exact(channels)) {
                *value = table[pixel[c] as usize];
            }
        }
    }
}

/// The mean level of each crop, all channels alike.
pub fn mean_levels(simd: Simd, picture: Picture, crops: &[Crop], out: &mut [f32]) {
    for (crop, mean) in crops.iter().zip(out) {
        let sum: u64 = (0..crop.height)
            .map(|y| sum_of(simd, row_of(picture, *crop, y)))
            .sum();
        let count = crop.width * crop.height * picture.channels;
        *mean = (sum as f64 / count as f64) as f32;
    }
}

fn sum_of(simd: Simd, row: &[u8]) -> u64 {
    by_simd!(simd, sum(row: &[u8]) -> u64)
}

#[inline(always)]
fn sum(row: &[u8]) -> u64 {
    // 65536 pixels of 13 channels fit 32 bits.
    row.iter().map(|&level| level as u32).sum::<u32>() as u64
}

pub(super) fn row_of<'a>(picture: Picture<'a>, crop: Crop, y: usize) -> &'a [u8] {
    let from = ((crop.top + y) * picture.width + crop.left) * picture.channels;
    &picture.data[from..from + crop.width * picture.channels]
}

fn resize(
    simd: Simd,
    picture: Picture,
    crop: Crop,
    (across, down): (&Taps, &Taps),
    normals: &[Normal],
    out: &mut [f32],
) {
    let channels = picture.channels;
    let plane = across.starts.len() * down.starts.len();
    let mut line = vec![0i16; (crop.width + across.count) * channels + MARGIN];
    for (y, &top) in down.starts.iter().enumerate() {
        let weights = down.weights_of(y);
        let used = weights
            .iter()
            .rposition(|&w| w != 0)
            .map_or(0, |last| last + 1);
        let rows: Vec<&[u8]> = (top..top + used)
            .map(|row| row_of(picture, crop, row))
            .collect();
        let out = &mut out[y * across.starts.len()..];
        #[cfg(target_arch = "x86_64")]
        if simd == Simd::Avx2 {
            super::preprocess_avx2::mix_rows(&rows, &weights[..used], &mut line);
            if channels == 3 {
                super::preprocess_avx2::mix_columns_rgb(&line, across, normals, plane, out);
                continue;
            }
            mix_columns(&line, across, normals, plane, out);
            continue;
        }
        let _ = simd;
        mix_rows(&rows, &weights[..used], &mut line);
        mix_columns(&line, across, normals, plane, out);
    }
}

/// The first pass: rows of bytes to one row with 7 more bits.
pub(super) fn mix_rows(rows: &[&[u8]], weights: &[i16], line: &mut [i16]) {
    const BLOCK: usize = 64;
    let width = rows[0].len();
    for from in (0..width).step_by(BLOCK) {
        let size = BLOCK.min(width - from);
        let mut sums = [HALF; BLOCK];
        for (row, &weight) in rows.iter().zip(weights) {
            for (sum, &level) in sums.iter_mut().zip(&row[from..from + size]) {
                *sum += level as i32 * weight as i32;
            }
        }
        for (value, sum) in line[from..from + size].iter_mut().zip(sums) {
            *value = (sum >> SHIFT) as i16;
        }
    }
}

/// The second pass, along the row, to normalised floats, a plane for each channel.
fn mix_columns(line: &[i16], across: &Taps, normals: &[Normal], plane: usize, out: &mut [f32]) {
    match normals.len() {
        1 => mix_columns_of::<1>(line, across, normals, plane, out),
        3 => mix_columns_of::<3>(line, across, normals, plane, out),
        4 => mix_columns_of::<4>(line, across, normals, plane, out),
        channels => {
            let mut sums = [0; MAX_CHANNELS];
            for (x, &start) in across.starts.iter().enumerate() {
                sums[..channels].fill(0);
                let pixels = line[start * channels..].chunks_exact(channels);
                for (pixel, &weight) in pixels.zip(across.weights_of(x)) {
                    for (sum, &value) in sums.iter_mut().zip(pixel) {
                        *sum += value as i32 * weight as i32;
                    }
                }
                for (c, normal) in normals.iter().enumerate() {
                    out[c * plane + x] = sums[c] as f32 * normal.scale - normal.bias;
                }
            }
        }
    }
}

fn mix_columns_of<const C: usize>(
    line: &[i16],
    across: &Taps,
    normals: &[Normal],
    plane: usize,
    out: &mut [f32],
) {
    for (x, &start) in across.starts.iter().enumerate() {
        let mut sums = [0; C];
        for (pixel, &weight) in line[start * C..].chunks_exact(C).zip(across.weights_of(x)) {
            for (sum, &value) in sums.iter_mut().zip(pixel) {
                *sum += value as i32 * weight as i32;
            }
        }
        for (c, normal) in normals.iter().enumerate() {
            out[c * plane + x] = sums[c] as f32 * normal.scale - normal.bias;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::forms;

    fn picture(width: usize, height: usize, channels: usize) -> Vec<u8> {
        (0..width * height * channels)
            .map(|i| ((i * 2654435761) >> 7) as u8)
            .collect()
    }

    #[test]
    fn all_forms_agree_for_every_number_of_channels() {
        for channels in 1..=MAX_CHANNELS {
            let data = picture(61, 47, channels);
            let crops = [
                (3, 5, 40, 41),
                (0, 0, 61, 47),
                (60, 46, 1, 1),
                (10, 10, 23, 9),
                (1, 1, 16, 12),
            ]
            .map(|(left, top, width, height)| Crop {
                left,
                top,
                width,
                height,
            });
            let (mean, std) = ([3.5; MAX_CHANNELS], [0.7; MAX_CHANNELS]);
            let target = Target {
                width: 16,
                height: 12,
                mean: &mean,
                std: &std,
            };
            let results: Vec<Vec<u32>> = forms()
                .into_iter()
                .map(|simd| {
                    let mut out = vec![0f32; 5 * 16 * 12 * channels];
                    let picture = Picture {
                        data: &data,
                        width: 61,
                        height: 47,
                        channels,
                    };
                    preprocess(simd, picture, &crops, target, &mut out);
                    out.iter().map(|value| value.to_bits()).collect()
                })
                .collect();
            assert_eq!(results[0], results[1], "{channels} channels");
        }
    }

    #[test]
    fn a_grey_picture_stays_grey_at_every_size() {
        let data = vec![200u8; 50 * 50 * 3];
        let picture = Picture {
            data: &data,
            width: 50,
            height: 50,
            channels: 3,
        };
        for (width, height) in [(1, 1), (7, 50), (50, 50), (64, 99)] {
            let target = Target {
                width,
                height,
                mean: &[0.0; 3],
                std: &[1.0; 3],
            };
            let mut out = vec![0f32; width * height * 3];
            let crop = Crop {
                left: 0,
                top: 0,
                width: 50,
                height: 50,
            };
            preprocess(crate::cpu::best(), picture, &[crop], target, &mut out);
            assert!(out.iter().all(|&value| value == 200.0));
        }
    }
}
