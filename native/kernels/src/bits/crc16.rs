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
    #[cfg(target_arch = "x86_64")]
    if bytes.len() >= 64 && folding::is_here() {
        return folding::crc16(bytes);
    }
    by_tables(0xffff, bytes)
}

fn by_tables(mut crc: u16, bytes: &[u8]) -> u16 {
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

/// x^`power` modulo the polynomial.
#[cfg(target_arch = "x86_64")]
const fn power_of_x(power: u32) -> i64 {
    let mut value = 1u16;
    let mut at = 0;
    while at < power {
        value = if value & 0x8000 != 0 {
            value << 1 ^ 0x1021
        } else {
            value << 1
        };
        at += 1;
    }
    value as i64
}

/// Carry-less multiplication: a polynomial of 128 bits is moved up by 128 bits and made small again by two products
/// (V. Gopal et al., Fast CRC Computation for Generic Polynomials Using PCLMULQDQ, Intel 2009).
#[cfg(target_arch = "x86_64")]
mod folding {
    use super::{by_tables, power_of_x};
    use std::arch::x86_64::*;

    const HIGH: i64 = power_of_x(128 + 64);
    const LOW: i64 = power_of_x(128);

    pub fn is_here() -> bool {
        std::arch::is_x86_feature_detected!("pclmulqdq")
            && std::arch::is_x86_feature_detected!("ssse3")
    }

    pub fn crc16(bytes: &[u8]) -> u16 {
        let (blocks, rest) = bytes.as_chunks::<16>();
        // Safety: the caller has asked `is_here`.
        by_tables(by_tables(0, &unsafe { fold(blocks) }), rest)
    }

    /// Sixteen bytes that leave the same remainder as all blocks, the preset included.
    #[target_feature(enable = "pclmulqdq,ssse3")]
    unsafe fn fold(blocks: &[[u8; 16]]) -> [u8; 16] {
        let reversed = _mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        let load =
            |block: &[u8; 16]| _mm_shuffle_epi8(_mm_loadu_si128(block.as_ptr().cast()), reversed);
        let factors = _mm_set_epi64x(HIGH, LOW);
        let mut sum = _mm_xor_si128(load(&blocks[0]), _mm_set_epi64x(0xffff << 48, 0));
        for block in &blocks[1..] {
            let high = _mm_clmulepi64_si128::<0x11>(sum, factors);
            let low = _mm_clmulepi64_si128::<0x00>(sum, factors);
            sum = _mm_xor_si128(_mm_xor_si128(high, low), load(block));
        }
        let mut bytes = [0; 16];
        _mm_storeu_si128(bytes.as_mut_ptr().cast(), _mm_shuffle_epi8(sum, reversed));
        bytes
    }
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
        for length in 0..200u8 {
            let mut bytes: Vec<u8> = (0..length).map(|i| i.wrapping_mul(37)).collect();
            bytes.extend(crc16(&bytes).to_be_bytes());
            assert_eq!(crc16(&bytes), 0);
            assert_eq!(by_tables(0xffff, &bytes), 0);
        }
    }
}
