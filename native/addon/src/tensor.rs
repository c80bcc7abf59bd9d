//! `native/tensor.ts`: non-maximum suppression, 8-bit blocks.

use crate::check::{ensure, ensure_apart, written};
use napi::bindgen_prelude::{Float32ArraySlice, Int8ArraySlice, Uint32ArraySlice};
use napi::Result;
use napi_derive::napi;
use perigee_kernels::cpu::best;
use perigee_kernels::tensor::{nms, quantise};

/// Returns how many are kept.
#[napi]
pub fn nms(
    boxes: &[f32],
    scores: &[f32],
    classes: &[u32],
    iou: f64,
    mut kept: Uint32ArraySlice,
) -> Result<u32> {
    let kept = written!(kept);
    let (corners, rest) = boxes.as_chunks::<4>();
    let same = corners.len() == scores.len() && corners.len() == classes.len();
    ensure(
        rest.is_empty() && same && corners.len() <= u32::MAX as usize,
        "boxes, scores, classes",
    )?;
    ensure_apart(boxes, kept)?;
    ensure_apart(scores, kept)?;
    ensure_apart(classes, kept)?;
    Ok(nms::nms(best(), corners, scores, classes, iou as f32, kept) as u32)
}

fn same_blocks(values: usize, bytes: usize, scales: usize) -> Result<()> {
    ensure(
        bytes >= values && scales >= values.div_ceil(quantise::BLOCK),
        "values, bytes, scales",
    )
}

#[napi]
pub fn quantise(
    values: &[f32],
    mut bytes: Int8ArraySlice,
    mut scales: Float32ArraySlice,
) -> Result<()> {
    let bytes = written!(bytes);
    let scales = written!(scales);
    same_blocks(values.len(), bytes.len(), scales.len())?;
    ensure_apart(values, bytes)?;
    ensure_apart(values, scales)?;
    ensure_apart(bytes, scales)?;
    quantise::quantise(best(), values, &mut bytes[..values.len()], scales);
    Ok(())
}

#[napi]
pub fn dequantise(bytes: &[i8], scales: &[f32], mut values: Float32ArraySlice) -> Result<()> {
    let values = written!(values);
    same_blocks(values.len(), bytes.len(), scales.len())?;
    ensure_apart(bytes, values)?;
    ensure_apart(scales, values)?;
    let count = values.len();
    quantise::dequantise(best(), &bytes[..count], scales, values);
    Ok(())
}
