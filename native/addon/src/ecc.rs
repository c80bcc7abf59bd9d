//! Error correction over JavaScript's memory, without a copy. Who may write which pages when is the contract of
//! `native/ecc/contract.ts`: while a call or a task works on pages, nobody else writes them but with what their CRCs
//! name. Lengths are checked here all the same, since what is read beyond a buffer is not JavaScript's.

use crate::check::{ensure, ensure_apart};
use crate::pool::OnPool;
use napi::bindgen_prelude::{
    AsyncTask, Error, Result, Status, Uint32Array, Uint32ArraySlice, Uint8Array, Uint8ArraySlice,
};
use napi::Task;
use napi_derive::napi;
use perigee_kernels::cpu::best;
use perigee_kernels::ecc::exponent::{self, Float};
use perigee_kernels::ecc::pages::{self, Pages};
use perigee_kernels::ecc::parity::{self, Layout};
use perigee_kernels::ecc::{bit_sliced, crc, read, words, BLOCK, PAGE, PAGE_CHECK};

#[napi(object)]
pub struct SecdedReport {
    pub corrected_bits: i64,
    pub uncorrectable_words: i64,
}

#[napi(object)]
pub struct PagesReport {
    pub corrected_bits: i64,
    pub corrected_pages: u32,
    pub bad_pages: Vec<u32>,
}

#[napi(object)]
pub struct ParityLayout {
    pub data_pages: u32,
    pub groups: u32,
    pub parity_per_group: u32,
}

fn ensure_code(data: &[u8], check: &[u8], unit: usize) -> Result<()> {
    let fits = data.len().is_multiple_of(unit) && check.len() * 8 == data.len();
    ensure(
        fits,
        "data are no whole blocks, or check rows no eighth of them",
    )?;
    ensure_apart(data, check)
}

impl From<perigee_kernels::ecc::Secded> for SecdedReport {
    fn from(report: perigee_kernels::ecc::Secded) -> Self {
        SecdedReport {
            corrected_bits: report.corrected_bits as i64,
            uncorrectable_words: report.uncorrectable_words as i64,
        }
    }
}

#[napi]
pub fn ecc_secded_encode(data: Uint8ArraySlice, mut check: Uint8ArraySlice) -> Result<()> {
    // SAFETY: the caller's while the call lasts.
    let check = unsafe { check.as_mut() };
    ensure_code(&data, check, BLOCK)?;
    bit_sliced::encode(best(), &data, check);
    Ok(())
}

#[napi]
pub fn ecc_secded_scrub(
    mut data: Uint8ArraySlice,
    mut check: Uint8ArraySlice,
) -> Result<SecdedReport> {
    // SAFETY: the caller's while the call lasts.
    let (data, check) = unsafe { (data.as_mut(), check.as_mut()) };
    ensure_code(data, check, BLOCK)?;
    Ok(bit_sliced::scrub(best(), data, check).into())
}

#[napi]
pub fn ecc_word_encode(data: Uint8ArraySlice, mut check: Uint8ArraySlice) -> Result<()> {
    // SAFETY: the caller's while the call lasts.
    let check = unsafe { check.as_mut() };
    ensure_code(&data, check, 8)?;
    words::encode(&data, check);
    Ok(())
}

#[napi]
pub fn ecc_word_scrub(
    mut data: Uint8ArraySlice,
    mut check: Uint8ArraySlice,
) -> Result<SecdedReport> {
    // SAFETY: the caller's while the call lasts.
    let (data, check) = unsafe { (data.as_mut(), check.as_mut()) };
    ensure_code(data, check, 8)?;
    Ok(words::scrub(data, check).into())
}

#[napi(js_name = "eccCrc32c")]
pub fn ecc_crc32c(bytes: Uint8ArraySlice) -> u32 {
    crc::crc32c(&bytes)
}

/// The sum of all words, modulo 2^32: a plain read, for the bench.
#[napi]
pub fn ecc_read(bytes: Uint8ArraySlice) -> u32 {
    read::sum(&bytes) as u32
}

/// A plain copy, for the bench.
#[napi]
pub fn ecc_copy(from: Uint8ArraySlice, mut to: Uint8ArraySlice) -> Result<()> {
    ensure(from.len() == to.len(), "not as long")?;
    ensure_apart(&from, &to)?;
    // SAFETY: the caller's while the call lasts.
    unsafe { to.as_mut() }.copy_from_slice(&from);
    Ok(())
}

/// Asks the system for huge pages under a buffer, where it has them on request: fewer addresses to look up when all of
/// it is read. A wish, not a need.
#[napi]
pub fn ecc_huge_pages(bytes: Uint8ArraySlice) -> bool {
    read::huge_pages(&bytes)
}

/// Where a region's bytes are. Several tasks hold the same region at once, so it makes slices of their own pages
/// only.
struct Region {
    pages: *mut u8,
    check: *mut u8,
    crcs: *mut u32,
    count: usize,
}

impl Region {
    fn new(pages: &mut [u8], check: &mut [u8], crcs: &mut [u32]) -> Result<Region> {
        let count = pages.len() / PAGE;
        let fits = pages.len().is_multiple_of(PAGE)
            && check.len() == count * PAGE_CHECK
            && crcs.len() == count * 3;
        ensure(
            fits,
            "pages are not whole, or check rows or CRCs are not theirs",
        )?;
        Ok(Region {
            pages: pages.as_mut_ptr(),
            check: check.as_mut_ptr(),
            crcs: crcs.as_mut_ptr(),
            count,
        })
    }

    fn range(&mut self, first: u32, count: u32) -> Result<Pages<'_>> {
        let (first, count) = (first as usize, count as usize);
        ensure(first + count <= self.count, "pages beyond the region")?;
        // SAFETY: inside of the buffers whose lengths `new` checked; nobody else writes these pages meanwhile.
        unsafe {
            let copy = |copy: usize| self.crcs.add(copy * self.count + first);
            Ok(Pages {
                data: std::slice::from_raw_parts_mut(self.pages.add(first * PAGE), count * PAGE),
                check: std::slice::from_raw_parts_mut(
                    self.check.add(first * PAGE_CHECK),
                    count * PAGE_CHECK,
                ),
                crcs: [0, 1, 2].map(|of| std::slice::from_raw_parts_mut(copy(of), count)),
            })
        }
    }
}

/// SAFETY of `as_mut`: only its addresses are taken.
fn region(
    pages: &mut Uint8ArraySlice,
    check: &mut Uint8ArraySlice,
    crcs: &mut Uint32ArraySlice,
) -> Result<Region> {
    unsafe { Region::new(pages.as_mut(), check.as_mut(), crcs.as_mut()) }
}

fn scrub(mut region: Region, first: u32, count: u32) -> Result<PagesReport> {
    let report = pages::scrub(best(), &mut region.range(first, count)?);
    Ok(PagesReport {
        corrected_bits: report.corrected_bits as i64,
        corrected_pages: report.corrected_pages,
        bad_pages: report
            .bad_pages
            .into_iter()
            .map(|page| first + page)
            .collect(),
    })
}

#[napi]
pub fn ecc_protect(
    mut pages: Uint8ArraySlice,
    mut check: Uint8ArraySlice,
    mut crcs: Uint32ArraySlice,
    first: u32,
    count: u32,
) -> Result<()> {
    let mut region = region(&mut pages, &mut check, &mut crcs)?;
    pages::protect(best(), &mut region.range(first, count)?);
    Ok(())
}

#[napi]
pub fn ecc_scrub(
    mut pages: Uint8ArraySlice,
    mut check: Uint8ArraySlice,
    mut crcs: Uint32ArraySlice,
    first: u32,
    count: u32,
) -> Result<PagesReport> {
    scrub(region(&mut pages, &mut check, &mut crcs)?, first, count)
}

/// Runs over a region on libuv's pool; the arrays keep its memory alive.
fn on_region<T>(
    (mut pages, mut check, mut crcs): (Uint8Array, Uint8Array, Uint32Array),
    work: impl Fn(Region) -> Result<T> + Send + 'static,
) -> AsyncTask<OnPool<T>>
where
    OnPool<T>: Task,
{
    AsyncTask::new(OnPool(Box::new(move || {
        // SAFETY: only addresses are taken of the whole; the pages in hand are this task's alone.
        let region = unsafe { Region::new(pages.as_mut(), check.as_mut(), crcs.as_mut())? };
        work(region)
    })))
}

#[napi]
pub fn ecc_scrub_async(
    pages: Uint8Array,
    check: Uint8Array,
    crcs: Uint32Array,
    first: u32,
    count: u32,
) -> AsyncTask<OnPool<PagesReport>> {
    on_region((pages, check, crcs), move |region| {
        scrub(region, first, count)
    })
}

#[napi]
pub fn ecc_protect_async(
    pages: Uint8Array,
    check: Uint8Array,
    crcs: Uint32Array,
    first: u32,
    count: u32,
) -> AsyncTask<OnPool<()>> {
    on_region((pages, check, crcs), move |mut region| {
        pages::protect(best(), &mut region.range(first, count)?);
        Ok(())
    })
}

impl From<ParityLayout> for Layout {
    fn from(layout: ParityLayout) -> Self {
        Layout {
            data_pages: layout.data_pages as usize,
            groups: layout.groups as usize,
            parity_per_group: layout.parity_per_group as usize,
        }
    }
}

fn layout_of(pages: &[u8], layout: Layout) -> Result<Layout> {
    let Layout {
        data_pages,
        groups,
        parity_per_group,
    } = layout;
    // Each count first, so that the product does not run over.
    let counts = [data_pages, groups, parity_per_group];
    let fits = counts
        .iter()
        .all(|&count| count > 0 && count <= pages.len() / PAGE);
    let fits = fits && pages.len() == layout.pages() * PAGE;
    ensure(fits, "pages are not those of the layout")?;
    Ok(layout)
}

fn encode_parity(pages: &mut [u8], layout: Layout) -> Result<()> {
    let layout = layout_of(pages, layout)?;
    parity::encode(pages, layout).map_err(|error| Error::from_reason(error.to_string()))
}

#[napi]
pub fn ecc_parity_encode(mut pages: Uint8ArraySlice, layout: ParityLayout) -> Result<()> {
    // SAFETY: the caller's while the call lasts.
    encode_parity(unsafe { pages.as_mut() }, layout.into())
}

#[napi]
pub fn ecc_parity_encode_async(
    mut pages: Uint8Array,
    layout: ParityLayout,
) -> AsyncTask<OnPool<()>> {
    let layout = Layout::from(layout);
    AsyncTask::new(OnPool(Box::new(move || {
        // SAFETY: the task's while it runs.
        encode_parity(unsafe { pages.as_mut() }, layout)
    })))
}

#[napi]
pub fn ecc_parity_recover(
    mut pages: Uint8ArraySlice,
    mut check: Uint8ArraySlice,
    mut crcs: Uint32ArraySlice,
    layout: ParityLayout,
    group: u32,
    bad_pages: Vec<u32>,
) -> Result<Vec<u32>> {
    let layout = layout_of(&pages, layout.into())?;
    let bad: Vec<usize> = bad_pages.into_iter().map(|page| page as usize).collect();
    let of_group = |page: &usize| {
        let page = if *page < layout.data_pages {
            *page
        } else {
            *page - layout.data_pages
        };
        page % layout.groups == group as usize
    };
    ensure(
        bad.iter()
            .all(|page| *page < layout.pages() && of_group(page)),
        "a page is not of the group",
    )?;
    let mut region = region(&mut pages, &mut check, &mut crcs)?;
    let count = region.count as u32;
    parity::recover(
        best(),
        &mut region.range(0, count)?,
        layout,
        group as usize,
        &bad,
    )
    .map(|stay| stay.into_iter().map(|page| page as u32).collect())
    .map_err(|error| Error::from_reason(error.to_string()))
}

fn float(dtype: &str, bytes: &[u8]) -> Result<Float> {
    let float =
        Float::named(dtype).ok_or_else(|| Error::new(Status::InvalidArg, "no such dtype"))?;
    ensure(bytes.len().is_multiple_of(float.bytes), "half a weight")?;
    Ok(float)
}

#[napi]
pub fn exponent_protect(mut weights: Uint8ArraySlice, dtype: String) -> Result<()> {
    let float = float(&dtype, &weights)?;
    // SAFETY: the caller's while the call lasts.
    exponent::protect(unsafe { weights.as_mut() }, float);
    Ok(())
}

#[napi]
pub fn exponent_vote(mut weights: Uint8ArraySlice, dtype: String) -> Result<i64> {
    let float = float(&dtype, &weights)?;
    // SAFETY: the caller's while the call lasts.
    Ok(exponent::vote(unsafe { weights.as_mut() }, float) as i64)
}

/// `most` is the bound as bits of the dtype.
#[napi]
pub fn exponent_clip(mut weights: Uint8ArraySlice, dtype: String, most: u32) -> Result<i64> {
    let float = float(&dtype, &weights)?;
    // SAFETY: the caller's while the call lasts.
    Ok(exponent::clip(unsafe { weights.as_mut() }, float, most) as i64)
}
