//! Protection of float weights that costs no memory: copies of the exponent's top bits in the lowest mantissa bits,
//! and a bound. The contract is `native/exponentContract.ts`. All on whole numbers, so that every form is exact.

/// How a dtype is laid out, and how many top exponent bits have two copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Float {
    pub bytes: usize,
    pub exponent_bits: u32,
    pub mantissa_bits: u32,
    pub guarded_bits: u32,
}

pub const F32: Float = Float {
    bytes: 4,
    exponent_bits: 8,
    mantissa_bits: 23,
    guarded_bits: 4,
};
pub const F16: Float = Float {
    bytes: 2,
    exponent_bits: 5,
    mantissa_bits: 10,
    guarded_bits: 1,
};
pub const BF16: Float = Float {
    bytes: 2,
    exponent_bits: 8,
    mantissa_bits: 7,
    guarded_bits: 1,
};

impl Float {
    pub fn named(name: &str) -> Option<Float> {
        match name {
            "F32" => Some(F32),
            "F16" => Some(F16),
            "BF16" => Some(BF16),
            _ => None,
        }
    }

    const fn magnitude(self) -> u32 {
        (1 << (self.exponent_bits + self.mantissa_bits)) - 1
    }

    const fn infinity(self) -> u32 {
        ((1 << self.exponent_bits) - 1) << self.mantissa_bits
    }
}

/// What is done to each weight.
#[derive(Clone, Copy)]
enum Step {
    Protect,
    Vote,
    /// The magnitude of the bound.
    Clip(u32),
}

/// Rounds each weight to the nearest one that carries two copies of its guarded bits.
pub fn protect(bytes: &mut [u8], float: Float) {
    run(bytes, float, Step::Protect);
}

/// Puts guarded bits and their copies right by majority; returns the weights that changed.
pub fn vote(bytes: &mut [u8], float: Float) -> u64 {
    run(bytes, float, Step::Vote)
}

/// Weights whose magnitude is above that of the bits `most` become ±`most`, NaN and infinities 0.
pub fn clip(bytes: &mut [u8], float: Float, most: u32) -> u64 {
    run(bytes, float, Step::Clip(most))
}

fn run(bytes: &mut [u8], float: Float, step: Step) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has it.
        return unsafe { run_avx2(bytes, float, step) };
    }
    run_plain(bytes, float, step)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn run_avx2(bytes: &mut [u8], float: Float, step: Step) -> u64 {
    run_plain(bytes, float, step)
}

/// Each dtype and step by itself, as constants, so that the compiler puts many weights into a register.
#[inline(always)]
fn run_plain(bytes: &mut [u8], float: Float, step: Step) -> u64 {
    macro_rules! with_layout {
        ($($layout:ident)*) => {
            match float {
                $($layout => match step {
                    Step::Protect => each(bytes, $layout.bytes, |bits| protected($layout, bits)),
                    Step::Vote => each(bytes, $layout.bytes, |bits| voted($layout, bits)),
                    Step::Clip(most) => each(bytes, $layout.bytes, |bits| clipped($layout, bits, most)),
                },)*
                _ => unreachable!("there are three dtypes"),
            }
        };
    }
    with_layout!(F32 F16 BF16)
}

/// Returns the weights that changed; counted in parts, for a narrow counter.
#[inline(always)]
fn each(bytes: &mut [u8], size: usize, change: impl Fn(u32) -> u32) -> u64 {
    let mut changed = 0;
    for part in bytes.chunks_mut(1 << 16) {
        let mut count = 0u32;
        if size == 4 {
            for weight in part.as_chunks_mut::<4>().0 {
                let found = u32::from_le_bytes(*weight);
                let new = change(found);
                count += u32::from(new != found);
                *weight = new.to_le_bytes();
            }
        } else {
            for weight in part.as_chunks_mut::<2>().0 {
                let found = u32::from(u16::from_le_bytes(*weight));
                let new = change(found);
                count += u32::from(new != found);
                *weight = (new as u16).to_le_bytes();
            }
        }
        changed += u64::from(count);
    }
    changed
}

#[inline(always)]
fn protected(float: Float, bits: u32) -> u32 {
    let copies = 2 * float.guarded_bits;
    let guard_at = float.exponent_bits + float.mantissa_bits - float.guarded_bits - copies;
    let marked = |rest: u32| {
        let guard = rest >> guard_at;
        (rest << copies) | (guard << float.guarded_bits) | guard
    };
    let found = bits & float.magnitude();
    let rest = found >> copies;
    let last = (float.infinity() - 1) >> copies;
    let mut nearest = marked(rest);
    for other in [marked(rest.max(1) - 1), marked((rest + 1).min(last))] {
        if other.abs_diff(found) < nearest.abs_diff(found) {
            nearest = other;
        }
    }
    if found >= float.infinity() {
        bits
    } else {
        bits ^ found ^ nearest
    }
}

#[inline(always)]
fn voted(float: Float, bits: u32) -> u32 {
    let guarded = float.guarded_bits;
    let guard_at = float.exponent_bits + float.mantissa_bits - guarded;
    let mask = (1 << guarded) - 1;
    let [a, b, c] = [bits >> guard_at & mask, bits >> guarded & mask, bits & mask];
    let majority = (a & b) | (a & c) | (b & c);
    let all = (mask << guard_at) | (mask << guarded) | mask;
    (bits & !all) | (majority << guard_at) | (majority << guarded) | majority
}

#[inline(always)]
fn clipped(float: Float, bits: u32, most: u32) -> u32 {
    let found = bits & float.magnitude();
    if found <= most {
        bits
    } else if found >= float.infinity() {
        0
    } else {
        bits ^ found ^ most
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::random;
    use super::*;

    #[test]
    fn one_flip_of_a_guarded_bit_is_outvoted() {
        for float in [F32, F16, BF16] {
            let mut bytes = random(4096, 3);
            clip(&mut bytes, float, float.infinity() - 1);
            protect(&mut bytes, float);
            assert_eq!(vote(&mut bytes, float), 0);
            let right = bytes.clone();
            for weight in bytes.chunks_mut(float.bytes) {
                weight[float.bytes - 1] ^= 0x40;
            }
            assert_eq!(vote(&mut bytes, float) as usize, bytes.len() / float.bytes);
            assert_eq!(bytes, right);
        }
    }

    #[test]
    fn an_f32_moves_by_no_more_than_it_states() {
        let before = random(1 << 16, 5);
        let mut after = before.clone();
        protect(&mut after, F32);
        for (a, b) in before
            .as_chunks::<4>()
            .0
            .iter()
            .zip(after.as_chunks::<4>().0)
        {
            let (a, b) = (
                f64::from(f32::from_le_bytes(*a)),
                f64::from(f32::from_le_bytes(*b)),
            );
            let most = a.abs().max(f64::from(f32::MIN_POSITIVE)) / 32768.0;
            assert!(!a.is_finite() || (a - b).abs() <= most, "{a} {b}");
        }
    }
}
