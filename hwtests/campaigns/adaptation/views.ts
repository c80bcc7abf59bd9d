/** What may happen to a tile without changing what it shows: turned, mirrored, moved by some pixels. */
import type { Random } from '../../../fsw/framework/random';

const MAX_SHIFT_PX = 4;

/** Another view of a channel-first square tile; what a shift uncovers is mirrored. */
export function viewOf(pixels: Uint8Array | Float32Array, random: Random): Uint8Array {
  const side = Math.sqrt(pixels.length / 3);
  const turns = random.integer(4);
  const mirrored = random.integer(2) === 1;
  const [down, right] = [0, 1].map(() => random.integer(2 * MAX_SHIFT_PX + 1) - MAX_SHIFT_PX);
  const out = new Uint8Array(pixels.length);
  const reflect = (at: number) => (at < 0 ? -at : at >= side ? 2 * side - 2 - at : at);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      let [row, column] = [reflect(y + down), reflect(x + right)];
      if (mirrored) column = side - 1 - column;
      for (let turn = 0; turn < turns; turn++) [row, column] = [column, side - 1 - row];
      for (let band = 0; band < 3; band++)
        out[(band * side + y) * side + x] = pixels[(band * side + row) * side + column];
    }
  return out;
}
