/**
 * Bilinear interpolation of a Bayer mosaic (`native/image`). A missing colour is the mean of its nearest pixels,
 * two or four, rounded half up. Beyond an edge the mosaic is mirrored about its outermost pixel, which keeps the
 * colours in their places. `redX`, `redY` (0 or 1) is the first red pixel; blue lies diagonally.
 */
export function debayer(
  mosaic: Uint8Array | Uint16Array,
  width: number,
  height: number,
  redX: number,
  redY: number,
  rgb: Uint8Array | Uint16Array,
): void {
  let to = 0;
  for (let y = 0; y < height; y++) {
    const at = y * width;
    const up = y === 0 ? width : at - width;
    const down = y === height - 1 ? at - width : at + width;
    // The channel of this row's coloured pixels, 0 red or 2 blue; green stands between them.
    const own = (y & 1) === redY ? 0 : 2;
    const ownX = own === 0 ? redX : 1 - redX;
    for (let x = 0; x < width; x++, to += 3) {
      const left = x === 0 ? 1 : x - 1;
      const right = x === width - 1 ? x - 1 : x + 1;
      if ((x & 1) === ownX) {
        rgb[to + own] = mosaic[at + x];
        rgb[to + 1] = (mosaic[up + x] + mosaic[at + left] + mosaic[at + right] + mosaic[down + x] + 2) >> 2;
        rgb[to + 2 - own] =
          (mosaic[up + left] + mosaic[up + right] + mosaic[down + left] + mosaic[down + right] + 2) >> 2;
      } else {
        rgb[to + own] = (mosaic[at + left] + mosaic[at + right] + 1) >> 1;
        rgb[to + 1] = mosaic[at + x];
        rgb[to + 2 - own] = (mosaic[up + x] + mosaic[down + x] + 1) >> 1;
      }
    }
  }
}
