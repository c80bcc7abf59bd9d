//! CUDA and TensorRT, both found at run time. Nothing here links to them and nothing panics where they are not:
//! every failure is a value that says which call refused, in the driver's own words.

pub mod device;
pub mod driver;
pub mod kernels;
pub mod memory;
pub mod preprocess;
pub mod tensorrt;

pub use device::{Gpu, Info};

/// Why something did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GpuError {
    /// No driver, no card, or no code for it: this machine works without.
    Absent(String),
    /// The driver refused a call.
    Failed(String),
    /// The caller's sizes do not fit.
    Argument(String),
}

impl std::fmt::Display for GpuError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            GpuError::Absent(why) | GpuError::Failed(why) | GpuError::Argument(why) => {
                f.write_str(why)
            }
        }
    }
}

impl std::error::Error for GpuError {}

pub type Result<T> = std::result::Result<T, GpuError>;

/// Why a library is not loaded, in the loader's words: they stand in the error's source.
pub(crate) fn words(error: libloading::Error) -> String {
    let source = std::error::Error::source(&error).map(ToString::to_string);
    source.unwrap_or_else(|| error.to_string())
}
