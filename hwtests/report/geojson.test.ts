import { describe, expect, it } from 'vitest';
import { NOWHERE } from '../../components/payload/productPacker/records';
import { geoJsonOf } from './geojson';
import { area, type LonLat } from './geometry';
import { detectionAt, testFrame, testRecord } from './testRecord';

/** What RFC 7946 asks of polygons: closed rings of four positions or more, counterclockwise, in degrees. */
function checkRing(ring: readonly LonLat[]): void {
  expect(ring.length).toBeGreaterThanOrEqual(4);
  expect(ring[0]).toEqual(ring[ring.length - 1]);
  expect(area(ring)).toBeGreaterThan(0);
  for (const [lonDeg, latDeg] of ring) {
    expect(Math.abs(lonDeg)).toBeLessThanOrEqual(180);
    expect(Math.abs(latDeg)).toBeLessThanOrEqual(90);
  }
}

describe('detections as GeoJSON', () => {
  it('are the outlines of their tiles, longitude first, with what the record says', () => {
    const { type, features } = geoJsonOf(testRecord());
    expect(type).toBe('FeatureCollection');
    expect(features).toHaveLength(1);
    const [{ geometry, properties }] = features;
    expect(properties).toEqual({
      class: 'shore',
      score: 0.8,
      water: 0.2,
      time: '2022-02-22T09:21:10.000Z',
      frame: 3,
      tile: 1,
      latDeg: 50.72345,
      lonDeg: 11,
      station: 'North',
      received: '2022-02-22T09:21:11.000Z',
    });
    if (geometry?.type !== 'Polygon') throw new Error(`a ${geometry?.type}`);
    checkRing(geometry.coordinates[0]);
    // Tile 1 is the right upper one of a frame around 50° N 10° E that heads north.
    const lons = geometry.coordinates[0].map(([lonDeg]) => lonDeg);
    const lats = geometry.coordinates[0].map(([, latDeg]) => latDeg);
    expect([Math.min(...lons), Math.max(...lons)]).toEqual([10, expect.closeTo(12.3, 0)]);
    expect([Math.min(...lats), Math.max(...lats)]).toEqual([expect.closeTo(50, 1), expect.closeTo(51.4, 1)]);
  });

  it('that cross the antimeridian are cut there into two', () => {
    const place = { width: 64, height: 64, latDeg: -40, lonDeg: 179, headingDeg: 190, gsdM: 5000 };
    const record = testRecord({
      frames: [testFrame({ place })],
      received: [0, 1, 2, 3].map((tile) => detectionAt(10e6, { frame: 3, tile })),
    });
    const kinds = geoJsonOf(record).features.map(({ geometry }) => {
      if (geometry?.type === 'Polygon') geometry.coordinates.forEach(checkRing);
      if (geometry?.type === 'MultiPolygon') geometry.coordinates.flat().forEach(checkRing);
      return geometry?.type;
    });
    expect(kinds).toContain('MultiPolygon');
    expect(kinds).toContain('Polygon');
  });

  it('are points where the frame is not known, and unlocated where nobody knew the place', () => {
    const record = testRecord({
      received: [
        detectionAt(11e6, { frame: 3, tile: 1 }),
        detectionAt(12e6, { frame: 4, tile: 0, latE5: NOWHERE, lonE5: NOWHERE }),
      ],
    });
    const [known, unknown] = geoJsonOf(record).features;
    expect(known.geometry).toEqual({ type: 'Point', coordinates: [11, 50.72345] });
    expect(unknown.geometry).toBeNull();
    expect(unknown.properties).not.toHaveProperty('latDeg');
  });

  it('find their frame by its low 16 bits and its exposure', () => {
    const frames = [testFrame({ id: 3, atUs: 5e6 }), testFrame({ id: 65_536 + 3 })];
    expect(geoJsonOf(testRecord({ frames })).features[0].geometry?.type).toBe('Polygon');
  });
});
