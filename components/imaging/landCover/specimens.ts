/** The tiles that were answered, with their pixels, for who keeps tiles to learn from. */
import { isConnected } from '../../../fsw/framework';
import { specimensOf } from '../../../fsw/learning';
import { type Job, type Screened, TILE_PX } from './mapping';
import type { Mapper } from './model';

/** The colours of the strip in work are still there: it is called before the next one begins. */
export function sendSpecimens({ out, config }: Mapper, { info }: Screened, job: Job): void {
  const { map, tiles, answered, picture } = job;
  if (map === undefined || answered === 0 || !isConnected(out.specimensOut)) return;
  const { columns, tilePx, probabilities, classes } = map;
  const asked = new Set(tiles.slice(0, answered));
  const { model } = config;
  out.specimensOut({
    model,
    version: out.versionOf({ model }) ?? '',
    tiles: specimensOf({
      time: info.time,
      place: info.gsdM > 0 ? info : undefined,
      columns,
      tilePx,
      pixels: (tile) => (asked.has(tile) ? pixelsOf(picture, tile, columns) : undefined),
      probabilities,
      classes: classes.length,
      // The network's pixels may be larger than the finest.
      scale: tilePx / TILE_PX,
    }),
  });
}

/** Channel first. */
function pixelsOf({ data, width }: Job['picture'], tile: number, columns: number): Uint8Array {
  const [left, top] = [(tile % columns) * TILE_PX, Math.floor(tile / columns) * TILE_PX];
  const plane = TILE_PX * TILE_PX;
  const pixels = new Uint8Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    const at = ((top + Math.floor(i / TILE_PX)) * width + left + (i % TILE_PX)) * 3;
    for (let channel = 0; channel < 3; channel++) pixels[channel * plane + i] = data[at + channel];
  }
  return pixels;
}
