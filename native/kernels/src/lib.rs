//! Perigee's kernels: pure Rust, no binding. Each has a portable form and, where it pays, one for AVX2 and NEON,
//! chosen at run time; all give the same bytes as the TypeScript in `native/reference`.

pub mod bits;
pub mod cpu;
pub mod ecc;
pub mod image;
pub mod realtime;
pub mod tensor;
pub mod timer;
