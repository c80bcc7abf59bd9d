/** npm geotiff, loaded by the first file that needs it. */

type Library = typeof import('geotiff', { with: { 'resolution-mode': 'import' }});
export type GeoTiffImage = InstanceType<Library['GeoTIFFImage']>;
export type TiffTags = GeoTiffImage['fileDirectory'];

let library: Promise<Library> | undefined;

/**
 * The library loads npm web-worker, which takes every worker thread for one that it started, and throws, unless the global
 * `Worker` of browsers is there. Nothing here ever starts one.
 */
export function geotiffLibrary(): Promise<Library> {
  library ??= load();
  return library;
}

async function load(): Promise<Library> {
  const scope = globalThis as { Worker?: unknown };
  const stranger = scope.Worker === undefined;
  if (stranger) scope.Worker = class {};
  try {
    return await import('geotiff');
  } finally {
    if (stranger) delete scope.Worker;
  }
}
