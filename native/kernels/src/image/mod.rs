//! Pictures: what the network takes (crop, resize, normalise), band math, and the raw sensor's mosaic.

pub mod bands;
pub mod debayer;
pub mod preprocess;
#[cfg(target_arch = "x86_64")]
mod preprocess_avx2;
pub mod resample;
