//! CRC-16 with polynomial 0x1021, preset to 0xFFFF (CCSDS 132.0-B 4.1.6): `fsw/protocols/crc16.ts`.

/// Table k holds the CRC of each byte followed by k zero bytes.
static TABLES: [[u16; 256]; 16] = tables();

const fn tables() -> [[u16; 256]; 16] {
    let mut all = [[0u16; 256]; 16];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 != 0 {
                crc << 1 ^ 0x1021
            } else {
                crc << 1
            };
            bit += 1;
        }
        all[0][byte] = crc;
        byte += 1;
    }
    let mut k = 1;
    while k < 16 {
        let mut byte = 0;
        while byte < 256 {
            let before = all[k - 1][byte];
            all[k][byte] = before << 8 ^ all[0][(before >> 8) as usize];
            byte += 1;
        }
        k += 1;
    }
    all
}

pub fn crc16(bytes: &[u8]) -> u16 {
    let mut crc = 0xffffu16;
    let (steps, rest) = bytes.as_chunks::<16>();
    for step in steps {
        let [high, low] = crc.to_be_bytes();
        crc = TABLES[15][(step[0] ^ high) as usize] ^ TABLES[14][(step[1] ^ low) as usize];
        for (&byte, table) in step[2..].iter().zip(TABLES[..14].iter().rev()) {
            crc ^= table[byte as usize];
        }
    }
    for byte in rest {
        crc = crc << 8 ^ TABLES[0][((crc >> 8) as u8 ^ byte) as usize];
    }
    crc
}

/// The CRC of each of the frames of `size` bytes that lie one after the other.
pub fn crc16_frames(bytes: &[u8], size: usize, out: &mut [u16]) {
    for (crc, frame) in out.iter_mut().zip(bytes.chunks_exact(size)) {
        *crc = crc16(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_check_value_and_is_zero_over_its_own_crc() {
        assert_eq!(crc16(b"123456789"), 0x29b1);
        for length in 0..100u8 {
            let mut bytes: Vec<u8> = (0..length).map(|i| i.wrapping_mul(37)).collect();
            bytes.extend(crc16(&bytes).to_be_bytes());
            assert_eq!(crc16(&bytes), 0);
        }
    }
}
