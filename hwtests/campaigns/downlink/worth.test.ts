import { describe, expect, it } from 'vitest';
import { type Chunk, chunksOf, packCellMap } from '../../../fsw/products';
import type { Received } from '../../simulators/groundStation';
import type { TileTruth } from '../../simulators/truth';
import { allValue, isShore, judge, type Truth } from './worth';

const EPOCH_US = 1_600_000_000e6;
const tile = (cloudFraction: number, waterFraction: number): TileTruth => ({
  cloudFraction,
  waterFraction,
  meanElevation: 0,
  meanSunElevationDeg: 30,
  latDeg: 0,
  lonDeg: 0,
});
/** A shore, clear land, a shore under cloud, open water: one tile of four is clouded. */
const tiles = [tile(0, 0.5), tile(0, 0), tile(1, 0.5), tile(0, 1)];
const truth: Truth = { frames: new Map([[1, { atUs: 10e6, tiles }]]), epochUs: EPOCH_US };

const records = (name: string, list: readonly unknown[], atUs = 70e6): Received => ({
  atUs,
  bytes: 100,
  station: 'North',
  content: { kind: 'records', name, unixUs: EPOCH_US + 10e6, records: list },
});
const detection = (at: number) => records('productPacker.Detection', [{ frame: 1, tile: at }]);
const chunks = (kind: Chunk['kind'], bytes: Uint8Array, ends: readonly number[]) =>
  ends.flatMap((_, layer) =>
    chunksOf({ product: 1, kind, capture: 1, column: 0, row: 0 }, bytes, ends, layer).map((one) =>
      records('frameProducts.Chunk', [one]),
    ),
  );

describe('what reached the ground', () => {
  it('is worth what is true of it: a detection of a clear shore, and no other', () => {
    expect(tiles.map(isShore)).toEqual([true, false, false, false]);
    const judged = judge([0, 1, 2, 3].map(detection), truth, false);
    expect(judged).toMatchObject({ value: 10, detections: { right: 1, wrong: 3 }, latenciesS: [60] });
  });

  it('is worth a picture by its true clear share and its layers, each counted once and when it is whole', () => {
    const picture = chunks('THUMBNAIL', new Uint8Array(3000).fill(7), [900, 2500, 3000]);
    expect(picture).toHaveLength(4);
    const worthOf = (packets: readonly Received[]) => judge(packets, truth, false).value;
    expect(worthOf(picture.slice(0, 1))).toBeCloseTo(3, 9);
    expect(worthOf(picture.slice(0, 2))).toBeCloseTo(3, 9);
    expect(worthOf(picture.slice(1))).toBe(0);
    expect(worthOf([...picture, ...picture])).toBeCloseTo(3 + 1.5 + 0.75, 9);
    expect(judge(picture, truth, false)).toMatchObject({ pictureBytes: 400, clearPictureBytes: 300 });
  });

  it('is worth a map by its right cells, a summary one, and telemetry nothing', () => {
    const packed = packCellMap({ width: 2, height: 2, cells: Uint8Array.of(0, 0, 1, 1) });
    if (!packed.ok) throw new Error(packed.error.text);
    const map = chunks('CLOUD', packed.value, [packed.value.length]);
    expect(judge([...map, ...map], truth, false).value).toBeCloseTo(0.375, 9);
    expect(judge([records('productPacker.FrameSummary', [{}, {}])], truth, false).value).toBe(2);
    const telemetry: Received = {
      atUs: 0,
      bytes: 90,
      station: 'North',
      content: { kind: 'channels', values: [] },
    };
    expect(judge([telemetry], truth, false).value).toBe(0);
  });

  it('is worth all that is in it when the whole frame came, and only then', () => {
    const picture = chunks('THUMBNAIL', new Uint8Array(2000), [900, 1500, 2000]);
    const whole = judge(picture, truth, true);
    expect(whole.value).toBeCloseTo(allValue(truth), 9);
    expect(whole).toMatchObject({ detections: { right: 1, wrong: 0 }, detectionValue: 10 });
    expect(judge(picture.slice(0, -1), truth, true)).toMatchObject({ detectionValue: 0 });
  });
});
