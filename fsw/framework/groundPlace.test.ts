import proj4 from 'proj4';
import { describe, expect, it } from 'vitest';
import { groundPlace } from './groundPlace';

const UTM_18N = '+proj=utm +zone=18 +datum=WGS84 +units=m';

describe('a place on the ground', () => {
  it('is the centre where nothing is added', () => {
    const place = groundPlace({ latDeg: 37.68, lonDeg: -75.62, headingDeg: 123 }, 0, 0);
    expect(place).toEqual({ latDeg: 37.68, lonDeg: -75.62 });
  });

  it('meets the published example of Vincenty’s formula: Flinders Peak to Buninyong', () => {
    // On GRS-80, which WGS-84 meets to 0.1 mm: 54,972.271 m on bearing 306°52′05.37″ (Geoscience Australia).
    const bearing = ((306 + 52 / 60 + 5.37 / 3600) * Math.PI) / 180;
    const view = {
      latDeg: -(37 + 57 / 60 + 3.7203 / 3600),
      lonDeg: 144 + 25 / 60 + 29.5244 / 3600,
      headingDeg: 0,
    };
    const { latDeg, lonDeg } = groundPlace(
      view,
      54_972.271 * Math.sin(bearing),
      54_972.271 * Math.cos(bearing),
    );
    expect(latDeg).toBeCloseTo(-(37 + 39 / 60 + 10.1561 / 3600), 7);
    expect(lonDeg).toBeCloseTo(143 + 55 / 60 + 35.3839 / 3600, 7);
  });

  it('stays within a pixel of 10 m over a strip gridded in UTM, turned by the meridian convergence', () => {
    const centre = { x: 445_000, y: 4_170_000 };
    const at = (x: number, y: number) => proj4(UTM_18N, 'WGS84', [x, y]) as [number, number];
    const [lonDeg, latDeg] = at(centre.x, centre.y);
    const [upLon, upLat] = at(centre.x, centre.y + 10);
    const headingDeg =
      (Math.atan2((upLon - lonDeg) * Math.cos((latDeg * Math.PI) / 180), upLat - latDeg) * 180) / Math.PI;
    for (const [right, forward] of [
      [9_600, 1_900],
      [-9_600, -1_900],
      [9_600, -1_900],
      [3, 4],
    ]) {
      const place = groundPlace({ latDeg, lonDeg, headingDeg }, right, forward);
      const [x, y] = proj4('WGS84', UTM_18N, [place.lonDeg, place.latDeg]) as [number, number];
      expect(Math.hypot(x - centre.x - right, y - centre.y - forward)).toBeLessThan(5);
    }
  });

  it('crosses the date line and the pole', () => {
    const west = groundPlace({ latDeg: 0, lonDeg: 179.99, headingDeg: 90 }, 0, 10_000);
    expect(west.lonDeg).toBeCloseTo(179.99 + 10_000 / 111_319.49 - 360, 5);
    const beyond = groundPlace({ latDeg: 89.99, lonDeg: 10, headingDeg: 0 }, 0, 10_000);
    expect(beyond.lonDeg).toBeCloseTo(-170, 6);
    expect(beyond.latDeg).toBeLessThan(90);
  });
});
