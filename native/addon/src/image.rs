//! `native/image`: preprocess, band math, debayer.

use crate::check::{ensure, ensure_apart, written};
use napi::bindgen_prelude::{Float32ArraySlice, Uint16ArraySlice, Uint8ArraySlice};
use napi::Result;
use napi_derive::napi;
use perigee_kernels::cpu::best;
use perigee_kernels::image::bands::{self, Bands, Sample};
use perigee_kernels::image::debayer::{debayer, Level, Pattern};
use perigee_kernels::image::preprocess::{self, Crop, Picture, Target, MAX_CHANNELS};

/// The product of sizes; too large a one is larger than any buffer.
fn product(sizes: &[u32]) -> usize {
    sizes.iter().fold(1usize, |product, &size| {
        product.saturating_mul(size as usize)
    })
}

/// A picture and its crops, all inside.
fn picture_of<'a>(
    data: &'a [u8],
    [width, height, channels]: [u32; 3],
    crops: &[u32],
) -> Result<(Picture<'a>, Vec<Crop>)> {
    let needed = product(&[width, height, channels]);
    ensure((1..=MAX_CHANNELS as u32).contains(&channels), "channels")?;
    ensure(
        data.len() >= needed && crops.len().is_multiple_of(4),
        "data, crops",
    )?;
    let (width, height, channels) = (width as usize, height as usize, channels as usize);
    let crops: Vec<Crop> = crops
        .chunks_exact(4)
        .map(|c| Crop {
            left: c[0] as usize,
            top: c[1] as usize,
            width: c[2] as usize,
            height: c[3] as usize,
        })
        .collect();
    for crop in &crops {
        let inside = crop.left + crop.width <= width && crop.top + crop.height <= height;
        ensure(inside && crop.width > 0 && crop.height > 0, "crop")?;
    }
    let picture = Picture {
        data,
        width,
        height,
        channels,
    };
    Ok((picture, crops))
}

#[allow(clippy::too_many_arguments)]
#[napi(js_name = "preprocess")]
pub fn preprocess_crops(
    data: &[u8],
    width: u32,
    height: u32,
    channels: u32,
    crops: &[u32],
    out_width: u32,
    out_height: u32,
    mean: &[f32],
    std: &[f32],
    mut out: Float32ArraySlice,
) -> Result<()> {
    let out = written!(out);
    let (picture, crops) = picture_of(data, [width, height, channels], crops)?;
    let size = product(&[out_width, out_height, channels]);
    let fits = size > 0 && out.len() >= size.saturating_mul(crops.len());
    ensure(
        fits && mean.len().min(std.len()) >= picture.channels,
        "mean, std, out",
    )?;
    ensure_apart(data, out)?;
    ensure_apart(mean, out)?;
    ensure_apart(std, out)?;
    let target = Target {
        width: out_width as usize,
        height: out_height as usize,
        mean,
        std,
    };
    preprocess::preprocess(best(), picture, &crops, target, out);
    Ok(())
}

#[napi]
pub fn mean_levels(
    data: &[u8],
    width: u32,
    height: u32,
    channels: u32,
    crops: &[u32],
    mut out: Float32ArraySlice,
) -> Result<()> {
    let out = written!(out);
    let (picture, crops) = picture_of(data, [width, height, channels], crops)?;
    ensure(out.len() >= crops.len(), "out")?;
    ensure_apart(data, out)?;
    preprocess::mean_levels(best(), picture, &crops, out);
    Ok(())
}

fn scene<T: Sample>(
    data: &[T],
    bands: u32,
    pixels: u32,
    interleaved: bool,
) -> Result<Bands<'_, T>> {
    ensure(
        bands > 0 && pixels > 0 && data.len() >= product(&[bands, pixels]),
        "data",
    )?;
    Ok(Bands {
        data,
        bands: bands as usize,
        pixels: pixels as usize,
        interleaved,
    })
}

fn difference<T: Sample>(scene: Bands<T>, pairs: &[u32], out: &mut [f32]) -> Result<()> {
    ensure(
        pairs.len().is_multiple_of(2) && pairs.iter().all(|&band| (band as usize) < scene.bands),
        "pairs",
    )?;
    ensure(
        out.len() >= scene.pixels.saturating_mul(pairs.len() / 2),
        "out",
    )?;
    ensure_apart(scene.data, out)?;
    let pairs: Vec<[usize; 2]> = pairs
        .chunks_exact(2)
        .map(|p| [p[0] as usize, p[1] as usize])
        .collect();
    bands::normalised_difference(best(), scene, &pairs, out);
    Ok(())
}

fn cloud<T: Sample>(
    scene: Bands<T>,
    blue: u32,
    red: u32,
    scale: f64,
    out: &mut [f32],
) -> Result<()> {
    let (blue, red) = (blue as usize, red as usize);
    ensure(
        blue.max(red) < scene.bands && out.len() >= scene.pixels,
        "bands, out",
    )?;
    ensure_apart(scene.data, out)?;
    let pixels = scene.pixels;
    bands::cloud_index(best(), scene, blue, red, scale as f32, &mut out[..pixels]);
    Ok(())
}

macro_rules! bind_bands {
    ($slice:ident, $difference:ident, $cloud:ident) => {
        #[napi]
        pub fn $difference(
            data: $slice,
            bands: u32,
            pixels: u32,
            interleaved: bool,
            pairs: &[u32],
            mut out: Float32ArraySlice,
        ) -> Result<()> {
            let out = written!(out);
            difference(scene(&data, bands, pixels, interleaved)?, pairs, out)
        }

        #[allow(clippy::too_many_arguments)]
        #[napi]
        pub fn $cloud(
            data: $slice,
            bands: u32,
            pixels: u32,
            interleaved: bool,
            blue: u32,
            red: u32,
            scale: f64,
            mut out: Float32ArraySlice,
        ) -> Result<()> {
            let out = written!(out);
            cloud(
                scene(&data, bands, pixels, interleaved)?,
                blue,
                red,
                scale,
                out,
            )
        }
    };
}
bind_bands!(Uint8ArraySlice, normalised_difference_u8, cloud_index_u8);
bind_bands!(Uint16ArraySlice, normalised_difference_u16, cloud_index_u16);
bind_bands!(
    Float32ArraySlice,
    normalised_difference_f32,
    cloud_index_f32
);

fn demosaic<T: Level>(mosaic: &[T], sizes: [u32; 2], red: [u32; 2], rgb: &mut [T]) -> Result<()> {
    let pixels = product(&sizes);
    ensure(
        sizes[0] >= 2 && sizes[1] >= 2 && red[0] < 2 && red[1] < 2,
        "size, pattern",
    )?;
    ensure(
        mosaic.len() >= pixels && rgb.len() >= pixels.saturating_mul(3),
        "mosaic, rgb",
    )?;
    ensure_apart(mosaic, rgb)?;
    let pattern = Pattern {
        red_x: red[0] as usize,
        red_y: red[1] as usize,
    };
    debayer(
        best(),
        mosaic,
        sizes[0] as usize,
        sizes[1] as usize,
        pattern,
        rgb,
    );
    Ok(())
}

macro_rules! bind_debayer {
    ($slice:ident, $name:ident) => {
        #[napi]
        pub fn $name(
            mosaic: $slice,
            width: u32,
            height: u32,
            red_x: u32,
            red_y: u32,
            mut rgb: $slice,
        ) -> Result<()> {
            let rgb = written!(rgb);
            demosaic(&mosaic, [width, height], [red_x, red_y], rgb)
        }
    };
}
bind_debayer!(Uint8ArraySlice, debayer_u8);
bind_debayer!(Uint16ArraySlice, debayer_u16);
