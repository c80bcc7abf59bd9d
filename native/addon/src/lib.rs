//! The binding of the kernels to Node: arguments checked, nothing computed.

use napi_derive::napi;

mod ecc;
mod pool;
pub mod timer;

/// Of `native/addon.ts`: raised when a signature here changes.
const ABI: u32 = 3;

#[napi]
pub fn abi() -> u32 {
    ABI
}

/// The instructions that the kernels run with here: avx2, neon or portable.
#[napi]
pub fn simd() -> &'static str {
    perigee_kernels::cpu::best().name()
}
