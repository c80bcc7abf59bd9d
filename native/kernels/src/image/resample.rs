//! Which input pixels make an output pixel, and how much each counts: `native/reference/image/resample.ts`.

/// What a weight of one is.
pub const ONE: f64 = 16384.0;

/// The taps of each output pixel along one axis: `count` weights from input `starts[i]` on. A window that would
/// reach over the end is padded with weights of zero.
pub struct Taps {
    pub count: usize,
    pub starts: Vec<usize>,
    pub weights: Vec<i16>,
}

impl Taps {
    /// Half-pixel centres, a triangle as wide as the step; of `input` pixels to `output` pixels, both 1 or more.
    pub fn new(input: usize, output: usize) -> Taps {
        let step = input as f64 / output as f64;
        let reach = if step > 1.0 { step } else { 1.0 };
        let windows: Vec<(usize, usize, f64)> = (0..output)
            .map(|i| {
                let centre = (i as f64 + 0.5) * step;
                let first = (centre - reach + 0.5).floor().max(0.0) as usize;
                let end = ((centre + reach + 0.5).floor() as usize).min(input);
                (first, end, centre)
            })
            .collect();
        let count = windows
            .iter()
            .map(|&(first, end, _)| end - first)
            .max()
            .unwrap_or(0);
        let mut weights = vec![0; output * count];
        for (&(first, end, centre), row) in windows.iter().zip(weights.chunks_mut(count.max(1))) {
            round_to_one(row, (first..end).map(|at| height(at, centre, reach)));
        }
        Taps {
            count,
            starts: windows.iter().map(|w| w.0).collect(),
            weights,
        }
    }

    pub fn weights_of(&self, output: usize) -> &[i16] {
        &self.weights[output * self.count..(output + 1) * self.count]
    }
}

fn height(at: usize, centre: f64, reach: f64) -> f64 {
    let h = 1.0 - (at as f64 + 0.5 - centre).abs() / reach;
    if h > 0.0 {
        h
    } else {
        0.0
    }
}

/// Rounds the running sum, not each weight: so the weights make exactly one.
fn round_to_one(weights: &mut [i16], heights: impl Iterator<Item = f64> + Clone) {
    let total: f64 = heights.clone().fold(0.0, |sum, h| sum + h);
    let (mut sum, mut before) = (0.0, 0.0);
    for (weight, h) in weights.iter_mut().zip(heights) {
        sum += h;
        let edge = (sum / total * ONE + 0.5).floor();
        *weight = (edge - before) as i16;
        before = edge;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_make_exactly_one_and_stay_inside() {
        for (input, output) in [
            (1, 1),
            (1, 7),
            (7, 1),
            (512, 224),
            (224, 512),
            (64, 1),
            (3, 2),
            (1000, 17),
        ] {
            let taps = Taps::new(input, output);
            for i in 0..output {
                let weights = taps.weights_of(i);
                assert_eq!(weights.iter().map(|&w| w as i32).sum::<i32>(), ONE as i32);
                let used = weights.iter().rposition(|&w| w != 0).unwrap() + 1;
                assert!(
                    taps.starts[i] + used <= input,
                    "{input} to {output}, pixel {i}"
                );
                assert!(weights.iter().all(|&w| w >= 0));
            }
        }
    }

    #[test]
    fn one_to_one_takes_each_pixel_as_it_is() {
        let taps = Taps::new(9, 9);
        for i in 0..9 {
            let at = taps.weights_of(i).iter().position(|&w| w != 0).unwrap();
            assert_eq!(
                (taps.starts[i] + at, taps.weights_of(i)[at]),
                (i, ONE as i16)
            );
        }
    }
}
