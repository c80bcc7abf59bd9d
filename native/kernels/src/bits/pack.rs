//! Records of fields of 1 to 32 bits, most significant bit first: `native/reference/bits/pack.ts`.

/// A field's bits; a negative number means a signed field.
pub type Field = i8;

/// Bytes of one record, whose last byte is filled up with zeros.
pub fn record_bytes(schema: &[Field]) -> usize {
    schema
        .iter()
        .map(|field| field.unsigned_abs() as usize)
        .sum::<usize>()
        .div_ceil(8)
}

/// Packs records of `schema.len()` values each (signed ones as two's complement). Returns the index of the first
/// value that does not fit its field, and then nothing is written.
pub fn pack(schema: &[Field], values: &[u32], bytes: &mut [u8]) -> Result<(), usize> {
    let bounds: Vec<(u32, u32)> = schema.iter().map(|&field| bounds(field)).collect();
    for (record, values) in values.chunks_exact(schema.len()).enumerate() {
        for (i, (&value, &(offset, most))) in values.iter().zip(&bounds).enumerate() {
            if value.wrapping_add(offset) > most {
                return Err(record * schema.len() + i);
            }
        }
    }
    let records = values.chunks_exact(schema.len());
    for (values, bytes) in records.zip(bytes.chunks_exact_mut(record_bytes(schema))) {
        pack_record(schema, values, bytes);
    }
    Ok(())
}

/// A value fits when value + offset, as 32 bits without sign, is no more than the second.
fn bounds(field: Field) -> (u32, u32) {
    let bits = field.unsigned_abs() as u32;
    (
        if field < 0 { 1 << (bits - 1) } else { 0 },
        u32::MAX >> (32 - bits),
    )
}

fn pack_record(schema: &[Field], values: &[u32], bytes: &mut [u8]) {
    let (mut held, mut bits, mut at) = (0u64, 0u32, 0);
    for (&field, &value) in schema.iter().zip(values) {
        let width = field.unsigned_abs() as u32;
        held = held << width | (value & (u32::MAX >> (32 - width))) as u64;
        bits += width;
        if bits >= 32 {
            bits -= 32;
            bytes[at..at + 4].copy_from_slice(&((held >> bits) as u32).to_be_bytes());
            at += 4;
        }
    }
    let rest = ((held << (32 - bits)) as u32).to_be_bytes();
    let left = bytes.len() - at;
    bytes[at..].copy_from_slice(&rest[..left]);
}

/// The reverse of `pack`; a signed field comes back with its sign in all 32 bits.
pub fn unpack(schema: &[Field], bytes: &[u8], values: &mut [u32]) {
    let mut from = 0;
    let places: Vec<(usize, u32, u32, bool)> = schema
        .iter()
        .map(|&field| {
            let (bits, at) = (field.unsigned_abs() as u32, from);
            from += bits as usize;
            (at / 8, (at % 8) as u32, 32 - bits, field < 0)
        })
        .collect();
    let size = record_bytes(schema);
    for (record, values) in values.chunks_exact_mut(schema.len()).enumerate() {
        for (value, &(byte, skip, spare, signed)) in values.iter_mut().zip(&places) {
            let left = (big_endian(bytes, record * size + byte) << skip >> 32) as u32;
            *value = if signed {
                ((left as i32) >> spare) as u32
            } else {
                left >> spare
            };
        }
    }
}

/// Eight bytes from `at`; zeros beyond the end.
#[inline(always)]
fn big_endian(bytes: &[u8], at: usize) -> u64 {
    if let Some(eight) = bytes[at..].first_chunk::<8>() {
        return u64::from_be_bytes(*eight);
    }
    let mut eight = [0; 8];
    eight[..bytes.len() - at].copy_from_slice(&bytes[at..]);
    u64::from_be_bytes(eight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back() {
        let schema = [1, -7, 32, 13, -32, 5, 3];
        let values = [1, -64i32 as u32, u32::MAX, 8191, i32::MIN as u32, 31, 0];
        let mut bytes = vec![0; record_bytes(&schema) * 3];
        assert_eq!(pack(&schema, &values.repeat(3), &mut bytes), Ok(()));
        let mut back = [0; 21];
        unpack(&schema, &bytes, &mut back);
        assert_eq!(back.to_vec(), values.repeat(3));
    }

    #[test]
    fn a_value_too_large_is_named_and_nothing_written() {
        let mut bytes = [7; 2];
        assert_eq!(pack(&[3, -4], &[7, 7, 7, 8], &mut bytes), Err(3));
        assert_eq!(pack(&[3, -4], &[8, 0, 0, 0], &mut bytes), Err(0));
        assert_eq!(bytes, [7; 2]);
    }
}
