//! Perigee's kernels: pure Rust, no binding. Each has a portable form and, where it pays, one for AVX2 and NEON,
//! chosen at run time; all give the same bytes as the TypeScript in `native/reference`.

pub mod cpu;
pub mod ecc;
pub mod realtime;
pub mod timer;
