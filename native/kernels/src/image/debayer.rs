//! Bilinear interpolation of a sensor's Bayer mosaic: `native/reference/image/debayer.ts`.

/// A level of a sensor's pixel.
pub trait Level: Copy {
    fn wide(self) -> u32;
    fn narrow(wide: u32) -> Self;
}

macro_rules! levels {
    ($($type:ty),*) => {$(
        impl Level for $type {
            #[inline(always)]
            fn wide(self) -> u32 {
                self as u32
            }
            #[inline(always)]
            fn narrow(wide: u32) -> Self {
                wide as $type
            }
        }
    )*};
}
levels!(u8, u16);

/// Column and row (0 or 1) of the first red pixel; blue lies diagonally.
#[derive(Clone, Copy)]
pub struct Pattern {
    pub red_x: usize,
    pub red_y: usize,
}

/// Makes interleaved red, green, blue of a mosaic of `width` × `height` (2 × 2 or more). Beyond an edge the mosaic is
/// mirrored about its outermost pixel, which keeps the colours in their places.
pub fn debayer<T: Level>(
    mosaic: &[T],
    width: usize,
    height: usize,
    pattern: Pattern,
    rgb: &mut [T],
) {
    for y in 0..height {
        let row = |y: usize| &mosaic[y * width..][..width];
        let rows = [
            row(if y == 0 { 1 } else { y - 1 }),
            row(y),
            row(if y + 1 == height { y - 1 } else { y + 1 }),
        ];
        let red_row = y % 2 == pattern.red_y;
        // Red pixels of a red row stand in its red columns, the blue ones of the others in the other columns.
        let first_is_green = (pattern.red_x == 0) != red_row;
        let out = &mut rgb[y * width * 3..][..width * 3];
        if red_row {
            line::<T, 0>(rows, first_is_green, out);
        } else {
            line::<T, 2>(rows, first_is_green, out);
        }
    }
}

/// A row whose coloured pixels are of channel `OWN` (0 red, 2 blue); between them stands green.
fn line<T: Level, const OWN: usize>(
    [up, at, down]: [&[T]; 3],
    first_is_green: bool,
    out: &mut [T],
) {
    let width = at.len();
    let edge = |left: usize, x: usize, right: usize, pixel: &mut [T]| {
        let three = |row: &[T]| [row[left], row[x], row[right]];
        if x.is_multiple_of(2) == first_is_green {
            green::<T, OWN>(&three(up), &three(at), &three(down), pixel);
        } else {
            coloured::<T, OWN>(&three(up), &three(at), &three(down), pixel);
        }
    };
    edge(1, 0, 1, &mut out[..3]);
    edge(width - 2, width - 1, width - 2, &mut out[width * 3 - 3..]);
    let mut inside = out[3..width * 3 - 3].chunks_exact_mut(6);
    let fours = up
        .windows(4)
        .zip(at.windows(4))
        .zip(down.windows(4))
        .step_by(2);
    for (((up, at), down), pixels) in fours.zip(&mut inside) {
        let (one, two) = pixels.split_at_mut(3);
        if first_is_green {
            coloured::<T, OWN>(up, at, down, one);
            green::<T, OWN>(&up[1..], &at[1..], &down[1..], two);
        } else {
            green::<T, OWN>(up, at, down, one);
            coloured::<T, OWN>(&up[1..], &at[1..], &down[1..], two);
        }
    }
    let rest = inside.into_remainder();
    if !rest.is_empty() {
        edge(width - 3, width - 2, width - 1, rest);
    }
}

/// The middle of the three columns is a pixel of the row's own colour.
#[inline(always)]
fn coloured<T: Level, const OWN: usize>(up: &[T], at: &[T], down: &[T], pixel: &mut [T]) {
    let four =
        |a: T, b: T, c: T, d: T| T::narrow((a.wide() + b.wide() + c.wide() + d.wide() + 2) >> 2);
    pixel[OWN] = at[1];
    pixel[1] = four(up[1], at[0], at[2], down[1]);
    pixel[2 - OWN] = four(up[0], up[2], down[0], down[2]);
}

/// The middle is green: the row's own colour beside it, the other above and below.
#[inline(always)]
fn green<T: Level, const OWN: usize>(up: &[T], at: &[T], down: &[T], pixel: &mut [T]) {
    let two = |a: T, b: T| T::narrow((a.wide() + b.wide() + 1) >> 1);
    pixel[OWN] = two(at[0], at[2]);
    pixel[1] = at[1];
    pixel[2 - OWN] = two(up[1], down[1]);
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
                debayer(&mosaic, width, height, Pattern { red_x, red_y }, &mut rgb);
                assert!(
                    rgb.chunks(3).all(|pixel| pixel == [10, 500, 30000]),
                    "{red_x} {red_y} {width}x{height}"
                );
            }
        }
    }
}
