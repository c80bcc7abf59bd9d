//! The binding of the kernels to Node: arguments checked, nothing computed.

use napi_derive::napi;

mod bits;
mod check;
mod ecc;
mod image;
mod pool;
mod tensor;
pub mod timer;

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
