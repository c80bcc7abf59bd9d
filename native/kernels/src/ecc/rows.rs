//! A row of 256 bits in the registers of each instruction set.

/// Nothing here is checked: the pointers have 32 bytes, and the processor has the instructions.
pub trait Row: Copy {
    unsafe fn zero() -> Self;
    unsafe fn load(from: *const u8) -> Self;
    unsafe fn store(self, to: *mut u8);
    unsafe fn xor(self, other: Self) -> Self;
    unsafe fn or(self, other: Self) -> Self;
    unsafe fn is_zero(self) -> bool;
    /// Brings a cache line near that is read soon.
    unsafe fn prefetch(from: *const u8);
}

#[derive(Clone, Copy)]
pub struct Portable([u64; 4]);

impl Portable {
    #[inline(always)]
    fn each(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Portable(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Row for Portable {
    #[inline(always)]
    unsafe fn zero() -> Self {
        Portable([0; 4])
    }
    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        Portable(from.cast::<[u64; 4]>().read_unaligned())
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        to.cast::<[u64; 4]>().write_unaligned(self.0)
    }
    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        self.each(other, |a, b| a ^ b)
    }
    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        self.each(other, |a, b| a | b)
    }
    #[inline(always)]
    unsafe fn is_zero(self) -> bool {
        self.0 == [0; 4]
    }
    #[inline(always)]
    unsafe fn prefetch(_: *const u8) {}
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::Row;
    use std::arch::x86_64::*;

    #[derive(Clone, Copy)]
    pub struct Avx2(__m256i);

    impl Row for Avx2 {
        #[inline(always)]
        unsafe fn zero() -> Self {
            Avx2(_mm256_setzero_si256())
        }
        #[inline(always)]
        unsafe fn load(from: *const u8) -> Self {
            Avx2(_mm256_loadu_si256(from.cast()))
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut u8) {
            _mm256_storeu_si256(to.cast(), self.0)
        }
        #[inline(always)]
        unsafe fn xor(self, other: Self) -> Self {
            Avx2(_mm256_xor_si256(self.0, other.0))
        }
        #[inline(always)]
        unsafe fn or(self, other: Self) -> Self {
            Avx2(_mm256_or_si256(self.0, other.0))
        }
        #[inline(always)]
        unsafe fn is_zero(self) -> bool {
            _mm256_testz_si256(self.0, self.0) != 0
        }
        #[inline(always)]
        unsafe fn prefetch(from: *const u8) {
            _mm_prefetch::<_MM_HINT_T0>(from.cast())
        }
    }
}
#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;

#[cfg(target_arch = "aarch64")]
mod neon {
    use super::Row;
    use std::arch::aarch64::*;

    #[derive(Clone, Copy)]
    pub struct Neon(uint8x16_t, uint8x16_t);

    impl Row for Neon {
        #[inline(always)]
        unsafe fn zero() -> Self {
            Neon(vdupq_n_u8(0), vdupq_n_u8(0))
        }
        #[inline(always)]
        unsafe fn load(from: *const u8) -> Self {
            Neon(vld1q_u8(from), vld1q_u8(from.add(16)))
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut u8) {
            vst1q_u8(to, self.0);
            vst1q_u8(to.add(16), self.1);
        }
        #[inline(always)]
        unsafe fn xor(self, other: Self) -> Self {
            Neon(veorq_u8(self.0, other.0), veorq_u8(self.1, other.1))
        }
        #[inline(always)]
        unsafe fn or(self, other: Self) -> Self {
            Neon(vorrq_u8(self.0, other.0), vorrq_u8(self.1, other.1))
        }
        #[inline(always)]
        unsafe fn is_zero(self) -> bool {
            vmaxvq_u8(vorrq_u8(self.0, self.1)) == 0
        }
        #[inline(always)]
        unsafe fn prefetch(_: *const u8) {}
    }
}
#[cfg(target_arch = "aarch64")]
pub use neon::Neon;
