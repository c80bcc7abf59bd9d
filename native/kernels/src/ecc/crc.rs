//! CRC-32C (Castagnoli; RFC 3720, appendix B.4), by the carry-less multiplication or CRC instructions of the
//! processor, or by tables where it has none (crate crc-fast).

pub fn crc32c(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::testing::random;
    use super::crc32c;

    #[test]
    fn gives_the_vectors_of_rfc_3720() {
        let ascending: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&[0; 32]), 0x8a9136aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8ab43);
        assert_eq!(crc32c(&ascending), 0x46dd794e);
        assert_eq!(crc32c(b"123456789"), 0xe3069283);
    }

    #[test]
    fn agrees_with_the_definition_for_every_length() {
        let bytes = random(5000, 1);
        let mut register = u32::MAX;
        for length in 0..bytes.len() {
            assert_eq!(crc32c(&bytes[..length]), !register, "{length} bytes");
            register ^= u32::from(bytes[length]);
            for _ in 0..8 {
                register = (register >> 1) ^ if register & 1 == 1 { 0x82f63b78 } else { 0 };
            }
        }
    }
}
