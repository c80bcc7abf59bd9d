/** A map of classes as a raster: the count of each pixel is a class by the source's own key. */
import { type Result, succeed } from '../../../fsw/errors';
import { openRaster, projectionOf, type Raster } from '../../../fsw/imagery';
import { toPixel } from '../../../fsw/imagery/georeference';
import { type PlacedTile, placesOf } from '../footprint';
import { type Declared, type Legend, type Source, sourceFault, tally } from './source';

/** A window over a tile that has more pixels is read one by one. */
const MAX_WINDOW = 1 << 20;

/**
 * Places are reprojected to the map's reference system; one that is not known is refused. Errors: IMAGERY_CRS and others
 * of `openRaster`, LABELS_SOURCE for a map that does not say where it lies, or without that band.
 */
export async function rasterSource(
  declared: Declared,
  sha256: string,
  legend: Legend,
  band: number,
): Promise<Result<Source>> {
  const opened = await openRaster(declared.file);
  if (!opened.ok) return opened;
  const raster = opened.value;
  const { georeference, samples } = raster;
  const why =
    georeference === undefined
      ? 'it does not say where it lies'
      : band >= samples
        ? `there is no band ${band}, it has ${samples}`
        : undefined;
  if (georeference === undefined || why !== undefined) {
    await raster.close();
    return sourceFault(declared, why ?? '');
  }
  const projection = projectionOf(georeference.epsg, declared.file);
  if (!projection.ok) return projection;
  return succeed({
    ...declared,
    kind: 'raster',
    sha256,
    async says(tile: PlacedTile) {
      const points = placesOf(tile).map((place) => {
        const { x, y } = toPixel(georeference.affine, projection.value.toMap(place));
        return { x: Math.floor(x), y: Math.floor(y) };
      });
      const inside = points.filter(({ x, y }) => x >= 0 && y >= 0 && x < raster.width && y < raster.height);
      const counts = await countsAt(raster, band, inside);
      return counts.ok ? succeed(tally(counts.value.map(String), points.length, legend)) : counts;
    },
    close: () => raster.close(),
  });
}

async function countsAt(
  raster: Raster,
  band: number,
  points: readonly { readonly x: number; readonly y: number }[],
): Promise<Result<number[]>> {
  if (points.length === 0) return succeed([]);
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left + 1, Math.max(...ys) - top + 1];
  if (width * height > MAX_WINDOW && points.length > 1) {
    const counts: number[] = [];
    for (const point of points) {
      const one = await countsAt(raster, band, [point]);
      if (!one.ok) return one;
      counts.push(...one.value);
    }
    return succeed(counts);
  }
  const window = new Uint16Array(width * height);
  const read = await raster.read(band, { left, top, width, height }, window);
  return read.ok ? succeed(points.map(({ x, y }) => window[(y - top) * width + (x - left)])) : read;
}
