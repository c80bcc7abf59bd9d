/** npm geotiff, loaded by the first file that needs it. */
import { unzipSync } from 'node:zlib';
import { imageryLimits } from './raster';

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
    const geotiff = await import('geotiff');
    boundInflation(geotiff);
    return geotiff;
  } finally {
    if (stranger) delete scope.Worker;
  }
}

/** The library's own inflation of deflated blocks has no bound: a few bytes of a bad file could swell to gigabytes. */
function boundInflation({ addDecoder, BaseDecoder }: Library): void {
  const maxOutputLength = 2 * imageryLimits.blockPx;
  class BoundDeflate extends BaseDecoder {
    override decodeBlock(block: ArrayBufferLike): ArrayBufferLike {
      return new Uint8Array(unzipSync(new Uint8Array(block), { maxOutputLength })).buffer;
    }
  }
  // Both codes of TIFF for it.
  addDecoder([8, 32_946], async () => BoundDeflate);
}
