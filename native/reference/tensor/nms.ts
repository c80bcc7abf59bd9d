/**
 * Greedy non-maximum suppression by class (`native/tensor.ts`), every operation rounded to float32. A kept box
 * suppresses another when
 *
 *   shared > iou × (area + otherArea − shared)      no division, so nothing depends on how it rounds
 */
const { fround } = Math;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly area: number;
}

export function nms(
  corners: Float32Array,
  scores: Float32Array,
  classes: Uint32Array,
  iou: number,
  kept: Uint32Array,
): number {
  const threshold = fround(iou);
  const byClass = new Map<number, Box[]>();
  let count = 0;
  for (const index of inOrder(corners, scores)) {
    if (count === kept.length) break;
    const box = boxAt(corners, index);
    const rivals = byClass.get(classes[index]);
    if (rivals?.some((rival) => suppresses(rival, box, threshold))) continue;
    if (rivals) rivals.push(box);
    else byClass.set(classes[index], [box]);
    kept[count++] = index;
  }
  return count;
}

/** The boxes that may be kept, by score, equal ones by index. */
function inOrder(corners: Float32Array, scores: Float32Array): number[] {
  const order: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    const [left, top, right, bottom] = corners.subarray(i * 4, i * 4 + 4);
    const finite = [left, top, right, bottom, scores[i]].every(Number.isFinite);
    if (finite && right > left && bottom > top) order.push(i);
  }
  return order.sort((a, b) => scores[b] - scores[a] || a - b);
}

function boxAt(corners: Float32Array, index: number): Box {
  const [left, top, right, bottom] = corners.subarray(index * 4, index * 4 + 4);
  return { left, top, right, bottom, area: fround(fround(right - left) * fround(bottom - top)) };
}

function suppresses(rival: Box, box: Box, iou: number): boolean {
  const width = fround(Math.min(box.right, rival.right) - Math.max(box.left, rival.left));
  const height = fround(Math.min(box.bottom, rival.bottom) - Math.max(box.top, rival.top));
  const shared = width > 0 && height > 0 ? fround(width * height) : 0;
  return shared > fround(iou * fround(fround(box.area + rival.area) - shared));
}
