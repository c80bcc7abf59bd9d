import { join } from 'node:path';
import { writeWholeFile } from '../../fsw/wholeFile';
import { geoJsonOf } from './geojson';
import { pageOf } from './page';
import type { FlightRecord } from './record';

/** Writes `report.html` and `detections.geojson` into a folder; returns the page's path. Throws what the file system says. */
export function writePage(record: FlightRecord, outDir: string): string {
  const file = join(outDir, 'report.html');
  writeWholeFile(join(outDir, 'detections.geojson'), `${JSON.stringify(geoJsonOf(record))}\n`);
  writeWholeFile(file, pageOf(record));
  return file;
}
