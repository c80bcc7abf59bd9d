/** Counts of a sensor's bands as reflectance and as the 8-bit colours that networks were trained on. */
import { type Failed, fail, type Result, succeed } from '../../fsw/errors';
import type { SpectralBand } from '../../fsw/framework';
import type { BandStack, CloudMask } from './ports';

/** The places of the named bands in a stack. Errors: IMAGING_BANDS. */
export function findBands({ bands }: BandStack, names: readonly string[]): Result<number[]> {
  const places = names.map((name) => bands.findIndex((band) => band.name === name));
  const missing = places.indexOf(-1);
  if (missing < 0) return succeed(places);
  return fail('IMAGING_BANDS', { band: names[missing], known: bands.map(({ name }) => name).join(' ') });
}

/** Red, green and blue, which must have pixels of one size. Errors: IMAGING_BANDS, IMAGING_SCALES. */
export function findRgb(stack: BandStack): Result<{ readonly planes: number[]; readonly scale: number }> {
  const planes = findBands(stack, ['red', 'green', 'blue']);
  if (!planes.ok) return planes;
  const [scale, ...others] = planes.value.map((place) => stack.bands[place].scale);
  if (others.some((other) => other !== scale)) return fail('IMAGING_SCALES', { bands: 'red green blue' });
  return succeed({ planes: planes.value, scale });
}

/** A fault when pixels of `gsdM` (0: unknown) are not what a model is for. Errors: IMAGING_GSD. */
export function gsdFault(
  model: string,
  gsdM: number,
  { minGsdM: minM, maxGsdM: maxM }: { readonly minGsdM: number; readonly maxGsdM: number },
): Failed | undefined {
  if (gsdM >= minM && gsdM <= maxM) return undefined;
  return fail('IMAGING_GSD', { gsdM: Number(gsdM.toFixed(2)), model, minM, maxM });
}

/** Reflectances that become 0 and 255. */
export interface Stretch {
  readonly black: number;
  readonly white: number;
}

const COUNTS = 65_536;
/** Tables kept: three bands of a few sensors. */
const MOST = 12;

/** Counts → 8-bit levels, a table for each radiometry. A count of 0 is no data and stays 0. */
export class Levels {
  private readonly stretch: Stretch;
  private readonly tables = new Map<string, Uint8Array>();

  constructor(stretch: Stretch) {
    this.stretch = stretch;
  }

  /** `out`: interleaved, `width` pixels a line from byte `at` on; `planes` are red, green, blue. */
  write(
    stack: BandStack,
    planes: readonly number[],
    lines: { readonly from: number; readonly count: number; readonly width: number; readonly padded: number },
    out: Uint8Array,
    at = 0,
  ): void {
    const { from, count, width, padded } = lines;
    planes.forEach((place, channel) => {
      const table = this.of(stack.bands[place]);
      const plane = stack.planes[place];
      for (let line = 0; line < count; line++) {
        let to = at + line * padded * 3 + channel;
        const start = (from + line) * width;
        for (let i = start; i < start + width; i++, to += 3) out[to] = table[plane[i]];
        for (let x = width; x < padded; x++, to += 3) out[to] = out[to - 3];
      }
    });
  }

  private of({ gain, offset }: SpectralBand): Uint8Array {
    const key = `${gain} ${offset}`;
    const known = this.tables.get(key);
    if (known !== undefined) return known;
    const { black, white } = this.stretch;
    const scale = 255 / (white - black);
    const table = new Uint8Array(COUNTS);
    for (let count = 1; count < COUNTS; count++) {
      const level = Math.round((count * gain + offset - black) * scale);
      table[count] = Math.max(0, Math.min(255, level));
    }
    if (this.tables.size >= MOST) this.tables.clear();
    this.tables.set(key, table);
    return table;
  }
}

/** The share of a rectangle, in finest pixels of its strip, that is not known to be clear. */
export function unclearShare(mask: CloudMask, x: number, y: number, width: number, height: number): number {
  const { scale } = mask;
  const right = Math.min(mask.width, Math.ceil((x + width) / scale));
  const bottom = Math.min(mask.height, Math.ceil((y + height) / scale));
  let [cells, unclear] = [0, 0];
  for (let row = Math.floor(y / scale); row < bottom; row++)
    for (let column = Math.floor(x / scale); column < right; column++, cells++)
      if (!(mask.cloud[row * mask.width + column] < 0.5)) unclear++;
  return cells === 0 ? 1 : unclear / cells;
}
