/** Moves a plane by a part of a pixel. */

/**
 * `plane(x, y)` becomes what lay at (x + dx, y + dy), bilinear, in pixels of the plane. Beyond the edge the edge goes on;
 * where one of the four neighbours is zero (no data) the nearest one is taken, so that nothing is mixed with it.
 * `copy` is as long as the plane.
 */
export function shiftPlane(
  plane: Uint16Array,
  width: number,
  { dx, dy }: { readonly dx: number; readonly dy: number },
  copy: Uint16Array,
): void {
  const height = Math.floor(plane.length / width);
  copy.set(plane);
  const [left, up] = [Math.floor(dx), Math.floor(dy)];
  const [fx, fy] = [dx - left, dy - up];
  const clampX = Int32Array.from({ length: width + 1 }, (_, x) => Math.min(width - 1, Math.max(0, x + left)));
  for (let y = 0; y < height; y++) {
    const above = Math.min(height - 1, Math.max(0, y + up)) * width;
    const below = Math.min(height - 1, Math.max(0, y + up + 1)) * width;
    for (let x = 0; x < width; x++) {
      const a = copy[above + clampX[x]];
      const b = copy[above + clampX[x + 1]];
      const c = copy[below + clampX[x]];
      const d = copy[below + clampX[x + 1]];
      const to = y * width + x;
      if (a === 0 || b === 0 || c === 0 || d === 0) {
        plane[to] = fy < 0.5 ? (fx < 0.5 ? a : b) : fx < 0.5 ? c : d;
        continue;
      }
      const top = a + (b - a) * fx;
      plane[to] = top + (c + (d - c) * fx - top) * fy + 0.5;
    }
  }
}
