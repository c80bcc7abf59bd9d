//! The binding of the kernels to Node: arguments checked, nothing computed.

mod bits;
mod check;
mod cuda;
mod ecc;
mod gpu;
mod image;
mod pool;
mod tensor;
mod tensorrt;
pub mod timer;

use napi_derive::napi;

/// Of `native/addon.ts`: raised when a signature here changes.
const ABI: u32 = 4;

#[napi]
pub fn abi() -> u32 {
    ABI
}

/// The instructions that the kernels run with here: avx2, neon or portable.
#[napi]
pub fn simd() -> &'static str {
    perigee_kernels::cpu::best().name()
}
