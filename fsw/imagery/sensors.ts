/** Which file of a folder is which band, by the sensor's own names, and what a count is worth. */

/** A band of a sensor, under its common name (STAC Electro-Optical extension 1.1). */
export interface BandEntry {
  readonly name: string;
  /** What it is in the names of the files: `B8A`. */
  readonly id: string;
}

/** From counts to top-of-atmosphere reflectance. */
export interface Radiometry {
  readonly gain: number;
  readonly offset: number;
}

export interface Sensor {
  readonly name: string;
  readonly bands: readonly BandEntry[];
  radiometry(sunElevationDeg: number): Radiometry;
}

const bandsOf = (table: Readonly<Record<string, string>>): BandEntry[] =>
  Object.entries(table).map(([id, name]) => ({ id, name }));

/**
 * Sentinel-2 MSI, Level-1C: reflectance = DN / 10 000 (products before processing baseline 04.00, January 2022, which
 * have no offset).
 */
export const sentinel2: Sensor = {
  name: 'Sentinel-2',
  bands: bandsOf({
    B01: 'coastal',
    B02: 'blue',
    B03: 'green',
    B04: 'red',
    B05: 'rededge071',
    B06: 'rededge075',
    B07: 'rededge078',
    B08: 'nir',
    B8A: 'nir08',
    B09: 'nir09',
    B10: 'cirrus',
    B11: 'swir16',
    B12: 'swir22',
  }),
  radiometry: () => ({ gain: 1e-4, offset: 0 }),
};

/**
 * Landsat 8 OLI, Level 1: reflectance = (DN × 2e-5 − 0.1) / sin(elevation of the Sun) (USGS, Landsat 8 Data Users
 * Handbook, §5.2). The panchromatic band lies on a grid of its own, half a pixel off, and the thermal bands hold no
 * reflectance: they are left out.
 */
export const landsat8: Sensor = {
  name: 'Landsat-8',
  bands: bandsOf({
    B1: 'coastal',
    B2: 'blue',
    B3: 'green',
    B4: 'red',
    B5: 'nir',
    B6: 'swir16',
    B7: 'swir22',
    B9: 'cirrus',
  }),
  radiometry(sunElevationDeg) {
    const sine = Math.sin((sunElevationDeg * Math.PI) / 180);
    return { gain: 2e-5 / sine, offset: -0.1 / sine };
  },
};

/** Of what Landsat files are flown with when no `MTL` file tells it: that of a mid-latitude spring or autumn morning. */
export const ASSUMED_SUN_ELEVATION_DEG = 45;

/** `…_B02.jp2`, `…_B8A_20m.tif`, `…_B4.TIF`; not `preview.jp2`. */
const BAND_FILE = /(?:^|[_.-])(B(?:0[1-9]|1[0-2]|8A|[1-9]|QA))(?:[_.-][^.]*)?\.(?:tiff?|jp2|j2k|png|jpe?g)$/i;

/** The band that a file's name speaks of, in capitals. */
export function bandIdOf(fileName: string): string | undefined {
  return BAND_FILE.exec(fileName)?.[1].toUpperCase();
}

/** Sentinel-2 numbers its bands with two digits, Landsat with one. */
export function sensorOf(ids: readonly string[]): Sensor {
  return ids.some((id) => /^B(0\d|8A)$/.test(id)) ? sentinel2 : landsat8;
}
