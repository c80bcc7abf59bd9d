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

#[cfg(test)]
mod tests {
    #[test]
    fn sums_words_and_the_rest() {
        let mut bytes = 7u64.to_ne_bytes().repeat(1000);
        bytes.extend([1, 2, 3]);
        assert_eq!(super::sum(&bytes), 7006);
    }
}
