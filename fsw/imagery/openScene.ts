/** Opens a folder of band files, or one picture, as a scene. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Failed, fail, type Result, succeed } from '../errors';
import { projectionOf, toMap, toPixel } from './georeference';
import { type Grid, gridOf } from './grid';
import { openRaster } from './openRaster';
import type { Raster } from './raster';
import type { Scene, SceneGround } from './scene';
import { ASSUMED_SUN_ELEVATION_DEG, bandIdOf, type Radiometry, sensorOf } from './sensors';

/** A file's part in a scene. */
export interface SceneBand {
  readonly name: string;
  readonly raster: Raster;
  readonly sample: number;
  readonly radiometry: Radiometry;
}

export interface SceneOptions {
  /** Of Landsat without an `MTL` file beside it; 45° unless told. */
  readonly sunElevationDeg?: number;
}

/** What a scene of a sensor with bands must have. */
const REQUIRED = ['blue', 'green', 'red'] as const;

/**
 * Opens all bands of a folder: those of Sentinel-2 or Landsat 8 by their names, else its only picture. What else lies there
 * (previews, metadata) is left alone. Errors: SCENE_FOLDER, SCENE_BANDS_MISSING, SCENE_MIXED, and those of `openRaster`.
 */
export async function openSceneFolder(folder: string, options: SceneOptions = {}): Promise<Result<Scene>> {
  let names: string[];
  try {
    names = (await readdir(folder)).sort();
  } catch (error) {
    return fail('SCENE_FOLDER', { folder, why: (error as Error).message });
  }
  const files = names.flatMap((name) => {
    const id = bandIdOf(name);
    return id === undefined ? [] : [{ id, file: join(folder, name) }];
  });
  if (files.length === 0)
    return fail('SCENE_FOLDER', { folder, why: 'no file of it is named as a band (…_B02.jp2)' });
  const sensor = sensorOf(files.map(({ id }) => id));
  const present = sensor.bands.filter(({ id }) => files.some((file) => file.id === id));
  const missing = REQUIRED.filter((name) => !present.some((band) => band.name === name));
  if (missing.length > 0)
    return fail('SCENE_BANDS_MISSING', {
      folder,
      sensor: sensor.name,
      missing: missing.join(', '),
      known: present.map(({ name }) => name).join(', '),
    });
  const radiometry = sensor.radiometry(await sunElevation(folder, names, options));
  const bands: SceneBand[] = [];
  for (const { id, name } of present) {
    const raster = await finestOf(files.filter((file) => file.id === id).map(({ file }) => file));
    if (!raster.ok) {
      await closeAll(bands);
      return raster;
    }
    bands.push({ name, raster: raster.value, sample: 0, radiometry });
  }
  return sceneOf(basename(folder), sensor.name, bands);
}

/** One picture of three samples as a scene in red, green and blue; count / 255 (16 bit: 65 535) stands for reflectance. */
export async function openPicture(file: string): Promise<Result<Scene>> {
  const opened = await openRaster(file);
  if (!opened.ok) return opened;
  const raster = opened.value;
  if (raster.samples < 3) {
    await raster.close();
    return fail('IMAGERY_FORMAT', {
      file,
      why: `it has ${raster.samples} samples, red, green and blue needed`,
    });
  }
  const radiometry = { gain: 1 / (2 ** raster.bits - 1), offset: 0 };
  const bands = ['red', 'green', 'blue'].map((name, sample) => ({ name, raster, sample, radiometry }));
  return sceneOf(basename(file), 'picture', bands);
}

/** Level-2A has the same band in several resolutions, in a file each. */
async function finestOf([first, ...others]: readonly string[]): Promise<Result<Raster>> {
  let finest = await openRaster(first);
  for (const file of others) {
    if (!finest.ok) return finest;
    const other = await openRaster(file);
    if (other.ok && other.value.width <= finest.value.width) await other.value.close();
    else {
      await finest.value.close();
      finest = other;
    }
  }
  return finest;
}

async function sceneOf(name: string, sensor: string, bands: readonly SceneBand[]): Promise<Result<Scene>> {
  const grid = gridOf(bands.map(({ raster }) => raster));
  const ground = grid.ok ? groundOf(bands[0].raster, grid.value) : grid;
  if (!grid.ok || !ground.ok) {
    await closeAll(bands);
    return ground as Failed;
  }
  const { width, lines, placement } = grid.value;
  return succeed({
    name,
    sensor,
    bands: bands.map((band, i) => ({ name: band.name, scale: placement[i].scale, ...band.radiometry })),
    width,
    lines,
    ground: ground.value,
    read(band, firstRow, count, into) {
      const { raster, sample } = bands[band];
      const { scale, left, top } = placement[band];
      return raster.read(sample, { left, top: top + firstRow, width: width / scale, height: count }, into);
    },
    close: () => closeAll(bands),
  });
}

/** Errors: IMAGERY_CRS. */
function groundOf({ file, georeference }: Raster, { affine }: Grid): Result<SceneGround | undefined> {
  if (georeference === undefined || affine === undefined) return succeed(undefined);
  const projection = projectionOf(georeference.epsg, file);
  if (!projection.ok) return projection;
  return succeed({
    placeOf: ({ x, y }) => projection.value.toPlace(toMap(affine, x, y)),
    pointOf: (place) => toPixel(affine, projection.value.toMap(place)),
  });
}

async function closeAll(bands: readonly SceneBand[]): Promise<void> {
  await Promise.all([...new Set(bands.map(({ raster }) => raster))].map((raster) => raster.close()));
}

/** Degrees, from Landsat's metadata file where it is. */
async function sunElevation(
  folder: string,
  names: readonly string[],
  options: SceneOptions,
): Promise<number> {
  const given = options.sunElevationDeg ?? ASSUMED_SUN_ELEVATION_DEG;
  const metadata = names.find((name) => /MTL\.txt$/i.test(name));
  if (metadata === undefined) return given;
  const text = await readFile(join(folder, metadata), 'utf8').catch(() => '');
  const told = Number(/SUN_ELEVATION\s*=\s*(-?[\d.]+)/.exec(text)?.[1]);
  return told > 0 && told <= 90 ? told : given;
}
