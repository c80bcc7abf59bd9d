//! Plain reading and copying, as yardsticks of the bench: nothing can check memory faster than it can be read.

/// The sum of all 64-bit words, which the compiler spreads over wide registers.
pub fn sum(bytes: &[u8]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has it.
        return unsafe { sum_avx2(bytes) };
    }
    plain_sum(bytes)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn sum_avx2(bytes: &[u8]) -> u64 {
    plain_sum(bytes)
}

#[inline(always)]
fn plain_sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let tail: u64 = rest.iter().map(|&byte| u64::from(byte)).sum();
    words.iter().fold(tail, |sum, word| {
        sum.wrapping_add(u64::from_ne_bytes(*word))
    })
}

/// Asks the system for huge pages under the whole host pages of `bytes`. Says whether it has them.
#[cfg(target_os = "linux")]
pub fn huge_pages(bytes: &[u8]) -> bool {
    const HOST_PAGE: usize = 4096;
    const MADV_HUGEPAGE: i32 = 14;
    extern "C" {
        fn madvise(address: *const u8, length: usize, advice: i32) -> i32;
    }
    let skip = bytes.as_ptr().align_offset(HOST_PAGE);
    let length = bytes.len().saturating_sub(skip) / HOST_PAGE * HOST_PAGE;
    // SAFETY: it changes how the memory is mapped, not what is in it.
    length > 0 && unsafe { madvise(bytes.as_ptr().wrapping_add(skip), length, MADV_HUGEPAGE) } == 0
}

#[cfg(not(target_os = "linux"))]
pub fn huge_pages(_: &[u8]) -> bool {
    false
}

#[cfg(test)]
mod tests {
    #[test]
    fn sums_words_and_the_rest() {
        let mut bytes = 7u64.to_ne_bytes().repeat(1000);
        bytes.extend([1, 2, 3]);
        assert_eq!(super::sum(&bytes), 7006);
    }
}
