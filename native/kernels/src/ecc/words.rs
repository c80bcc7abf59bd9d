//! SECDED(72,64) as memory controllers do it, 8 bytes and a check byte, by tables: beside the bit-sliced form, for
//! comparison.

use super::hsiao::{CLEAN, COLUMNS, UNCORRECTABLE, WRONG_BIT};
use super::Secded;

/// The check byte that each byte of a word adds, by its position.
static CONTRIBUTION: [[u8; 256]; 8] = contributions();

const fn contributions() -> [[u8; 256]; 8] {
    let mut table = [[0; 256]; 8];
    let mut position = 0;
    while position < 8 {
        let mut byte = 1;
        while byte < 256usize {
            let column = COLUMNS[position * 8 + byte.trailing_zeros() as usize];
            table[position][byte] = table[position][byte & (byte - 1)] ^ column;
            byte += 1;
        }
        position += 1;
    }
    table
}

fn check_byte(word: &[u8; 8]) -> u8 {
    (0..8).fold(0, |check, position| {
        check ^ CONTRIBUTION[position][word[position] as usize]
    })
}

pub fn encode(data: &[u8], check: &mut [u8]) {
    for (word, check) in data.as_chunks::<8>().0.iter().zip(check) {
        *check = check_byte(word);
    }
}

pub fn scrub(data: &mut [u8], check: &mut [u8]) -> Secded {
    let mut report = Secded::default();
    for (word, check) in data.as_chunks_mut::<8>().0.iter_mut().zip(check) {
        let bit = WRONG_BIT[(*check ^ check_byte(word)) as usize];
        match bit {
            CLEAN => continue,
            UNCORRECTABLE => {
                report.uncorrectable_words += 1;
                continue;
            }
            0..64 => word[bit as usize / 8] ^= 1 << (bit % 8),
            _ => *check ^= 1 << (bit - 64),
        }
        report.corrected_bits += 1;
    }
    report
}

#[cfg(test)]
mod tests {
    use super::super::testing::{flip, random};
    use super::*;

    #[test]
    fn every_single_is_corrected_and_every_double_detected() {
        let mut data = random(80, 1);
        let mut check = vec![0; 10];
        encode(&data, &mut check);
        let right = (data.clone(), check.clone());
        let at = |data: &mut [u8], check: &mut [u8], bit: usize| {
            if bit < 64 {
                flip(data, 64 + bit)
            } else {
                flip(check, 8 + bit - 64)
            }
        };
        for a in 0..72 {
            at(&mut data, &mut check, a);
            assert_eq!(scrub(&mut data, &mut check).corrected_bits, 1);
            assert_eq!((&data, &check), (&right.0, &right.1));
            for b in 0..a {
                at(&mut data, &mut check, a);
                at(&mut data, &mut check, b);
                assert_eq!(scrub(&mut data, &mut check).uncorrectable_words, 1);
                at(&mut data, &mut check, a);
                at(&mut data, &mut check, b);
            }
        }
    }
}
