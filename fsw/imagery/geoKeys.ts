/** The georeference in the tags of a GeoTIFF (OGC 19-008r4), which a JPEG 2000 file may carry too. */
import { fail, type Result, succeed } from '../errors';
import { type Affine, type Georeference, northUp, projectionOf, toMap } from './georeference';
import type { TiffTags } from './geotiffLibrary';

/** GTRasterTypeGeoKey: the place of a pixel is that of its centre. */
const PIXEL_IS_POINT = 2;
/** A code that stands for "defined by other keys", or for none. */
const USER_DEFINED = 32_767;

/** Undefined where the file has no tie point or transformation. Errors: IMAGERY_CRS, IMAGERY_FORMAT. */
export function georeferenceOf(file: string, tags: TiffTags): Result<Georeference | undefined> {
  const affine = affineOf(tags);
  const keys = tags.hasTag('GeoKeyDirectory') ? tags.parseGeoKeyDirectory() : null;
  if (affine === undefined || keys === null) return succeed(undefined);
  const epsg = Number(keys.ProjectedCSTypeGeoKey ?? keys.GeographicTypeGeoKey ?? USER_DEFINED);
  if (epsg === USER_DEFINED)
    return fail('IMAGERY_CRS', { file, crs: String(keys.GTCitationGeoKey ?? 'a system of its own') });
  const known = projectionOf(epsg, file);
  if (!known.ok) return known;
  if (!(Math.abs(affine.xx * affine.yy - affine.xy * affine.yx) > 0))
    return fail('IMAGERY_FORMAT', { file, why: 'its pixels have no size on the map' });
  const point = Number(keys.GTRasterTypeGeoKey) === PIXEL_IS_POINT;
  return succeed({ epsg, affine: point ? { ...affine, ...toMap(affine, -0.5, -0.5) } : affine });
}

function affineOf(tags: TiffTags): Affine | undefined {
  const matrix = numbers(tags.getValue('ModelTransformation'));
  if (matrix.length >= 8)
    return { x: matrix[3], y: matrix[7], xx: matrix[0], xy: matrix[1], yx: matrix[4], yy: matrix[5] };
  const tie = numbers(tags.getValue('ModelTiepoint'));
  const scale = numbers(tags.getValue('ModelPixelScale'));
  // More than one tie point without a scale is a warp, not a grid.
  if (tie.length < 6 || scale.length < 2) return undefined;
  const [column, row, , x, y] = tie;
  return northUp(x - column * scale[0], y + row * scale[1], scale[0], scale[1]);
}

function numbers(value: unknown): number[] {
  return value === undefined || value === null ? [] : Array.from(value as ArrayLike<number>, Number);
}
