import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { afterCut, afterKill, type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import { classesTagOf, NO_PLACE, TileRecord, tagOf } from '../../../fsw/learning';
import { Assembler } from '../../../fsw/products';
import { boot, SIDE, specimen, TILE_BYTES } from './testArchive';

const unsure = (level: number) => specimen(level, 0.5);
const sure = (level: number) => specimen(level, 0.99);
const names = (files: MemoryFiles) =>
  Object.keys(files.contents()).filter((name) => /\d[.](tile|held)/.test(name));

describe('the tile archive', () => {
  it('PGE-TAR-001: sends a record of 40 bytes for each tile that it keeps, and gives the tile back by its id', async () => {
    const { b, see, fetch, records } = await boot();
    await see([specimen(1), specimen(2, 0.25)]);
    expect(TileRecord.maxSize).toBe(40);
    expect(records()).toMatchObject([
      {
        tile: 1,
        seconds: 1_700_000_001,
        latE6: 10_001_000,
        lonE6: 20_000_000,
        gsdCm: 1000,
        headingCentideg: 35_000,
      },
      { tile: 2, classesTag: classesTagOf('land-cover', ['land', 'water']), versionTag: tagOf('1.2.0') },
    ]);
    expect(records()[1].probabilities).toEqual([64, 191, ...Array(14).fill(0)]);
    const { pixels, probabilities, ...kept } = specimen(2, 0.25);
    expect(fetch(2)).toEqual({
      id: 2,
      timeUs: kept.timeUs,
      latDeg: kept.latDeg,
      lonDeg: 20,
      pixels,
      probabilities,
    });
    expect(fetch(3)).toBeUndefined();
    expect(b.telemetry).toMatchObject({ Kept: 2, Seen: 2, Records: 2, KeptBytes: BigInt(2 * TILE_BYTES) });
    expect(b.events).toMatchObject([
      { text: '0 tiles are kept, 0 were damaged; records are of land-cover: land,water' },
    ]);
  });

  it('PGE-TAR-001: says of a tile without a place that it has none, and packs 25 records into a packet', async () => {
    const { b, see, records } = await boot();
    await see(Array.from({ length: 26 }, (_, i) => specimen(i, 0.5, { latDeg: Number.NaN })));
    expect(records()[25]).toMatchObject({
      tile: 26,
      latE6: NO_PLACE,
      lonE6: NO_PLACE,
      gsdCm: 0,
      headingCentideg: 0,
    });
    expect(b.calls('productOut').map(({ data }) => (data as Uint8Array).length)).toEqual([1016, 56]);
    expect(b.telemetry.RecordBytes).toBe(BigInt(26 * 40 + 2 * 16));
  });

  it('PGE-TAR-002: keeps its tiles over boots under the same ids, and never gives an id twice', async () => {
    const files = memoryFiles();
    const first = await boot(files);
    await first.see([specimen(1), specimen(2), specimen(3)]);
    await first.b.stop();
    files.reboot();
    const second = await boot(files);
    expect([1, 2, 3].map((id) => second.fetch(id)?.pixels[0])).toEqual([1, 2, 3]);
    await second.see([specimen(4)]);
    const { tile } = second.records()[0];
    expect(tile).toBeGreaterThan(3);
    // All tiles are gone, but the ids are not.
    for (const name of names(files)) files.remove(name);
    files.reboot();
    const third = await boot(files);
    await third.see([specimen(5)]);
    expect(third.records()[0].tile).toBeGreaterThan(tile);
  });

  it('PGE-TAR-002: goes on far behind the last id that it knows when both files of ids are lost', async () => {
    const files = memoryFiles();
    const first = await boot(files);
    await first.see([specimen(1)]);
    for (const name of ['ids-a', 'ids-b']) files.contents()[`tiles/${name}`][0] ^= 1;
    const second = await boot(files);
    await second.see([specimen(2)]);
    expect(second.records()[0].tile).toBe(1 + 2 ** 20);
    expect(second.b.events[0]).toMatchObject({ name: 'IdsLost' });
  });

  it('PGE-TAR-003: keeps what the model is least sure of beside a fair sample, within its budget', async () => {
    const { b, see, fetch, records, files } = await boot(undefined, { budgetBytes: 4 * TILE_BYTES }, 0);
    await see([sure(1), unsure(2), sure(3), unsure(4), unsure(5), sure(6), unsure(7)]);
    expect(records().map(({ tile }) => tile > 0)).toEqual([true, true, true, true, true, false, true]);
    const kept = records().filter(({ tile }) => fetch(tile) !== undefined);
    expect(kept.map(({ probabilities }) => probabilities[0])).toEqual([128, 128, 128, 128]);
    expect(names(files)).toHaveLength(4);
    expect(b.telemetry).toMatchObject({
      Kept: 4,
      KeptBytes: BigInt(4 * TILE_BYTES),
      MadeRoom: 2,
    });
  });

  it('PGE-TAR-003: takes as its sample no more of the early tiles than of the late ones', async () => {
    const { see, records, fetch } = await boot(undefined, { budgetBytes: 60 * TILE_BYTES }, 1);
    for (let n = 0; n < 12; n++) await see(Array.from({ length: 20 }, (_, i) => sure(i)));
    const kept = records().map(({ tile }) => fetch(tile) !== undefined);
    const early = kept.slice(0, 120).filter(Boolean).length;
    expect(early).toBeGreaterThan(18);
    expect(early).toBeLessThan(42);
  });

  it('PGE-TAR-004: holds what was asked for or learned from, over boots too', async () => {
    const files = memoryFiles();
    const budget = { budgetBytes: 3 * TILE_BYTES };
    const first = await boot(files, budget, 0);
    await first.see([sure(1), sure(2), sure(3)]);
    first.fetch(1);
    expect(await first.obey('SEND_THUMBNAIL', { tile: 2, quality: 50 })).toMatchObject({ status: 'OK' });
    files.reboot();
    const second = await boot(files, budget, 0);
    await second.see([unsure(4), unsure(5), unsure(6)]);
    expect([1, 2, 3].map((id) => second.fetch(id)?.pixels[0])).toEqual([1, 2, undefined]);
  });

  it('PGE-TAR-004: holds half of its places at most, the newest', async () => {
    const { see, fetch } = await boot(undefined, { budgetBytes: 4 * TILE_BYTES }, 0);
    await see([sure(1), sure(2), sure(3), sure(4)]);
    for (const id of [1, 2, 3, 4]) fetch(id);
    await see([unsure(5), unsure(6), unsure(7)]);
    expect([1, 2, 3, 4].map((id) => fetch(id)?.pixels[0])).toEqual([undefined, undefined, 3, 4]);
  });

  it('PGE-TAR-005: sends the picture of a tile on command, as WebP of the quality asked for', async () => {
    const { b, see, obey, chunks } = await boot();
    const red = {
      pixels: Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (i < SIDE * SIDE ? 200 : 0)),
    };
    await see([specimen(1, 0.5, red)]);
    expect(await obey('SEND_THUMBNAIL', { tile: 1, quality: 80 })).toMatchObject({ status: 'OK' });
    const assembler = new Assembler();
    const made = chunks()
      .map((chunk) => assembler.add(chunk))
      .at(-1);
    expect(made).toMatchObject({ product: 1, kind: 'SPECIMEN', capture: 80, layers: 1, wholeLayers: 1 });
    const { data, info } = await sharp(made?.bytes).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: SIDE, height: SIDE, channels: 3 });
    expect([data[0], data[1]].map((level) => Math.round(level / 50))).toEqual([4, 0]);
    expect(b.telemetry).toMatchObject({ Thumbnails: 1 });
    expect(await obey('SEND_THUMBNAIL', { tile: 1, quality: 0 })).toMatchObject({
      status: 'EXECUTION_ERROR',
    });
    expect(await obey('SEND_THUMBNAIL', { tile: 9, quality: 50 })).toMatchObject({
      status: 'EXECUTION_ERROR',
      reason: 'tiles: tile 9 does not exist',
    });
    expect(b.telemetry).toMatchObject({ Thumbnails: 1 });
  });

  it('PGE-TAR-006: sends the records of kept tiles again, as they were', async () => {
    const { see, obey, records } = await boot();
    await see([specimen(1), specimen(2), specimen(3)]);
    const sent = records();
    await obey('SEND_RECORDS', { from: 2, count: 5 });
    expect(records().slice(3)).toEqual(sent.slice(1));
  });

  it('PGE-TAR-006: sends them on command alone where AutoRecords is off', async () => {
    const { see, obey, records } = await boot();
    await obey('AutoRecords_PRM_SET', { val: false });
    await see([specimen(1), specimen(2)]);
    expect(records()).toEqual([]);
    await obey('SEND_RECORDS', { from: 1, count: 5 });
    expect(records().map(({ tile }) => tile)).toEqual([1, 2]);
  });

  it('PGE-TAR-007: a full disk costs tiles and never a record, and it is said once', async () => {
    const { b, see, files, records } = await boot();
    await see([specimen(1)]);
    files.maxBytes = 0;
    await see(Array.from({ length: 12 }, (_, i) => unsure(i)));
    expect(records()).toHaveLength(13);
    expect(
      records()
        .slice(-3)
        .map(({ tile }) => tile),
    ).toEqual([0, 0, 0]);
    expect(b.telemetry).toMatchObject({ Records: 13, NotKeptCount: 12, Kept: 0 });
    expect(b.events.filter(({ name }) => name === 'NotKept')).toHaveLength(5);
    files.maxBytes = 1e6;
    await see([specimen(2)]);
    expect(b.telemetry.Kept).toBe(1);
  });

  it('PGE-TAR-007: makes room on a full disk with what of its own is worth less', async () => {
    const { see, files, fetch, records } = await boot(undefined, {}, 0);
    await see([sure(1), sure(2)]);
    files.maxBytes = Object.values(files.contents()).reduce((sum, { length }) => sum + length, 0);
    await see([unsure(3)]);
    const [, , last] = records();
    expect(fetch(last.tile)?.pixels[0]).toBe(3);
    expect([fetch(1), fetch(2)].filter((tile) => tile !== undefined)).toHaveLength(1);
  });

  it.each<[string, (files: MemoryFiles) => MemoryFiles]>([
    ['a power cut', afterCut],
    ['a kill', afterKill],
  ])(
    'PGE-TAR-008: %s at any write leaves only whole tiles, each under the id that its record said',
    async (_, after) => {
      let whole = 0;
      for (let cut = 1; ; cut++) {
        const files = memoryFiles();
        files.cutAt(cut);
        const first = await boot(files, { budgetBytes: 3 * TILE_BYTES }, 0.5);
        for (let level = 1; level <= 5; level++) await first.see([specimen(level, 1 - level / 12)]);
        first.fetch(1);
        const told = first.records();
        const finished = files.operations < cut;
        const second = await boot(after(files), { budgetBytes: 3 * TILE_BYTES }, 0.5);
        for (const { tile, seconds } of told.filter((record) => record.tile > 0)) {
          const kept = second.fetch(tile);
          if (kept === undefined) continue;
          expect(kept.pixels[0]).toBe(seconds - 1_700_000_000);
          whole++;
        }
        expect(second.b.events.filter(({ name }) => name !== 'ArchiveOpened')).toEqual([]);
        await second.see([specimen(9)]);
        const known = told.map(({ tile }) => tile);
        if (second.records()[0].tile > 0) expect(known).not.toContain(second.records()[0].tile);
        if (finished) break;
      }
      expect(whole).toBeGreaterThan(20);
    },
  );

  it('PGE-TAR-009: gives no damaged tile out, says which, and keeps the others', async () => {
    const { b, see, fetch, files } = await boot();
    await see([specimen(1), specimen(2)]);
    const damaged = files.contents()['tiles/00000001.tile'];
    damaged[damaged.length - 1] ^= 1;
    expect(fetch(1)).toBeUndefined();
    expect(b.events.at(-1)).toMatchObject({ name: 'TileDamaged', args: { tile: 1 } });
    expect([fetch(1), fetch(2)?.pixels[0]]).toEqual([undefined, 2]);
    files.contents()['tiles/00000002.held'][20] ^= 1;
    files.write('tiles/00000007.tile', 0, Uint8Array.of(1, 2, 3));
    files.sync('tiles/00000007.tile');
    const second = await boot(files);
    expect(second.b.events[0]).toMatchObject({ name: 'ArchiveOpened', args: { tiles: 0, damaged: 2 } });
    expect(names(files)).toEqual([]);
  });

  it('PGE-TAR-010: keeps nothing of another model or another number of classes', async () => {
    const { b, see, records } = await boot();
    await see([specimen(1)], 'cloud');
    await see([specimen(1), specimen(2, 1, { probabilities: Float32Array.of(1) })]);
    expect(records()).toEqual([]);
    expect(b.events.slice(1).map(({ text }) => text)).toEqual([
      'tiles of cloud with 2 classes are not of this archive',
      'tiles of land-cover with 1 classes are not of this archive',
    ]);
  });

  it('PGE-TAR-011: gives others their turn between tiles, and answers for those that are kept already', async () => {
    const { b, fetch, records } = await boot();
    b.in.specimensIn({ model: 'land-cover', version: '1', tiles: [specimen(1), specimen(2), specimen(3)] });
    await b.advance(1_500);
    expect([fetch(1)?.pixels[0], fetch(2)?.pixels[0], fetch(3)]).toEqual([1, 2, undefined]);
    expect(records()).toEqual([]);
    await b.advance(1_500);
    expect(records()).toHaveLength(3);
  });
});
