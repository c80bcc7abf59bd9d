import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { projectionOf } from '../../../fsw/imagery';
import { tiffBytes } from '../../../fsw/imagery/testTiff';
import type { Decision } from '../book';
import { writeBook } from '../bookFile';
import { openSources, readContext } from '../context';
import { isPlaced, type PlacedTile } from '../footprint';
import { bookOf, classes, temporaryFolder, tileAt } from '../testBook';

const place = temporaryFolder();
afterAll(() => place.remove());

/** What one source, declared as the context file does, says of a tile; or the text of the error. */
async function says(declared: Record<string, unknown>, tile = tileAt(1, 45, 15)) {
  const file = place.write('context.json', {
    format: 'perigee-context/1',
    sources: [{ name: 's', weight: 1, ...declared }],
  });
  const context = readContext(file);
  if (!context.ok) return context.error.text.replace(place.folder, '');
  const opened = await openSources(context.value, classes);
  if (!opened.ok) return opened.error.text.replaceAll(`${place.folder}/`, '');
  const [source] = opened.value;
  const said = await source.says(tile as PlacedTile);
  await source.close();
  if (!said.ok) return said.error.text;
  return said.value?.parts.map(({ share, classes: of }) => [of.map((i) => classes[i]).join(' '), share]);
}

/** A map in UTM 33 north about 45 N 15 E (its central meridian): left of the meridian 1, right of it 2. */
function utmMap(name: string, change: Partial<Parameters<typeof tiffBytes>[0]> = {}): string {
  const utm = projectionOf(32633, name);
  if (!utm.ok) throw new Error(utm.error.text);
  const { x, y } = utm.value.toMap({ latDeg: 45, lonDeg: 15 });
  const bytes = tiffBytes({
    width: 40,
    height: 40,
    bits: 8,
    epsg: 32633,
    x: x - 1000,
    y: y + 1000,
    pixel: 50,
    count: (column) => (column < 20 ? 1 : 2),
    ...change,
  });
  return place.write(name, bytes);
}

const legend = { 1: 'Forest', 2: ['River', 'SeaLake'] };

/** A ring of `half` metres around 45 N 15 E, shifted east. */
function square(half: number, eastM = 0): number[][] {
  const [lat, lon] = [half / 111_195, 1 / (111_195 * Math.cos(Math.PI / 4))];
  return [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
    [-1, -1],
  ].map(([x, y]) => [15 + (eastM + x * half) * lon, 45 + y * lat]);
}
const feature = (name: string, type: string, coordinates: unknown) => ({
  type: 'Feature',
  properties: { kind: name },
  geometry: { type, coordinates },
});
const collection = (features: unknown[], more = {}) => ({ type: 'FeatureCollection', features, ...more });

describe('a raster of classes', () => {
  it('is asked all over the tile, in its own reference system', async () => {
    const raster = { kind: 'raster', file: utmMap('utm.tif'), classes: legend };
    expect(await says(raster)).toEqual([
      ['Forest', 0.5],
      ['River SeaLake', 0.5],
    ]);
    // Turned by a quarter it is the same halves; 320 m to the west it is all forest.
    expect(await says(raster, tileAt(1, 45, 15, undefined, 90))).toHaveLength(2);
    expect(await says(raster, tileAt(1, 45, 15 - 0.0041))).toEqual([['Forest', 1]]);
  });

  it('says nothing beyond its edge, nor of counts without a class', async () => {
    const file = utmMap('edge.tif', { count: (column) => (column < 20 ? 1 : 9) });
    expect(await says({ kind: 'raster', file, classes: legend })).toEqual([['Forest', 0.5]]);
    expect(await says({ kind: 'raster', file, classes: legend }, tileAt(1, 46, 15))).toBeUndefined();
  });

  it('is refused in a reference system that is not known, without a place, and without a key', async () => {
    const other = utmMap('laea.tif', { epsg: 3035 });
    expect(await says({ kind: 'raster', file: other, classes: legend })).toBe(
      'laea.tif: EPSG:3035 is no reference system known here (WGS-84 UTM, EPSG:4326, EPSG:3857)',
    );
    const lost = utmMap('lost.tif', { epsg: undefined });
    expect(await says({ kind: 'raster', file: lost, classes: legend })).toBe(
      'source s: lost.tif: it does not say where it lies',
    );
    expect(await says({ kind: 'raster', file: lost })).toContain('classes is missing');
    expect(await says({ kind: 'raster', file: utmMap('a.tif'), classes: legend, band: 3 })).toContain(
      'no band 3',
    );
    expect(await says({ kind: 'raster', file: utmMap('a.tif'), classes: { 1: 'Sea' } })).toBe(
      'source s: a.tif: 1 is said to be Sea, which is none of Forest, River, SeaLake',
    );
  });
});

describe('polygons', () => {
  const declared = { kind: 'polygons', file: 'areas.json', property: 'kind' };

  it('say what lies in them and not in their holes', async () => {
    const areas = [
      feature('Forest', 'Polygon', [square(1000), square(160)]),
      feature('River', 'MultiPolygon', [[square(80, 5000)], [square(160)]]),
    ];
    place.write('areas.json', collection(areas));
    expect(await says(declared)).toEqual([
      ['Forest', 0.75],
      ['River', 0.25],
    ]);
  });

  it('are reprojected from a reference system that is known, and refused in any other', async () => {
    const utm = projectionOf(32633, '');
    if (!utm.ok) throw new Error(utm.error.text);
    const ring = square(1000).map(([lonDeg, latDeg]) => {
      const { x, y } = utm.value.toMap({ latDeg, lonDeg });
      return [x, y];
    });
    const crs = (epsg: number) => ({
      crs: { type: 'name', properties: { name: `urn:ogc:def:crs:EPSG::${epsg}` } },
    });
    const forest = [feature('Forest', 'Polygon', [ring])];
    place.write('areas.json', collection(forest, crs(32633)));
    expect(await says(declared)).toEqual([['Forest', 1]]);
    place.write('areas.json', collection(forest, crs(3035)));
    expect(await says(declared)).toContain('EPSG:3035 is no reference system known here');
    place.write('areas.json', collection(forest));
    expect(await says(declared)).toContain('is it of another reference system?');
  });

  it.each([
    ['no JSON', '{', /Expected|JSON/],
    ['no collection', { type: 'Feature' }, /no FeatureCollection/],
    [
      'a feature without the property',
      collection([{ ...feature('a', 'Polygon', [square(9)]), properties: {} }]),
      /features\[0\]: its properties have no kind/,
    ],
    ['a point', collection([feature('Forest', 'Point', [15, 45])]), /features\[0\]: Point is neither/],
    [
      'a ring that is open',
      collection([feature('Forest', 'Polygon', [square(9).slice(0, 4)])]),
      /does not end where it begins/,
    ],
    [
      'a ring too short',
      collection([feature('Forest', 'Polygon', [square(9).slice(0, 2)])]),
      /a ring of 2 positions/,
    ],
    ['words for numbers', collection([feature('Forest', 'Polygon', [[['a', 'b']]])]), /no two numbers/],
  ])('are refused with %s', async (_, content, why) => {
    place.write('areas.json', content);
    expect(await says(declared)).toMatch(why);
  });
});

describe('points', () => {
  const declared = { kind: 'points', file: 'points.csv', latitude: 'lat', longitude: 'lon', class: 'what' };

  it('speak for the tile that they lie in, in their shares', async () => {
    place.write(
      'points.csv',
      'lat,lon,what,by\n45.001,15.001,Forest,"A, B"\n45,15,Forest,\n44.999,15,River,\n45.1,15,SeaLake,\n',
    );
    expect(await says(declared)).toEqual([
      ['River', 1 / 3],
      ['Forest', 2 / 3],
    ]);
    expect(await says(declared, tileAt(1, 10, 10))).toBeUndefined();
  });

  it('may stand between semicolons, with words of their own', async () => {
    place.write('points.csv', '\uFEFFlat;lon;what\r\n45;15;"wood; old"\r\n');
    expect(await says({ ...declared, classes: { 'wood; old': 'Forest' } })).toEqual([['Forest', 1]]);
  });

  it('are refused with the line that is wrong', async () => {
    place.write('points.csv', 'lat,lon,what\n45,15,Forest\n95,15,Forest\n');
    expect(await says(declared)).toBe(
      'source s: points.csv: line 3: 95, 15, Forest is no latitude, longitude and class',
    );
    place.write('points.csv', 'lat,lon,class\n');
    expect(await says(declared)).toBe('source s: points.csv: it has no column what; it has lat, lon, class');
    expect(await says({ ...declared, file: 'none.csv' })).toBe('source s: none.csv: there is no such file');
  });
});

describe('the label book of another sensor', () => {
  it('says what its operators decided of the same ground', async () => {
    const decision = (tile: number, name: string | null): Decision => {
      return { tile, class: name, weight: 1, use: 'train', by: 'a', note: '', at: '2026-01-01T00:00:00Z' };
    };
    const tiles = [tileAt(1, 45, 15), tileAt(2, 45, 15.5), tileAt(3, 45, 15)];
    writeBook(
      `${place.folder}/other.json`,
      bookOf({ tiles, decisions: [decision(1, 'River'), decision(2, 'Forest'), decision(3, null)] }),
    );
    const declared = { kind: 'labels', file: 'other.json' };
    expect(await says(declared, tileAt(9, 45, 15 + 0.00406))).toEqual([['River', 0.5]]);
    expect(await says(declared, tileAt(9, 46, 15))).toBeUndefined();
    place.write('other.json', { format: 'perigee-labels/9' });
    expect(await says(declared)).toContain('perigee-labels/9 is not perigee-labels/1');
  });
});

describe('a context file', () => {
  it.each([
    [{ format: 'x', sources: [] }, 'format: x is not perigee-context/1'],
    [
      { sources: [{ name: 'a', kind: 'raster', file: 'b', weight: 0 }] },
      'sources[0].weight: not a number of 0.01 to 10',
    ],
    [
      { sources: [{ name: 'a', kind: 'map', file: 'b', weight: 1 }] },
      'sources[0].kind: map is none of raster, polygons, points, labels',
    ],
    [
      { sources: [{ name: 'network', kind: 'raster', file: 'b', weight: 1 }] },
      'sources: network is there twice',
    ],
    [{ sources: [], network: { weight: -1 } }, 'network.weight'],
    [{}, 'sources is missing'],
  ])('is refused with the field that is wrong: %j', (content, why) => {
    const file = place.write('context.json', { format: 'perigee-context/1', ...content });
    const read = readContext(file);
    expect(read).toMatchObject({ ok: false, error: { code: 'LABELS_CONTEXT' } });
    if (!read.ok) expect(read.error.text).toContain(why);
  });

  it('names the sources by their hashes', async () => {
    const text = 'lat,lon,what\n';
    place.write('points.csv', text);
    const file = place.write('context.json', {
      format: 'perigee-context/1',
      sources: [
        {
          name: 'a',
          kind: 'points',
          file: 'points.csv',
          weight: 2,
          latitude: 'lat',
          longitude: 'lon',
          class: 'what',
        },
      ],
    });
    const context = readContext(file);
    const opened = context.ok ? await openSources(context.value, classes) : context;
    expect(opened).toMatchObject({
      value: [{ weight: 2, sha256: createHash('sha256').update(text).digest('hex') }],
    });
    expect(isPlaced({ ...tileAt(1, 0, 0), place: undefined } as never)).toBe(false);
  });
});
