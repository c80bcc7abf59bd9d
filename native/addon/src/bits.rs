//! `native/bits.ts`: packed records, CRC-16 of frames.

use crate::check::{ensure, ensure_apart, written};
use napi::bindgen_prelude::{Uint16ArraySlice, Uint32ArraySlice, Uint8ArraySlice};
use napi::Result;
use napi_derive::napi;
use perigee_kernels::bits::{crc16, pack};

/// Records that a schema and its values make.
fn records(schema: &[i8], values: usize, bytes: usize) -> Result<()> {
    let widths = schema
        .iter()
        .all(|field| (1..=32).contains(&field.unsigned_abs()));
    ensure(
        !schema.is_empty() && widths && values.is_multiple_of(schema.len()),
        "schema, values",
    )?;
    let needed = (values / schema.len()).saturating_mul(pack::record_bytes(schema));
    ensure(bytes >= needed, "bytes")
}

/// Returns the index of the first value that does not fit its field, and then nothing is written; -1 where all do.
#[napi]
pub fn pack_records(schema: &[i8], values: &[u32], mut bytes: Uint8ArraySlice) -> Result<f64> {
    let bytes = written!(bytes);
    records(schema, values.len(), bytes.len())?;
    ensure_apart(schema, bytes)?;
    ensure_apart(values, bytes)?;
    Ok(match pack::pack(schema, values, bytes) {
        Ok(()) => -1.0,
        Err(index) => index as f64,
    })
}

#[napi]
pub fn unpack_records(schema: &[i8], bytes: &[u8], mut values: Uint32ArraySlice) -> Result<()> {
    let values = written!(values);
    records(schema, values.len(), bytes.len())?;
    ensure_apart(schema, values)?;
    ensure_apart(bytes, values)?;
    pack::unpack(schema, bytes, values);
    Ok(())
}

#[napi]
pub fn crc16_frames(bytes: &[u8], size: u32, mut out: Uint16ArraySlice) -> Result<()> {
    let out = written!(out);
    ensure(
        size > 0 && bytes.len() >= (size as usize).saturating_mul(out.len()),
        "bytes",
    )?;
    ensure_apart(bytes, out)?;
    crc16::crc16_frames(bytes, size as usize, out);
    Ok(())
}
