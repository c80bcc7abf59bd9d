//! Indices of two bands, pixel by pixel, in float32: `native/reference/image/bands.ts` says the arithmetic.

use crate::by_simd;
use crate::cpu::Simd;

/// Pixels that are worked on at once: they stay in the nearest cache.
const BLOCK: usize = 512;

/// A measured value of one band.
pub trait Sample: Copy {
    fn value(self) -> f32;
}

macro_rules! samples {
    ($($type:ty),*) => {$(
        impl Sample for $type {
            #[inline(always)]
            fn value(self) -> f32 {
                self as f32
            }
        }
    )*};
}
samples!(u8, u16, f32);

/// Bands of `pixels` pixels, one after the other (planar) or side by side (interleaved).
#[derive(Clone, Copy)]
pub struct Bands<'a, T> {
    pub data: &'a [T],
    pub bands: usize,
    pub pixels: usize,
    pub interleaved: bool,
}

impl<T: Sample> Bands<'_, T> {
    fn load(&self, band: usize, from: usize, into: &mut [f32]) {
        if self.interleaved {
            let pixels = self.data[from * self.bands..].chunks_exact(self.bands);
            for (value, pixel) in into.iter_mut().zip(pixels) {
                *value = pixel[band].value();
            }
        } else {
            for (value, sample) in into.iter_mut().zip(&self.data[band * self.pixels + from..]) {
                *value = sample.value();
            }
        }
    }

    /// Calls `index` with two bands and the output, block by block.
    fn each_block(
        &self,
        pair: [usize; 2],
        out: &mut [f32],
        index: impl Fn(&[f32], &[f32], &mut [f32]),
    ) {
        let (mut a, mut b) = ([0f32; BLOCK], [0f32; BLOCK]);
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let size = out.len();
            self.load(pair[0], block * BLOCK, &mut a[..size]);
            self.load(pair[1], block * BLOCK, &mut b[..size]);
            index(&a[..size], &b[..size], out);
        }
    }
}

/// (a − b) / (a + b) for each pair of bands, a plane of `out` for each.
pub fn normalised_difference<T: Sample>(
    simd: Simd,
    scene: Bands<T>,
    pairs: &[[usize; 2]],
    out: &mut [f32],
) {
    for (&pair, plane) in pairs.iter().zip(out.chunks_exact_mut(scene.pixels)) {
        scene.each_block(pair, plane, |a, b, out| ratio_block(simd, a, b, out));
    }
}

/// The haze test of Fmask: (blue − red / 2) × `scale` − 0.08.
pub fn cloud_index<T: Sample>(
    simd: Simd,
    scene: Bands<T>,
    blue: usize,
    red: usize,
    scale: f32,
    out: &mut [f32],
) {
    scene.each_block([blue, red], out, |blue, red, out| {
        haze_block(simd, blue, red, scale, out)
    });
}

fn ratio_block(simd: Simd, a: &[f32], b: &[f32], out: &mut [f32]) {
    by_simd!(simd, ratio(a: &[f32], b: &[f32], out: &mut [f32]))
}

fn haze_block(simd: Simd, blue: &[f32], red: &[f32], scale: f32, out: &mut [f32]) {
    by_simd!(simd, haze(blue: &[f32], red: &[f32], scale: f32, out: &mut [f32]))
}

#[inline(always)]
fn ratio(a: &[f32], b: &[f32], out: &mut [f32]) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = finite((a - b) / (a + b));
    }
}

#[inline(always)]
fn haze(blue: &[f32], red: &[f32], scale: f32, out: &mut [f32]) {
    for ((out, &blue), &red) in out.iter_mut().zip(blue).zip(red) {
        *out = finite((blue - 0.5 * red) * scale - 0.08);
    }
}

/// Zero where there is no value.
#[inline(always)]
fn finite(value: f32) -> f32 {
    if value.abs() < f32::INFINITY {
        value
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::forms;

    #[test]
    fn layouts_and_forms_agree() {
        let pixels = 1000;
        let planar: Vec<u16> = (0..2 * pixels).map(|i| ((i * 40503) >> 3) as u16).collect();
        let interleaved: Vec<u16> = (0..pixels)
            .flat_map(|i| [planar[i], planar[pixels + i]])
            .collect();
        let results: Vec<Vec<u32>> = forms()
            .into_iter()
            .flat_map(|simd| [(simd, &planar, false), (simd, &interleaved, true)])
            .map(|(simd, data, interleaved)| {
                let mut out = vec![0f32; 3 * pixels];
                let scene = Bands {
                    data,
                    bands: 2,
                    pixels,
                    interleaved,
                };
                normalised_difference(simd, scene, &[[0, 1], [1, 0]], &mut out[..2 * pixels]);
                cloud_index(simd, scene, 0, 1, 1e-4, &mut out[2 * pixels..]);
                out.iter().map(|value| value.to_bits()).collect()
            })
            .collect();
        assert!(results.iter().all(|result| *result == results[0]));
    }

    #[test]
    fn no_value_is_zero() {
        let data = [0f32, 0.0, f32::NAN, 1.0, f32::INFINITY, 1.0, 3.0, 1.0];
        let mut out = [9f32; 4];
        let scene = Bands {
            data: &data,
            bands: 2,
            pixels: 4,
            interleaved: true,
        };
        normalised_difference(Simd::Portable, scene, &[[0, 1]], &mut out);
        assert_eq!(out, [0.0, 0.0, 0.0, 0.5]);
    }
}
