//! Bilinear interpolation of a sensor's Bayer mosaic: `native/reference/image/debayer.ts`.

use crate::by_simd;
use crate::cpu::Simd;

/// Pixels that are worked on at once.
const BLOCK: usize = 64;

/// A level of a sensor's pixel, and a type in which four of them can be added.
pub trait Level: Copy + Default {
    type Wide: Copy
        + std::ops::Add<Output = Self::Wide>
        + std::ops::Shr<u32, Output = Self::Wide>
        + From<Self>
        + From<u8>;
    fn narrow(wide: Self::Wide) -> Self;
    /// Fills a row, as `fill_row` does, with the instructions there are.
    fn fill(simd: Simd, rows: [&[Self]; 3], own: usize, first_is_green: bool, out: &mut [Self]);
}

macro_rules! levels {
    ($($type:ty, $wide:ty);*) => {$(
        impl Level for $type {
            type Wide = $wide;
            #[inline(always)]
            fn narrow(wide: $wide) -> $type {
                wide as $type
            }
            fn fill(simd: Simd, rows: [&[$type]; 3], own: usize, first_is_green: bool, out: &mut [$type]) {
                by_simd!(simd, fill_row(rows: [&[$type]; 3], own: usize, first_is_green: bool, out: &mut [$type]))
            }
        }
    )*};
}
levels!(u8, u16; u16, u32);

/// Column and row (0 or 1) of the first red pixel; blue lies diagonally.
#[derive(Clone, Copy)]
pub struct Pattern {
    pub red_x: usize,
    pub red_y: usize,
}

/// Makes interleaved red, green, blue of a mosaic of `width` × `height` (2 × 2 or more). Beyond an edge the mosaic is
/// mirrored about its outermost pixel, which keeps the colours in their places.
pub fn debayer<T: Level>(
    simd: Simd,
    mosaic: &[T],
    width: usize,
    height: usize,
    pattern: Pattern,
    rgb: &mut [T],
) {
    let row = |y: usize| &mosaic[y * width..][..width];
    for (y, out) in rgb.chunks_exact_mut(width * 3).enumerate().take(height) {
        let above = if y == 0 { 1 } else { y - 1 };
        let below = if y + 1 == height { y - 1 } else { y + 1 };
        // The channel of this row's coloured pixels, 0 red or 2 blue; green stands between them.
        let own = if y % 2 == pattern.red_y { 0 } else { 2 };
        let first_is_green = (pattern.red_x == 0) != (own == 0);
        T::fill(
            simd,
            [row(above), row(y), row(below)],
            own,
            first_is_green,
            out,
        );
    }
}

#[inline(always)]
fn fill_row<T: Level>([up, at, down]: [&[T]; 3], own: usize, first_is_green: bool, out: &mut [T]) {
    let width = at.len();
    let mirrored = |left: usize, x: usize, right: usize| {
        let three = |row: &[T]| [row[left], row[x], row[right]];
        pixel(
            three(up),
            three(at),
            three(down),
            x.is_multiple_of(2) == first_is_green,
        )
    };
    for (x, beside) in [(0, 1), (width - 1, width - 2)] {
        let (mine, green, other) = mirrored(beside, x, beside);
        (out[x * 3 + own], out[x * 3 + 1], out[x * 3 + 2 - own]) = (mine, green, other);
    }
    for from in (1..width - 1).step_by(BLOCK) {
        let size = BLOCK.min(width - 1 - from);
        let around = |row: &'_ [T]| -> [[T; BLOCK]; 3] {
            let mut shifted = [[T::default(); BLOCK]; 3];
            for (k, shifted) in shifted.iter_mut().enumerate() {
                shifted[..size].copy_from_slice(&row[from - 1 + k..][..size]);
            }
            shifted
        };
        let (up, at, down) = (around(up), around(at), around(down));
        let mut planes = [[T::default(); BLOCK]; 3];
        for i in 0..BLOCK {
            let three = |rows: &[[T; BLOCK]; 3]| [rows[0][i], rows[1][i], rows[2][i]];
            // Blocks begin at odd pixels.
            let is_green = i.is_multiple_of(2) != first_is_green;
            let (mine, green, other) = pixel(three(&up), three(&at), three(&down), is_green);
            (planes[0][i], planes[1][i], planes[2][i]) = (mine, green, other);
        }
        let (red, blue) = if own == 0 {
            (&planes[0], &planes[2])
        } else {
            (&planes[2], &planes[0])
        };
        let (pixels, _) = out[from * 3..(from + size) * 3].as_chunks_mut::<3>();
        // A whole block has a length that the compiler knows.
        match <&mut [[T; 3]; BLOCK]>::try_from(&mut *pixels) {
            Ok(pixels) => interleave(red, &planes[1], blue, pixels),
            Err(_) => interleave(red, &planes[1], blue, pixels),
        }
    }
}

#[inline(always)]
fn interleave<T: Copy>(
    red: &[T; BLOCK],
    green: &[T; BLOCK],
    blue: &[T; BLOCK],
    pixels: &mut [[T; 3]],
) {
    for (pixel, ((&r, &g), &b)) in pixels.iter_mut().zip(red.iter().zip(green).zip(blue)) {
        *pixel = [r, g, b];
    }
}

/// The row's own colour, green and the other colour, of a pixel amid its neighbours. Without a branch, so that the
/// compiler does many at once.
#[inline(always)]
fn pixel<T: Level>(up: [T; 3], at: [T; 3], down: [T; 3], is_green: bool) -> (T, T, T) {
    let wide = |level: T| T::Wide::from(level);
    let two = |a: T, b: T| T::narrow((wide(a) + wide(b) + 1u8.into()) >> 1);
    let four = |a: T, b: T, c: T, d: T| {
        T::narrow((wide(a) + wide(b) + wide(c) + wide(d) + 2u8.into()) >> 2)
    };
    let beside = two(at[0], at[2]);
    let above_below = two(up[1], down[1]);
    let cross = four(up[1], at[0], at[2], down[1]);
    let diagonal = four(up[0], up[2], down[0], down[2]);
    if is_green {
        (beside, at[1], above_below)
    } else {
        (at[1], cross, diagonal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_colour_comes_back_for_each_pattern_and_size() {
        for (red_x, red_y) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            for (width, height) in [(2, 2), (3, 2), (2, 3), (7, 5), (8, 6)] {
                let colour = |x: usize, y: usize| match (x % 2 == red_x, y % 2 == red_y) {
                    (true, true) => 10u16,
                    (false, false) => 30000,
                    _ => 500,
                };
                let mosaic: Vec<u16> = (0..height)
                    .flat_map(|y| (0..width).map(move |x| colour(x, y)))
                    .collect();
                let mut rgb = vec![0u16; width * height * 3];
                debayer(
                    crate::cpu::best(),
                    &mosaic,
                    width,
                    height,
                    Pattern { red_x, red_y },
                    &mut rgb,
                );
                assert!(
                    rgb.chunks(3).all(|pixel| pixel == [10, 500, 30000]),
                    "{red_x} {red_y} {width}x{height}"
                );
            }
        }
    }
}
