import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decode, type Type } from '../../../fsw/framework';
import { memoryFiles } from '../../../fsw/framework/memoryFiles';
import { BENCH_BASE_ID, bench } from '../../../fsw/framework/testing';
import {
  Assembler,
  endedJpeg,
  layerEnds,
  NOWHERE,
  ProductChunk,
  StripNote,
  unpackCellMap,
  VesselRecord,
} from '../../../fsw/products';
import { readRecordPacket } from '../../../fsw/protocols';
import { sceneProducts } from './sceneProducts';
import { HEIGHT, testCount, testCover, testInfo, testStrip, testVessel, WIDTH } from './testStrips';

const END = { capture: 1, target: testInfo.target, strips: 1, height: HEIGHT };

async function productsBench(config = {}, files = memoryFiles()) {
  const b = await bench(sceneProducts, { board: { files }, config: { tilePx: 32, ...config } });
  /** Flight time of the strips is 100 s. */
  await b.advance(100e6);
  const packets = () =>
    b.calls('productOut').map(({ data, value, lifeS }) => {
      const packet = readRecordPacket(data as Uint8Array);
      if (!packet.ok) throw new Error(packet.error.text);
      return {
        ...packet.value,
        value: value as number,
        lifeS: lifeS as number,
        length: (data as Uint8Array).length,
      };
    });
  const records = <T>(type: Type<T>, id: number) =>
    packets()
      .filter(({ productId }) => productId === BENCH_BASE_ID + id)
      .flatMap(({ records: bytes, recordLength, count, ...rest }) =>
        Array.from({ length: count }, (_, i) => {
          const record = decode(type, bytes.slice(i * recordLength, (i + 1) * recordLength));
          if (!record.ok) throw new Error(record.error.text);
          return { ...rest, ...record.value, worth: rest.value };
        }),
      );
  return {
    ...b,
    files,
    packets,
    notes: () => records(StripNote, 0),
    vessels: () => records(VesselRecord, 1),
    chunks: () => records(ProductChunk, 2),
    async strip(changes: Parameters<typeof testStrip>[0] = {}) {
      const { args, released } = testStrip(changes);
      b.in.analysedIn(args);
      await b.advance(1e6);
      return released();
    },
    async end(changes: Partial<typeof END> = {}) {
      b.in.captureEndIn({ ...END, ...changes });
      await b.advance(1e6);
    },
    async tell(name: string, args: Record<string, unknown>) {
      b.command(name, args);
      await b.advance(1e6);
      return b.responses.at(-1);
    },
    /** What the ground has of the newest product of a kind. */
    newest(kind: string) {
      const ground = new Assembler();
      return records(ProductChunk, 2)
        .map((chunk) => ground.add(chunk))
        .filter((one) => one?.kind === kind)
        .at(-1);
    },
  };
}

describe('sceneProducts', () => {
  it('PGE-SCN-001: sends a note of each strip and a record of each vessel, placed to a hundredth of a pixel', async () => {
    const b = await productsBench();
    const faint = { ...testVessel, score: 0.3 };
    expect(await b.strip({ vessels: [testVessel, faint], map: testCover() })).toBe(1);
    expect(b.notes()).toMatchObject([
      {
        capture: 1,
        strip: 0,
        latE6: 37_680_000,
        lonE6: -75_620_000,
        gsdCm: 1000,
        headingCentideg: 19_340,
        vessels: 1,
      },
    ]);
    const [vessel, ...others] = b.vessels();
    expect(others).toEqual([]);
    expect(vessel).toMatchObject({
      lengthDm: 1200,
      widthDm: 250,
      score: 204,
      xTenth: 403,
      y: 12,
      weightTenth: 10,
    });
    // A tenth of a metre, where a pixel has ten.
    expect(Math.abs(vessel.latE6 / 1e6 - testVessel.latDeg) * 111_000).toBeLessThan(0.1);
    expect(Math.abs(vessel.lonE6 / 1e6 - testVessel.lonDeg) * 111_000).toBeLessThan(0.1);
    expect(VesselRecord.maxSize).toBeLessThanOrEqual(32);
    expect(b.telemetry).toMatchObject({ Strips: 1, Vessels: 1 });
  });

  it('PGE-SCN-002: without a place a strip and its vessels are nowhere', async () => {
    const b = await productsBench();
    await b.strip({ info: { gsdM: 0 }, vessels: [testVessel] });
    expect(b.notes()).toMatchObject([{ latE6: NOWHERE, lonE6: NOWHERE }]);
    expect(b.vessels()).toMatchObject([{ latE6: NOWHERE, lonE6: NOWHERE, lengthDm: 0 }]);
  });

  it('PGE-SCN-003: sends the cloud mask and the land cover as maps that the ground unpacks', async () => {
    const b = await productsBench();
    await b.strip({ clouded: 12, map: testCover() });
    const cloud = b.newest('CLOUD');
    const map = unpackCellMap(cloud?.bytes ?? new Uint8Array(0));
    if (!map.ok) throw new Error(map.error.text);
    expect([map.value.width, map.value.height]).toEqual([WIDTH / 2, HEIGHT / 2]);
    expect(map.value.cells.every((cell, i) => cell === (i % (WIDTH / 2) < 12 ? 1 : 0))).toBe(true);
    expect(unpackCellMap(b.newest('LAND_COVER')?.bytes ?? new Uint8Array(0))).toMatchObject({
      value: { width: 2, height: 1, cells: Uint8Array.of(1, 2) },
    });
    expect(b.notes()).toMatchObject([{ cloudPercent: 25, landCoverClasses: 2 }]);
  });

  it('PGE-SCN-003: a strip all clear has no mask: its note says so', async () => {
    const b = await productsBench();
    await b.strip();
    expect(b.chunks()).toEqual([]);
    expect(b.notes()).toMatchObject([{ cloudPercent: 0 }]);
  });

  it('PGE-SCN-004: sends the first layer of the thumbnail, a picture for any decoder, and more on command', async () => {
    const b = await productsBench();
    await b.strip();
    await b.strip({ info: { strip: 1, firstLine: HEIGHT } });
    await b.end({ strips: 2, height: 2 * HEIGHT });
    const first = b.newest('THUMBNAIL');
    if (first === undefined) throw new Error('no thumbnail');
    expect(first).toMatchObject({ wholeLayers: 1, layers: 3 });
    const size = async (bytes: Uint8Array) => {
      const { width, height } = (
        await sharp(endedJpeg(bytes), { failOn: 'warning' }).raw().toBuffer({ resolveWithObject: true })
      ).info;
      return [width, height];
    };
    expect(await size(first.bytes)).toEqual([WIDTH, 2 * HEIGHT]);
    for (const layers of [2, 3]) {
      expect(await b.tell('NEXT_LAYER', { product: first.product })).toMatchObject({ status: 'OK' });
      expect(b.newest('THUMBNAIL')).toMatchObject({ product: first.product, wholeLayers: layers });
    }
    const whole = b.newest('THUMBNAIL')?.bytes ?? new Uint8Array(0);
    expect(layerEnds(whole)).toMatchObject({ ok: true });
    expect(await b.tell('NEXT_LAYER', { product: first.product })).toMatchObject({
      status: 'EXECUTION_ERROR',
      reason: `layered picture: all 3 of product ${first.product} were sent`,
    });
    expect(await b.tell('NEXT_LAYER', { product: 99 })).toMatchObject({ status: 'EXECUTION_ERROR' });
  });

  it('PGE-SCN-005: keeps the counts of tiles without loss and sends one at the quality asked for', async () => {
    const b = await productsBench();
    await b.strip();
    await b.end();
    // Columns 32..63, rows 32..63: the second of three, the second of two.
    expect(await b.tell('REQUEST_TILE', { capture: 1, x: 40, y: 50, quality: 95 })).toMatchObject({
      status: 'OK',
    });
    const tile = b.newest('TILE');
    expect(tile).toMatchObject({ kind: 'TILE', column: 1, row: 1, wholeLayers: 1 });
    const kept = await sharp(b.files.contents()['scenes/T_1_1_1.png'])
      .toColourspace('rgb16')
      .raw({ depth: 'ushort' })
      .toBuffer();
    const counts = new Uint16Array(kept.buffer, kept.byteOffset, kept.length / 2);
    // Red, green and blue are the third, second and first band.
    for (const [x, y] of [
      [0, 0],
      [31, 31],
      [5, 17],
    ])
      expect([...counts.subarray((y * 32 + x) * 3, (y * 32 + x) * 3 + 3)]).toEqual(
        [2, 1, 0].map((band) => testCount(band, 32 + x, 32 + y)),
      );
    await b.tell('NEXT_LAYER', { product: tile?.product ?? 0 });
    await b.tell('NEXT_LAYER', { product: tile?.product ?? 0 });
    const pixels = await sharp(b.newest('TILE')?.bytes).raw().toBuffer();
    const mean = (list: Iterable<number>) => [...list].reduce((sum, one) => sum + one, 0) / (32 * 32 * 3);
    const expected = mean([...counts].map((count) => Math.min(255, (count / 2750) * 255)));
    expect(Math.abs(mean(pixels) - expected)).toBeLessThan(2);
  });

  it('PGE-SCN-006: refuses what is not kept and a senseless quality, and sends a thumbnail again at another', async () => {
    const b = await productsBench();
    await b.strip();
    await b.end();
    const small = b.newest('THUMBNAIL');
    for (const args of [
      { capture: 9, x: 0, y: 0, quality: 50 },
      { capture: 1, x: 5000, y: 0, quality: 50 },
      { capture: 1, x: 0, y: 0, quality: 0 },
    ])
      expect(await b.tell('REQUEST_TILE', args)).toMatchObject({ status: 'EXECUTION_ERROR' });
    expect(await b.tell('REQUEST_THUMBNAIL', { capture: 2, quality: 90 })).toMatchObject({
      status: 'EXECUTION_ERROR',
    });
    expect(await b.tell('REQUEST_THUMBNAIL', { capture: 1, quality: 95 })).toMatchObject({ status: 'OK' });
    const fine = b.newest('THUMBNAIL');
    expect(fine?.product).not.toBe(small?.product);
    expect(b.chunks().at(-1)?.lifeS).toBe(0);
  });

  it('PGE-SCN-007: a product is worth what its region, its clear share and its layer say', async () => {
    const worth = async (weight: number | undefined, clouded = 0) => {
      const b = await productsBench();
      if (weight !== undefined)
        await b.tell('SET_REGION', { name: 'Wallops', latDeg: 37.7, lonDeg: -75.6, radiusKm: 20, weight });
      await b.strip({ vessels: [testVessel], clouded });
      await b.end();
      const product = b.newest('THUMBNAIL')?.product ?? 0;
      const layer = (index: number) =>
        b
          .chunks()
          .filter((chunk) => chunk.product === product && chunk.layer === index)
          .reduce((sum, chunk) => sum + chunk.worth, 0);
      await b.tell('NEXT_LAYER', { product });
      return { vessel: b.vessels()[0].worth, first: layer(0), second: layer(1) };
    };
    expect(await worth(undefined)).toMatchObject({ vessel: 8 });
    const plain = await worth(undefined);
    const heavy = await worth(5);
    const veiled = await worth(5, 24);
    expect(heavy.vessel).toBeCloseTo(40, 4);
    expect([plain.first, heavy.first, veiled.first].map((value) => Math.round(value * 1000) / 1000)).toEqual([
      4, 20, 10,
    ]);
    expect(plain.second).toBeCloseTo(2, 3);
  });

  it('PGE-SCN-008: regions are set, replaced and cleared by command, bounded, and checked', async () => {
    const b = await productsBench({ maxRegions: 1 });
    const region = { name: 'here', latDeg: 37.68, lonDeg: -75.62, radiusKm: 5, weight: 3 };
    expect(await b.tell('SET_REGION', region)).toMatchObject({ status: 'OK' });
    expect(await b.tell('SET_REGION', { ...region, weight: 4 })).toMatchObject({ status: 'OK' });
    expect(await b.tell('SET_REGION', { ...region, name: 'there' })).toMatchObject({
      status: 'EXECUTION_ERROR',
    });
    for (const wrong of [
      { radiusKm: 0 },
      { weight: -1 },
      { latDeg: 91 },
      { lonDeg: Number.NaN },
      { name: '' },
    ])
      expect(await b.tell('SET_REGION', { ...region, ...wrong })).toMatchObject({
        status: 'VALIDATION_ERROR',
      });
    await b.strip({ vessels: [testVessel] });
    expect(b.vessels()[0]).toMatchObject({ weightTenth: 40 });
    expect(await b.tell('CLEAR_REGION', { name: 'here' })).toMatchObject({ status: 'OK' });
    expect(await b.tell('CLEAR_REGION', { name: 'here' })).toMatchObject({ status: 'EXECUTION_ERROR' });
    expect(b.telemetry).toMatchObject({ Regions: 0 });
  });

  it('PGE-SCN-009: a product has the time that is left to it, and is not sent when there is none', async () => {
    const b = await productsBench();
    await b.advance(600e6);
    await b.strip({ vessels: [testVessel] });
    const left = b.vessels()[0].lifeS;
    expect(left).toBe(21_600 - 600);
    await b.advance(21_000e6);
    await b.strip({ vessels: [testVessel] });
    expect(b.vessels()).toHaveLength(1);
    expect(b.notes()).toHaveLength(2);
  });

  it('PGE-SCN-010: keeps within its budget, and what is worth least makes room', async () => {
    const b = await productsBench({ budgetBytes: 30_000 });
    for (let capture = 1; capture <= 6; capture++) {
      await b.strip({ info: { capture }, clouded: capture === 1 ? 36 : 0 });
      await b.end({ capture });
      const bytes = Object.values(b.files.contents()).reduce((sum, { length }) => sum + length, 0);
      expect(bytes).toBeLessThanOrEqual(30_000);
      expect(b.telemetry).toMatchObject({ KeptBytes: BigInt(bytes) });
    }
    expect(b.telemetry.MadeRoom).toBeGreaterThan(0);
    // Pictures are worth more than tiles, so the newest thumbnail is there.
    expect(Object.keys(b.files.contents())).toContain('scenes/O_6.png');
    expect(Object.keys(b.files.contents()).some((name) => name.startsWith('scenes/T_1_'))).toBe(false);
    expect(Object.keys(b.files.contents()).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('PGE-SCN-011: a full or broken disk is reported, and products go on', async () => {
    const b = await productsBench({}, memoryFiles(2000));
    expect(await b.strip({ vessels: [testVessel] })).toBe(1);
    await b.end();
    expect(b.events.filter(({ name }) => name === 'NotKept')[0]).toMatchObject({
      args: { code: 'FILE_DISK_FULL' },
    });
    expect(b.newest('THUMBNAIL')).toMatchObject({ wholeLayers: 1 });
    expect(b.vessels()).toHaveLength(1);
    const dead = memoryFiles();
    dead.cutAt(1);
    const c = await productsBench({}, dead);
    expect(await c.strip({ vessels: [testVessel] })).toBe(1);
    await c.end();
    expect(c.events.filter(({ name }) => name === 'NotKept').length).toBeGreaterThan(0);
    expect(c.vessels()).toHaveLength(1);
    expect(c.telemetry).toMatchObject({ Faults: 0 });
  });

  it('PGE-SCN-012: a strip without bands, or of another sensor, is packed as far as it goes and given back', async () => {
    const b = await productsBench();
    expect(await b.strip({ bands: [], vessels: [testVessel] })).toBe(1);
    await b.end();
    expect(b.vessels()).toHaveLength(1);
    expect(b.newest('THUMBNAIL')).toBeUndefined();
    expect(await b.strip({ info: { capture: 2 }, bands: ['pan'] })).toBe(1);
    await b.end({ capture: 2 });
    expect(b.newest('THUMBNAIL')).toMatchObject({ capture: 2, wholeLayers: 1 });
  });

  it('PGE-SCN-013: every packet fits the link and is tagged with the time of its strip', async () => {
    const b = await productsBench({ tilePx: 96 });
    b.command('AutoLayers_PRM_SET', { val: 3 });
    await b.settle();
    await b.strip({ vessels: Array(100).fill(testVessel), clouded: 7, map: testCover() });
    await b.end();
    expect(b.packets().length).toBeGreaterThan(5);
    for (const { length, time } of b.packets()) {
      expect(length).toBeLessThanOrEqual(1016);
      expect(time).toEqual(testInfo.time);
    }
    expect(b.newest('THUMBNAIL')).toMatchObject({ wholeLayers: 3 });
  });
});
