/** Counts of a strip as a picture for people. */
import type { BandStack } from '../../../components/imaging/ports';
import type { Picture } from '../pictures';

/** Reflectance that is shown white: EuroSAT's own stretch (DN 2750 of 10,000). */
const WHITE = 0.275;
const COLOURS = ['red', 'green', 'blue'];

/**
 * Means of `step` × `step` pixels in true colour, at the left and upper part of the strip that holds whole ones; the
 * first band stands in for a colour that the sensor lacks. A box starts at (`left`, `top`).
 */
export function trueColour(
  { bands, planes }: BandStack,
  stripWidth: number,
  box: { readonly left: number; readonly top: number; readonly width: number; readonly height: number },
  step: number,
): Picture {
  const width = Math.floor(box.width / step);
  const height = Math.floor(box.height / step);
  const pixels = new Uint8Array(width * height * 3);
  COLOURS.forEach((name, channel) => {
    const index = Math.max(
      0,
      bands.findIndex((band) => band.name === name),
    );
    const { scale, gain, offset } = bands[index];
    const plane = planes[index];
    const across = Math.ceil(stripWidth / scale);
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        let sum = 0;
        for (let y = 0; y < step; y++) {
          const line = Math.floor((box.top + row * step + y) / scale) * across;
          for (let x = 0; x < step; x++)
            sum += plane[line + Math.floor((box.left + column * step + x) / scale)];
        }
        const reflectance = (sum / (step * step)) * gain + offset;
        pixels[(row * width + column) * 3 + channel] = Math.max(
          0,
          Math.min(255, (reflectance / WHITE) * 255),
        );
      }
  });
  return { width, height, pixels };
}
