//! Greedy non-maximum suppression by class: `native/reference/tensor/nms.ts`.

use crate::by_simd;
use crate::cpu::Simd;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Corners and area of the boxes that a class keeps, each in a row of its own.
#[derive(Default)]
struct Kept {
    left: Vec<f32>,
    top: Vec<f32>,
    right: Vec<f32>,
    bottom: Vec<f32>,
    area: Vec<f32>,
}

/// Writes the indices of the kept boxes to `kept`, best score first, until it is full; returns how many. Boxes are
/// (left, top, right, bottom); one with a corner or score that is not finite, or without area, is never kept.
pub fn nms(
    simd: Simd,
    boxes: &[[f32; 4]],
    scores: &[f32],
    classes: &[u32],
    iou: f32,
    kept: &mut [u32],
) -> usize {
    let mut order: Vec<u32> = (0..boxes.len())
        .filter(|&i| is_box(&boxes[i]) && scores[i].is_finite())
        .map(|i| i as u32)
        .collect();
    order.sort_unstable_by(|&a, &b| {
        let by_score = scores[b as usize].partial_cmp(&scores[a as usize]);
        by_score.unwrap_or(Ordering::Equal).then(a.cmp(&b))
    });
    let mut by_class: HashMap<u32, Kept> = HashMap::new();
    let mut count = 0;
    for index in order {
        if count == kept.len() {
            break;
        }
        let candidate = boxes[index as usize];
        let rivals = by_class.entry(classes[index as usize]).or_default();
        if !overlaps(simd, rivals, candidate, iou) {
            rivals.push(candidate);
            kept[count] = index;
            count += 1;
        }
    }
    count
}

fn is_box(corners: &[f32; 4]) -> bool {
    corners.iter().all(|corner| corner.is_finite())
        && corners[2] > corners[0]
        && corners[3] > corners[1]
}

impl Kept {
    fn push(&mut self, [left, top, right, bottom]: [f32; 4]) {
        self.left.push(left);
        self.top.push(top);
        self.right.push(right);
        self.bottom.push(bottom);
        self.area.push((right - left) * (bottom - top));
    }
}

fn overlaps(simd: Simd, kept: &Kept, candidate: [f32; 4], iou: f32) -> bool {
    by_simd!(simd, any_overlap(kept: &Kept, candidate: [f32; 4], iou: f32) -> bool)
}

/// Sixteen at a time without a branch, so that the compiler compares many in one instruction.
#[inline(always)]
fn any_overlap(kept: &Kept, [left, top, right, bottom]: [f32; 4], iou: f32) -> bool {
    let area = (right - left) * (bottom - top);
    let count = kept.area.len();
    for from in (0..count).step_by(16) {
        let end = count.min(from + 16);
        let corners = kept.left[from..end].iter().zip(&kept.top[from..end]);
        let others = kept.right[from..end].iter().zip(&kept.bottom[from..end]);
        let mut hit = false;
        for (((&l, &t), (&r, &b)), &other) in corners.zip(others).zip(&kept.area[from..end]) {
            let width = right.min(r) - left.max(l);
            let height = bottom.min(b) - top.max(t);
            let shared = if width > 0.0 && height > 0.0 {
                width * height
            } else {
                0.0
            };
            hit |= shared > iou * (area + other - shared);
        }
        if hit {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::forms;

    #[test]
    fn equal_scores_go_by_index_and_classes_do_not_meet() {
        let boxes = [[0.0, 0.0, 10.0, 10.0]; 3];
        let mut kept = [9; 3];
        assert_eq!(
            nms(
                Simd::Portable,
                &boxes,
                &[0.5, 0.5, 0.5],
                &[1, 1, 2],
                0.5,
                &mut kept
            ),
            2
        );
        assert_eq!(kept, [0, 2, 9]);
        // Minus zero and zero are equal scores.
        assert_eq!(
            nms(
                Simd::Portable,
                &boxes,
                &[-0.0, 0.0, 0.0],
                &[1, 1, 1],
                0.5,
                &mut kept
            ),
            1
        );
        assert_eq!(kept[0], 0);
    }

    #[test]
    fn forms_agree() {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1664525).wrapping_add(1013904223);
            (state >> 8) as f32 / 16777216.0
        };
        let boxes: Vec<[f32; 4]> = (0..2000)
            .map(|_| {
                let (x, y) = (next() * 300.0, next() * 300.0);
                [x, y, x + next() * 30.0, y + next() * 30.0]
            })
            .collect();
        let scores: Vec<f32> = (0..2000).map(|_| (next() * 50.0).floor()).collect();
        let classes: Vec<u32> = (0..2000).map(|_| (next() * 3.0) as u32).collect();
        let results: Vec<Vec<u32>> = forms()
            .into_iter()
            .map(|simd| {
                let mut kept = vec![0; 2000];
                let count = nms(simd, &boxes, &scores, &classes, 0.4, &mut kept);
                kept.truncate(count);
                kept
            })
            .collect();
        assert_eq!(results[0], results[1]);
        assert!(results[0].len() > 100 && results[0].len() < 1900);
    }
}
