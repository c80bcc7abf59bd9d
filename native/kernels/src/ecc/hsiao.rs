//! The columns of the code, SECDED(72,64) after M. Y. Hsiao (IBM J. Res. Dev. 14, 1970): all 56 of weight 3, then
//! the 8 rotations of 0b00011111. Odd weights, so that two wrong bits give an even syndrome, which no single gives.

pub const COLUMNS: [u8; 64] = columns();

/// By syndrome: the data bit 0–63 that is wrong, the check bit 64–71, or one of the two below.
pub const WRONG_BIT: [i8; 256] = wrong_bits();
pub const CLEAN: i8 = -1;
pub const UNCORRECTABLE: i8 = -2;

const fn columns() -> [u8; 64] {
    let mut columns = [0; 64];
    let (mut byte, mut at) = (0u32, 0);
    while byte < 256 {
        if byte.count_ones() == 3 {
            columns[at] = byte as u8;
            at += 1;
        }
        byte += 1;
    }
    let mut turn = 0;
    while at < 64 {
        columns[at] = 0b11111u8.rotate_left(turn);
        at += 1;
        turn += 1;
    }
    columns
}

const fn wrong_bits() -> [i8; 256] {
    let mut bits = [UNCORRECTABLE; 256];
    bits[0] = CLEAN;
    let mut bit = 0;
    while bit < 64 {
        bits[COLUMNS[bit] as usize] = bit as i8;
        bit += 1;
    }
    let mut check = 0;
    while check < 8 {
        bits[1 << check] = 64 + check as i8;
        check += 1;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_odd_different_and_balanced() {
        let mut seen = [false; 256];
        for column in COLUMNS {
            assert!(column.count_ones() == 3 || column.count_ones() == 5);
            assert!(!std::mem::replace(&mut seen[column as usize], true));
        }
        for check in 0..8 {
            let covered = COLUMNS.iter().filter(|&&c| c & (1 << check) != 0).count();
            assert_eq!(covered, 26);
        }
    }
}
