//! Which instructions this processor has.

/// What the kernels are run with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simd {
    Avx2,
    Neon,
    Portable,
}

impl Simd {
    pub fn name(self) -> &'static str {
        match self {
            Simd::Avx2 => "avx2",
            Simd::Neon => "neon",
            Simd::Portable => "portable",
        }
    }
}

/// The best form that this processor can run.
pub fn best() -> Simd {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return Simd::Avx2;
    }
    #[cfg(target_arch = "aarch64")]
    return Simd::Neon;
    #[allow(unreachable_code)]
    Simd::Portable
}
