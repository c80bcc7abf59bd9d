//! Crop, resize and normalise on the device. The taps come from the caller, who shares them with the processor's
//! kernel, so both do the same integer sums.

use std::collections::HashMap;

use crate::kernels::{bytes_of, ctas, require, Plain};
use crate::{arguments, Gpu, GpuError, Result};

/// What makes each output pixel along one axis: `count` weights from input `starts[i]` on.
pub struct Axis {
    pub count: usize,
    pub starts: Vec<u32>,
    pub weights: Vec<i16>,
}

/// Interleaved pixels, row by row without a gap.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    pub data: &'a [u8],
    pub width: usize,
    pub height: usize,
    pub channels: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Crop {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

/// What the network takes: its size, and (level - mean) / std for each channel.
pub struct Target<'a> {
    pub width: usize,
    pub height: usize,
    pub mean: &'a [f32],
    pub std: &'a [f32],
}

/// What one grey level is in the kernel's sums: 14 + 14 - 7 bits.
const LEVEL: f64 = 2097152.0;

/// Of `native/cuda/preprocess.cu`.
#[repr(C)]
#[derive(Clone, Copy)]
struct DeviceCrop {
    crop: [u32; 4],
    /// Count, first start and first weight: across, then down.
    axes: [u32; 6],
}
impl Plain for DeviceCrop {}

/// A grid has no more rows of CTAs than this.
const MAX_CROPS: usize = 65535;
const PIXELS_PER_CTA: usize = 128;

/// Writes each crop to its place in `out` (crop, channel, row, column). `taps` makes the axis of input to output pixels.
pub fn preprocess(
    gpu: &Gpu,
    picture: Picture<'_>,
    crops: &[Crop],
    target: &Target<'_>,
    taps: impl Fn(usize, usize) -> Axis,
    out: &mut [f32],
) -> Result<()> {
    let plane = target.width * target.height;
    let Picture {
        data,
        width,
        height,
        channels,
    } = picture;
    let bytes = width * height * channels;
    let fits = data.len() >= bytes && target.mean.len() >= channels && target.std.len() >= channels;
    require(fits, || {
        format!("{} bytes, {width}x{height}x{channels}", data.len())
    })?;
    let data = &data[..bytes];
    require(
        crops.len() <= MAX_CROPS && out.len() == crops.len() * channels * plane,
        || format!("{} crops, {} values", crops.len(), out.len()),
    )?;
    let inside = |c: &Crop| {
        let (right, bottom) = (
            c.left as usize + c.width as usize,
            c.top as usize + c.height as usize,
        );
        c.width > 0 && c.height > 0 && right <= width && bottom <= height
    };
    require(crops.iter().all(inside), || {
        "a crop is not inside the picture".to_string()
    })?;
    if out.is_empty() {
        return Ok(());
    }

    let mut tables = Tables::default();
    let mut device_crops: Vec<DeviceCrop> = crops
        .iter()
        .map(
            |&Crop {
                 left,
                 top,
                 width,
                 height,
             }| {
                let across = tables.axis(width as usize, target.width, &taps);
                let down = tables.axis(height as usize, target.height, &taps);
                DeviceCrop {
                    crop: [left, top, width, height],
                    axes: [across[0], across[1], across[2], down[0], down[1], down[2]],
                }
            },
        )
        .collect();
    let mut normals: Vec<f32> = (0..channels)
        .flat_map(|c| {
            let (mean, std) = (f64::from(target.mean[c]), f64::from(target.std[c]));
            [(1.0 / LEVEL / std) as f32, (mean / std) as f32]
        })
        .collect();
    let [x, ..] = ctas(plane, PIXELS_PER_CTA)?;
    let whole = |value: usize| {
        u32::try_from(value).map_err(|_| GpuError::Argument(format!("{value} is too many")))
    };
    let host_out = bytes_of(out);
    gpu.turn(|gpu| {
        let from = gpu.input(data)?;
        let crops_there = gpu.input(bytes_of(&mut device_crops))?;
        let starts = gpu.input(bytes_of(&mut tables.starts))?;
        let weights = gpu.input(bytes_of(&mut tables.weights))?;
        let normals_there = gpu.input(bytes_of(&mut normals))?;
        let to = gpu.output(host_out)?;
        let (mut a, mut b, mut c) = (from.address(), whole(width)?, whole(channels)?);
        let (mut d, mut e, mut f) = (crops_there.address(), starts.address(), weights.address());
        let (mut g, mut h) = (normals_there.address(), whole(target.width)?);
        let (mut i, mut j) = (whole(target.height)?, to.address());
        let grid = [x, whole(crops.len())?, 1];
        // SAFETY: the signature of preprocess.cu, sizes checked above, taps inside their crops or weighted 0.
        unsafe {
            gpu.launch(
                "preprocess",
                grid,
                128,
                &mut arguments![a, b, c, d, e, f, g, h, i, j],
            )?
        };
        to.bring(gpu)
    })
}

/// The axes of all crops, each pair of sizes once.
#[derive(Default)]
struct Tables {
    starts: Vec<u32>,
    weights: Vec<i16>,
    known: HashMap<(usize, usize), [u32; 3]>,
}

impl Tables {
    fn axis(
        &mut self,
        input: usize,
        output: usize,
        taps: impl Fn(usize, usize) -> Axis,
    ) -> [u32; 3] {
        if let Some(&known) = self.known.get(&(input, output)) {
            return known;
        }
        let axis = taps(input, output);
        let place = [
            axis.count as u32,
            self.starts.len() as u32,
            self.weights.len() as u32,
        ];
        self.starts.extend_from_slice(&axis.starts);
        self.weights.extend_from_slice(&axis.weights);
        self.known.insert((input, output), place);
        place
    }
}
