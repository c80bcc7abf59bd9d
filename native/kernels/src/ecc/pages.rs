//! Pages: two blocks of SECDED, and the CRC that decides whether what they say is true.

use super::bit_sliced::{clean_blocks, encode, scrub as correct};
use super::crc::crc32c;
use super::{PAGE, PAGE_CHECK};
use crate::cpu::Simd;

/// Some pages one after the other, their check rows, and the three copies of their CRCs.
pub struct Pages<'a> {
    pub data: &'a mut [u8],
    pub check: &'a mut [u8],
    pub crcs: [&'a mut [u32]; 3],
}

/// What a scrub found and did; pages count from the first of those given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PagesReport {
    pub corrected_bits: u64,
    pub corrected_pages: u32,
    pub bad_pages: Vec<u32>,
}

impl Pages<'_> {
    pub fn count(&self) -> usize {
        self.crcs[0].len()
    }

    fn data(&self, page: usize) -> &[u8] {
        &self.data[page * PAGE..(page + 1) * PAGE]
    }

    fn data_mut(&mut self, page: usize) -> &mut [u8] {
        &mut self.data[page * PAGE..(page + 1) * PAGE]
    }

    fn check(&self, page: usize) -> &[u8] {
        &self.check[page * PAGE_CHECK..(page + 1) * PAGE_CHECK]
    }

    fn check_mut(&mut self, page: usize) -> &mut [u8] {
        &mut self.check[page * PAGE_CHECK..(page + 1) * PAGE_CHECK]
    }

    /// The majority of each bit of a page's three CRCs.
    fn voted_crc(&self, page: usize) -> u32 {
        let [a, b, c] = [self.crcs[0][page], self.crcs[1][page], self.crcs[2][page]];
        (a & b) | (a & c) | (b & c)
    }

    fn write_crc(&mut self, page: usize, crc: u32) {
        for copy in &mut self.crcs {
            if copy[page] != crc {
                copy[page] = crc;
            }
        }
    }

    /// Replaces a page by `content` if its CRC is the table's, with its check rows and CRCs; says whether it was.
    pub fn restore(&mut self, simd: Simd, page: usize, content: &[u8]) -> bool {
        let crc = self.voted_crc(page);
        if crc32c(content) != crc {
            return false;
        }
        self.data_mut(page).copy_from_slice(content);
        encode(simd, content, self.check_mut(page));
        self.write_crc(page, crc);
        true
    }
}

/// Fills check rows and CRCs.
pub fn protect(simd: Simd, pages: &mut Pages) {
    for page in 0..pages.count() {
        let crc = crc32c(pages.data(page));
        encode(
            simd,
            &pages.data[page * PAGE..(page + 1) * PAGE],
            &mut pages.check[page * PAGE_CHECK..(page + 1) * PAGE_CHECK],
        );
        pages.write_crc(page, crc);
    }
}

/// Checks all pages and repairs what SECDED can; only content whose CRC is the table's is written.
pub fn scrub(simd: Simd, pages: &mut Pages) -> PagesReport {
    let mut report = PagesReport::default();
    for page in 0..pages.count() {
        match scrub_page(simd, pages, page) {
            None => report.bad_pages.push(page as u32),
            Some(0) => {}
            Some(bits) => {
                report.corrected_bits += bits;
                report.corrected_pages += 1;
            }
        }
    }
    report
}

/// The bits that were put right, or nothing where the page stays bad.
fn scrub_page(simd: Simd, pages: &mut Pages, page: usize) -> Option<u64> {
    let crc = pages.voted_crc(page);
    let mut corrected = 0;
    // SECDED first: it asks for memory ahead, and the CRC then finds the page in the cache.
    let clean = clean_blocks(simd, pages.data(page), pages.check(page)) == 2;
    if crc32c(pages.data(page)) == crc {
        if !clean {
            corrected = encode_anew(simd, pages, page);
        }
    } else {
        corrected = repair(simd, pages, page, crc)?;
    }
    pages.write_crc(page, crc);
    Some(corrected)
}

#[cold]
fn repair(simd: Simd, pages: &mut Pages, page: usize, crc: u32) -> Option<u64> {
    let mut data: [u8; PAGE] = pages.data(page).try_into().expect("a page");
    let mut check: [u8; PAGE_CHECK] = pages.check(page).try_into().expect("its check rows");
    correct(simd, &mut data, &mut check);
    if crc32c(&data) != crc {
        return None;
    }
    let corrected = different_bits(&data, pages.data(page));
    pages.data_mut(page).copy_from_slice(&data);
    Some(corrected + encode_anew(simd, pages, page))
}

/// Makes the check rows those of right data; returns the bits that changed.
#[cold]
fn encode_anew(simd: Simd, pages: &mut Pages, page: usize) -> u64 {
    let mut check = [0; PAGE_CHECK];
    encode(simd, pages.data(page), &mut check);
    let changed = different_bits(&check, pages.check(page));
    pages.check_mut(page).copy_from_slice(&check);
    changed
}

fn different_bits(a: &[u8], b: &[u8]) -> u64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| u64::from((a ^ b).count_ones()))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{below, flip, random};
    use super::*;
    use crate::cpu;

    #[derive(Clone, Debug, PartialEq)]
    struct Memory {
        data: Vec<u8>,
        check: Vec<u8>,
        crcs: Vec<u32>,
    }

    impl Memory {
        fn protected(pages: usize, seed: u64) -> Self {
            let data = random(pages * PAGE, seed);
            let mut memory = Memory {
                data,
                check: vec![0; pages * PAGE_CHECK],
                crcs: vec![0; pages * 3],
            };
            protect(cpu::best(), &mut memory.pages());
            memory
        }

        fn pages(&mut self) -> Pages<'_> {
            let count = self.crcs.len() / 3;
            let (a, rest) = self.crcs.split_at_mut(count);
            let (b, c) = rest.split_at_mut(count);
            Pages {
                data: &mut self.data,
                check: &mut self.check,
                crcs: [a, b, c],
            }
        }
    }

    #[test]
    fn pages_are_written_right_or_not_at_all_and_alike_by_all_forms() {
        let mut seed = 17;
        let (mut repaired, mut bad) = (0, 0);
        for round in 1..200 {
            let right = Memory::protected(4, round);
            let mut hit = right.clone();
            for _ in 0..below(&mut seed, 40) {
                let bit = below(&mut seed, 4 * PAGE * 8);
                let length = 1 << below(&mut seed, 9);
                for bit in bit..(bit + length).min(4 * PAGE * 8) {
                    flip(&mut hit.data, bit);
                }
                flip(&mut hit.check, bit / 8);
            }
            hit.crcs[below(&mut seed, 12)] ^= 1 << below(&mut seed, 32);
            let mut other = hit.clone();
            let report = scrub(cpu::best(), &mut hit.pages());
            assert_eq!(report, scrub(Simd::Portable, &mut other.pages()));
            assert_eq!(hit, other);
            for page in 0..4 {
                let at = page * PAGE..(page + 1) * PAGE;
                if report.bad_pages.contains(&(page as u32)) {
                    bad += 1;
                } else {
                    assert_eq!(hit.data[at.clone()], right.data[at]);
                    repaired += 1;
                }
            }
        }
        assert!(repaired > 50 && bad > 50, "{repaired} repaired, {bad} bad");
    }

    #[test]
    fn clusters_of_up_to_256_bits_come_back() {
        let right = Memory::protected(8, 5);
        let mut memory = right.clone();
        let mut seed = 9;
        for _ in 0..2000 {
            let length = 1 + below(&mut seed, 256);
            let bit = below(&mut seed, 8 * PAGE * 8 - length);
            for bit in bit..bit + length {
                flip(&mut memory.data, bit);
            }
            let report = scrub(cpu::best(), &mut memory.pages());
            assert_eq!(report.corrected_bits, length as u64);
            assert_eq!(memory, right);
        }
    }
}
