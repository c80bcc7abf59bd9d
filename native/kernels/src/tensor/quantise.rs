//! Hidden states as 8-bit integers, a scale for each block of 32: `native/reference/tensor/quantise.ts`.

use crate::by_simd;
use crate::cpu::Simd;

pub const BLOCK: usize = 32;

/// 1.5 × 2^23: adding it leaves the integer, rounded half to even, in the low bits of the float.
const TO_INTEGER: f32 = 12582912.0;

/// `bytes` as long as `values`, `scales` one for each started block.
pub fn quantise(simd: Simd, values: &[f32], bytes: &mut [i8], scales: &mut [f32]) {
    by_simd!(simd, quantise_all(values: &[f32], bytes: &mut [i8], scales: &mut [f32]))
}

pub fn dequantise(simd: Simd, bytes: &[i8], scales: &[f32], values: &mut [f32]) {
    by_simd!(simd, dequantise_all(bytes: &[i8], scales: &[f32], values: &mut [f32]))
}

#[inline(always)]
fn quantise_all(values: &[f32], bytes: &mut [i8], scales: &mut [f32]) {
    let blocks = values
        .chunks(BLOCK)
        .zip(bytes.chunks_mut(BLOCK))
        .zip(scales);
    for ((values, bytes), scale) in blocks {
        // A whole block has a length that the compiler knows.
        *scale = match (
            <&[f32; BLOCK]>::try_from(values),
            <&mut [i8; BLOCK]>::try_from(&mut *bytes),
        ) {
            (Ok(values), Ok(bytes)) => quantise_block(values, bytes),
            _ => quantise_block(values, bytes),
        };
    }
}

#[inline(always)]
fn quantise_block(values: &[f32], bytes: &mut [i8]) -> f32 {
    // Magnitudes compare like integers; those of infinities and NaN don't count.
    let mut peak = 0u32;
    for value in values {
        let bits = value.to_bits() & 0x7fff_ffff;
        peak = peak.max(if bits < 0x7f80_0000 { bits } else { 0 });
    }
    let scale = f32::from_bits(peak) / 127.0;
    if scale == 0.0 {
        bytes.fill(0);
        return scale;
    }
    for (byte, &value) in bytes.iter_mut().zip(values) {
        let steps = if value.is_nan() { 0.0 } else { value / scale };
        *byte = (steps.clamp(-127.0, 127.0) + TO_INTEGER).to_bits() as i8;
    }
    scale
}

#[inline(always)]
fn dequantise_all(bytes: &[i8], scales: &[f32], values: &mut [f32]) {
    let blocks = values
        .chunks_mut(BLOCK)
        .zip(bytes.chunks(BLOCK))
        .zip(scales);
    for ((values, bytes), &scale) in blocks {
        for (value, &byte) in values.iter_mut().zip(bytes) {
            *value = (byte as f32 * scale).clamp(-f32::MAX, f32::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::forms;

    #[test]
    fn half_steps_go_to_even_and_what_is_no_number_is_defined() {
        let values = [
            127.0,
            0.5,
            1.5,
            2.5,
            -0.5,
            -1.5,
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
        ];
        let (mut bytes, mut scales) = ([9; 9], [9.0; 1]);
        quantise(Simd::Portable, &values, &mut bytes, &mut scales);
        assert_eq!(
            (bytes, scales),
            ([127, 0, 2, 2, 0, -2, 0, 127, -127], [1.0])
        );
    }

    #[test]
    fn forms_agree_on_any_bits() {
        let values: Vec<f32> = (0..4001u32)
            .map(|i| f32::from_bits(i.wrapping_mul(2654435761)))
            .collect();
        let results: Vec<(Vec<i8>, Vec<u32>, Vec<u32>)> = forms()
            .into_iter()
            .map(|simd| {
                let (mut bytes, mut scales) = (vec![0; 4001], vec![0f32; 126]);
                let mut back = vec![0f32; 4001];
                quantise(simd, &values, &mut bytes, &mut scales);
                dequantise(simd, &bytes, &scales, &mut back);
                let bits = |floats: Vec<f32>| floats.iter().map(|value| value.to_bits()).collect();
                (bytes, bits(scales), bits(back))
            })
            .collect();
        assert_eq!(results[0], results[1]);
    }
}
