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

/// Runs the body of a kernel, compiled once for the plain processor and once for AVX2 (whose registers the compiler
/// then uses; neither form fuses a multiplication with an addition, so both round alike). The body must be
/// `#[inline(always)]`.
#[macro_export]
macro_rules! by_simd {
    ($simd:expr, $body:ident($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        if $simd == $crate::cpu::Simd::Avx2 {
            #[target_feature(enable = "avx2")]
            fn avx2($($arg: $type),*) $(-> $out)? {
                $body($($arg),*)
            }
            assert!($crate::cpu::best() == $crate::cpu::Simd::Avx2);
            // Safety: this processor has AVX2, as the line above makes sure.
            return unsafe { avx2($($arg),*) };
        }
        let _ = $simd;
        $body($($arg),*)
    }};
}

/// The forms that can be compared here: what `best` says, and the portable one.
#[cfg(test)]
pub fn forms() -> Vec<Simd> {
    vec![Simd::Portable, best()]
}
