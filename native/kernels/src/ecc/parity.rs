//! Reed–Solomon parity across pages: the high-rate code of the crate reed-solomon-simd (after Leopard-RS, over
//! GF(2^16)), each group of pages a code word.

use super::pages::Pages;
use super::PAGE;
use crate::cpu::Simd;
use reed_solomon_simd::engine::DefaultEngine;
use reed_solomon_simd::rate::{HighRateDecoder, HighRateEncoder, RateDecoder, RateEncoder};
use reed_solomon_simd::Error;

/// Data page p is in group p mod `groups`; parity page j of group g is page `data_pages + j * groups + g`. A
/// position that no data page has counts as a page of zeros.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    pub data_pages: usize,
    pub groups: usize,
    pub parity_per_group: usize,
}

const ZEROS: [u8; PAGE] = [0; PAGE];

impl Layout {
    pub fn pages(&self) -> usize {
        self.data_pages + self.groups * self.parity_per_group
    }

    fn positions(&self) -> usize {
        self.data_pages.div_ceil(self.groups)
    }

    fn data_page(&self, group: usize, position: usize) -> Option<usize> {
        Some(group + position * self.groups).filter(|&page| page < self.data_pages)
    }

    fn parity_page(&self, group: usize, parity: usize) -> usize {
        self.data_pages + parity * self.groups + group
    }
}

fn page(pages: &[u8], page: usize) -> &[u8] {
    &pages[page * PAGE..(page + 1) * PAGE]
}

fn encoder(layout: Layout) -> Result<HighRateEncoder<DefaultEngine>, Error> {
    HighRateEncoder::new(
        layout.positions(),
        layout.parity_per_group,
        PAGE,
        DefaultEngine::new(),
        None,
    )
}

/// Hands `write` the parity pages of one group.
fn encode_group(
    encoder: &mut HighRateEncoder<DefaultEngine>,
    pages: &mut [u8],
    layout: Layout,
    group: usize,
    mut write: impl FnMut(&mut [u8], usize, &[u8]),
) -> Result<(), Error> {
    for position in 0..layout.positions() {
        match layout.data_page(group, position) {
            Some(of) => encoder.add_original_shard(page(pages, of))?,
            None => encoder.add_original_shard(ZEROS)?,
        }
    }
    for (parity, content) in encoder.encode()?.recovery_iter().enumerate() {
        write(pages, parity, content);
    }
    Ok(())
}

/// Fills all parity pages of `pages`, data and parity pages one after the other.
pub fn encode(pages: &mut [u8], layout: Layout) -> Result<(), Error> {
    let mut encoder = encoder(layout)?;
    for group in 0..layout.groups {
        encode_group(
            &mut encoder,
            pages,
            layout,
            group,
            |pages, parity, content| {
                let at = layout.parity_page(group, parity) * PAGE;
                pages[at..at + PAGE].copy_from_slice(content);
            },
        )?;
    }
    Ok(())
}

/// Rebuilds the bad pages of one group, and writes those whose CRC is then the table's. Returns those that stay.
pub fn recover(
    simd: Simd,
    pages: &mut Pages,
    layout: Layout,
    group: usize,
    bad: &[usize],
) -> Result<Vec<usize>, Error> {
    let mut bad = bad.to_vec();
    bad.sort_unstable();
    bad.dedup();
    let (lost, bad_parity): (Vec<usize>, Vec<usize>) =
        bad.iter().partition(|&&page| page < layout.data_pages);
    let left: Vec<usize> = (0..layout.parity_per_group)
        .filter(|&parity| !bad_parity.contains(&layout.parity_page(group, parity)))
        .take(lost.len())
        .collect();
    if left.len() < lost.len() {
        return Ok(bad);
    }
    let mut stay = Vec::new();
    for (page, content) in rebuild(pages.data, layout, group, &lost, &left)? {
        if !pages.restore(simd, page, &content) {
            stay.push(page);
        }
    }
    if !stay.is_empty() || bad_parity.is_empty() {
        stay.extend(bad_parity);
        return Ok(stay);
    }
    let mut rebuilt = Vec::new();
    encode_group(
        &mut encoder(layout)?,
        pages.data,
        layout,
        group,
        |_, parity, content| {
            let page = layout.parity_page(group, parity);
            if bad_parity.contains(&page) {
                rebuilt.push((page, content.to_vec()));
            }
        },
    )?;
    rebuilt.retain(|(page, content)| !pages.restore(simd, *page, content));
    Ok(rebuilt.into_iter().map(|(page, _)| page).collect())
}

/// The lost pages from the rest and as many parity pages, ascending.
fn rebuild(
    pages: &[u8],
    layout: Layout,
    group: usize,
    lost: &[usize],
    parities: &[usize],
) -> Result<Vec<(usize, Vec<u8>)>, Error> {
    if lost.is_empty() {
        return Ok(Vec::new());
    }
    let mut decoder = HighRateDecoder::new(
        layout.positions(),
        layout.parity_per_group,
        PAGE,
        DefaultEngine::new(),
        None,
    )?;
    for position in 0..layout.positions() {
        match layout.data_page(group, position) {
            Some(of) if lost.contains(&of) => {}
            Some(of) => decoder.add_original_shard(position, page(pages, of))?,
            None => decoder.add_original_shard(position, ZEROS)?,
        }
    }
    for &parity in parities {
        decoder.add_recovery_shard(parity, page(pages, layout.parity_page(group, parity)))?;
    }
    let restored = decoder.decode()?;
    Ok(lost
        .iter()
        .filter_map(|&page| {
            let content = restored.restored_original(page / layout.groups)?;
            Some((page, content.to_vec()))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::super::pages::{protect, scrub};
    use super::super::testing::{below, random};
    use super::super::PAGE_CHECK;
    use super::*;
    use crate::cpu;

    #[test]
    fn any_lost_pages_of_a_group_come_back() {
        let mut seed = 3;
        for round in 1..40 {
            let layout = Layout {
                data_pages: 1 + below(&mut seed, 40),
                groups: 1 + below(&mut seed, 5),
                parity_per_group: 1 + below(&mut seed, 5),
            };
            let count = layout.pages();
            let mut data = random(count * PAGE, round);
            encode(&mut data, layout).unwrap();
            let mut check = vec![0; count * PAGE_CHECK];
            let mut crcs = [vec![0; count], vec![0; count], vec![0; count]];
            let right = data.clone();
            let [a, b, c] = &mut crcs;
            let mut pages = Pages {
                data: &mut data,
                check: &mut check,
                crcs: [a, b, c],
            };
            protect(cpu::best(), &mut pages);
            for group in 0..layout.groups {
                let mut members: Vec<usize> = (0..count)
                    .filter(|&p| if p < layout.data_pages { p } else { p - layout.data_pages } % layout.groups == group)
                    .collect();
                let mut bad = Vec::new();
                while bad.len() < layout.parity_per_group && !members.is_empty() {
                    let page = members.swap_remove(below(&mut seed, members.len()));
                    pages.data[page * PAGE..(page + 1) * PAGE].fill(0xa5);
                    bad.push(page);
                }
                let stay = recover(cpu::best(), &mut pages, layout, group, &bad).unwrap();
                assert_eq!(stay, Vec::<usize>::new());
            }
            assert_eq!(scrub(cpu::best(), &mut pages).corrected_bits, 0);
            assert!(data == right);
        }
    }
}
