//! The kernels of `native/cuda`, one call each: sizes checked, memory seen or copied, launched, brought back.

use crate::driver::Address;
use crate::memory::Allocation;
use crate::{Gpu, GpuError, Result};

pub const BLOCK_BYTES: usize = 2048;
pub const PAGE_BYTES: usize = 4096;
const THREADS: u32 = 128;
/// What one CTA takes: `native/cuda/*.cu` say so at each kernel.
const BLOCKS_PER_CTA: usize = 16;
const PAGES_PER_CTA: usize = 4;
const VECTORS_PER_CTA: usize = 2048;
const VALUES_PER_CTA: usize = 128;
pub const QUANTISED_BLOCK: usize = 32;

/// Of `secded_syndrome`: some column's check bits are not its data's.
pub const DIFFERS: u8 = 1;
/// And one of them, at least, can't be put right.
pub const DOUBLE: u8 = 2;

/// A kernel's arguments in the form that the driver wants.
#[macro_export]
#[doc(hidden)]
macro_rules! arguments {
    ($($value:expr),*) => { [$(std::ptr::from_mut(&mut $value).cast::<std::ffi::c_void>()),*] };
}

pub(crate) fn ctas(items: usize, each: usize) -> Result<[u32; 3]> {
    u32::try_from(items.div_ceil(each))
        .map(|x| [x, 1, 1])
        .map_err(|_| GpuError::Argument(format!("{items} items are too many")))
}

fn count(items: usize) -> Result<u32> {
    u32::try_from(items).map_err(|_| GpuError::Argument(format!("{items} items are too many")))
}

pub(crate) fn require(fits: bool, what: impl FnOnce() -> String) -> Result<()> {
    if fits {
        Ok(())
    } else {
        Err(GpuError::Argument(what()))
    }
}

/// Puts the syndromes of `blocks` blocks into the stream.
///
/// # Safety
/// The addresses are of that many blocks, their check rows and a byte for each, and stay until the stream is idle.
unsafe fn launch_syndrome(
    gpu: &Gpu,
    mut data: Address,
    mut check: Address,
    mut flags: Address,
    blocks: usize,
) -> Result<()> {
    let mut n = count(blocks)?;
    let grid = ctas(blocks, BLOCKS_PER_CTA)?;
    // secded_syndrome(const uint4*, const uint4*, unsigned char*, unsigned)
    let mut values = arguments![data, check, flags, n];
    gpu.launch("secded_syndrome", grid, THREADS, &mut values)
}

/// Puts the CRCs of `pages` pages into the stream.
///
/// # Safety
/// The addresses are of that many pages and words, and stay until the stream is idle.
unsafe fn launch_crc32c(
    gpu: &Gpu,
    mut data: Address,
    mut crcs: Address,
    pages: usize,
) -> Result<()> {
    let mut n = count(pages)?;
    let grid = ctas(pages, PAGES_PER_CTA)?;
    // crc32c_pages(const uint4*, unsigned*, unsigned)
    gpu.launch(
        "crc32c_pages",
        grid,
        THREADS,
        &mut arguments![data, crcs, n],
    )
}

/// Looks at pages: bit-sliced SECDED's flags, a byte for each block of 2048 bytes, and the CRC-32C of each page. Data and
/// check rows are seen once for both.
pub fn examine(
    gpu: &Gpu,
    data: &[u8],
    check: &[u8],
    flags: &mut [u8],
    crcs: &mut [u32],
) -> Result<()> {
    let (pages, blocks) = (crcs.len(), flags.len());
    let fits = blocks * BLOCK_BYTES == data.len() && pages * PAGE_BYTES == data.len();
    require(fits && check.len() * 8 == data.len(), || {
        let (data, check) = (data.len(), check.len());
        format!(
            "{data} bytes of data are no whole pages, or {check} of check rows no eighth of them"
        )
    })?;
    if pages == 0 {
        return Ok(());
    }
    let crcs = bytes_of(crcs);
    gpu.turn(|gpu| {
        let (data, check) = (gpu.input(data)?, gpu.input(check)?);
        let (flags, crcs) = (gpu.output(flags)?, gpu.output(crcs)?);
        // SAFETY: sizes checked above; the views stay until both outputs are here.
        unsafe {
            launch_syndrome(
                gpu,
                data.address(),
                check.address(),
                flags.address(),
                blocks,
            )?;
            launch_crc32c(gpu, data.address(), crcs.address(), pages)?;
        }
        flags.bring(gpu)?;
        crcs.bring(gpu)
    })
}

/// Values as 8-bit integers, `scales` one for each started block of 32.
pub fn quantise(gpu: &Gpu, values: &[f32], bytes: &mut [i8], scales: &mut [f32]) -> Result<()> {
    let n = values.len();
    require(
        bytes.len() == n && scales.len() == n.div_ceil(QUANTISED_BLOCK),
        || format!("{n} values, {} bytes, {} scales", bytes.len(), scales.len()),
    )?;
    if n == 0 {
        return Ok(());
    }
    let (bytes, scales) = (bytes_of(bytes), bytes_of(scales));
    gpu.turn(|gpu| {
        let (from, to, by) = (
            gpu.input(read_bytes(values))?,
            gpu.output(bytes)?,
            gpu.output(scales)?,
        );
        let (mut a, mut b, mut c, mut n) = (from.address(), to.address(), by.address(), count(n)?);
        // SAFETY: quantise(const float*, signed char*, float*, unsigned), sizes checked above.
        unsafe {
            gpu.launch(
                "quantise",
                ctas(n as usize, VALUES_PER_CTA)?,
                THREADS,
                &mut arguments![a, b, c, n],
            )?
        };
        to.bring(gpu)?;
        by.bring(gpu)
    })
}

pub fn dequantise(gpu: &Gpu, bytes: &[i8], scales: &[f32], values: &mut [f32]) -> Result<()> {
    let n = values.len();
    require(
        bytes.len() == n && scales.len() == n.div_ceil(QUANTISED_BLOCK),
        || format!("{n} values, {} bytes, {} scales", bytes.len(), scales.len()),
    )?;
    if n == 0 {
        return Ok(());
    }
    let values = bytes_of(values);
    gpu.turn(|gpu| {
        let (from, by, to) = (
            gpu.input(read_bytes(bytes))?,
            gpu.input(read_bytes(scales))?,
            gpu.output(values)?,
        );
        let (mut a, mut b, mut c, mut n) = (from.address(), by.address(), to.address(), count(n)?);
        // SAFETY: dequantise(const signed char*, const float*, float*, unsigned), sizes checked above.
        unsafe {
            gpu.launch(
                "dequantise",
                ctas(n as usize, VALUES_PER_CTA)?,
                THREADS,
                &mut arguments![a, b, c, n],
            )?
        };
        to.bring(gpu)
    })
}

/// GB/s on the device, each the median of its rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speeds {
    /// Data and check rows that the scrub reads.
    pub scrub: f64,
    /// Pages that the CRC reads.
    pub crc: f64,
    /// A kernel that only reads.
    pub read: f64,
    /// A copy on the device, counted twice: it reads and writes.
    pub copy: f64,
}

/// Times the scrub, the CRC, a plain read and a copy on the device over `bytes` of data that lie there, in turn, so
/// that a drift meets all of them. `pattern` fills the data; all check rows are 0, which costs a scrub nothing more.
pub fn speeds(gpu: &Gpu, bytes: usize, rounds: usize, pattern: u8) -> Result<Speeds> {
    let blocks = bytes / PAGE_BYTES * (PAGE_BYTES / BLOCK_BYTES);
    let bytes = blocks * BLOCK_BYTES;
    require(blocks > 0 && rounds > 0, || {
        format!("{bytes} bytes, {rounds} rounds")
    })?;
    gpu.turn(|gpu| {
        let data = gpu.allocate(bytes)?;
        let (copy, check, flags) = (
            gpu.allocate(bytes)?,
            gpu.allocate(bytes / 8)?,
            gpu.allocate(blocks)?,
        );
        let crcs = gpu.allocate(bytes / PAGE_BYTES * 4)?;
        fill(&data, pattern)?;
        fill(&check, 0)?;
        let pages = bytes / PAGE_BYTES;
        let (mut from, mut sink, mut vectors) = (data.address, crcs.address, count(bytes / 16)?);
        let grid = ctas(bytes / 16, VECTORS_PER_CTA)?;
        let mut times: [Vec<f32>; 4] = Default::default();
        for round in 0..=rounds {
            // SAFETY: all five buffers are as large as said and stay until the turn ends.
            // read_memory(const uint4*, unsigned*, unsigned)
            let taken = unsafe {
                [
                    gpu.timed(|| {
                        launch_syndrome(gpu, data.address, check.address, flags.address, blocks)
                    })?,
                    gpu.timed(|| launch_crc32c(gpu, data.address, crcs.address, pages))?,
                    gpu.timed(|| {
                        gpu.launch(
                            "read_memory",
                            grid,
                            THREADS,
                            &mut arguments![from, sink, vectors],
                        )
                    })?,
                    gpu.timed(|| data.copy_to(&copy))?,
                ]
            };
            // The first round warms up.
            if round > 0 {
                for (all, ms) in times.iter_mut().zip(taken) {
                    all.push(ms);
                }
            }
        }
        let [scrub, crc, read, copied] = times.map(median);
        let rate = |bytes: usize, ms: f32| bytes as f64 / f64::from(ms) / 1e6;
        Ok(Speeds {
            scrub: rate(bytes + bytes / 8, scrub),
            crc: rate(bytes, crc),
            read: rate(bytes, read),
            copy: rate(2 * bytes, copied),
        })
    })
}

fn fill(to: &Allocation<'_>, pattern: u8) -> Result<()> {
    let bytes = vec![pattern; to.bytes];
    to.write(&bytes)?;
    // The source may go only when it is there.
    let mut first = [0u8];
    to.read(&mut first)
}

fn median(mut times: Vec<f32>) -> f32 {
    times.sort_by(f32::total_cmp);
    times[times.len() / 2].max(1e-6)
}

/// The bytes of plain numbers.
pub(crate) fn bytes_of<T: Plain>(values: &mut [T]) -> &mut [u8] {
    // SAFETY: every pattern of bits is a value of the types that are Plain.
    unsafe {
        std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), std::mem::size_of_val(values))
    }
}

pub(crate) fn read_bytes<T: Plain>(values: &[T]) -> &[u8] {
    // SAFETY: types that are Plain have no padding.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), std::mem::size_of_val(values)) }
}

/// Numbers without padding for which every pattern of bits is a value.
pub(crate) trait Plain {}
impl Plain for u32 {}
impl Plain for f32 {}
impl Plain for i8 {}
impl Plain for i16 {}
