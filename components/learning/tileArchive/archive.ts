/** What the archive does with tiles: keeps them, sends their records, sends their pictures. */
import sharp from 'sharp';
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Arguments } from '../../../fsw/framework';
import { type Time, type Type, timeOf, type Value } from '../../../fsw/framework';
import { TileRecord, tagOf, tileRecord } from '../../../fsw/learning';
import { chunksOf, ProductChunk, recordPackets } from '../../../fsw/products';
import type { Specimens } from '../ports';
import type { Archive } from './model';

type Record = Value<typeof TileRecord>;

/**
 * The record of each goes down (with AutoRecords), whether there is room to keep the tile or not. Between tiles others have
 * their turn: a tile waits for the disk.
 */
export async function take(
  self: Archive,
  { model, version, tiles }: Arguments<typeof Specimens>,
): Promise<void> {
  const { state, config, param, random, clock, event, tlm } = self;
  const { shelf, classesTag } = state;
  const strange = tiles.find(({ probabilities }) => probabilities.length !== state.classes);
  if (model !== config.model || strange !== undefined) {
    event.OtherClasses({ model, classes: strange?.probabilities.length ?? state.classes });
    return;
  }
  const versionTag = tagOf(version);
  const records: Record[] = [];
  for (const tile of tiles) {
    const lot = random.integer(2 ** 32);
    const kept = shelf.keep({ ...tile, lot, classesTag, versionTag }, tile.pixels, param.SampleShare);
    if (!kept.ok) {
      tlm.NotKeptCount(++state.notKept);
      event.NotKept({ code: kept.error.code, reason: kept.error.text });
    } else if (kept.value !== undefined) self.clearThrottle('NotKept');
    records.push(tileRecord({ ...tile, id: (kept.ok && kept.value) || 0 }, { classesTag, versionTag }));
    await clock.work(new Promise(setImmediate), config.keepCostUs);
  }
  state.seen += tiles.length;
  tlm.Seen(state.seen);
  tlm.Kept(shelf.size);
  tlm.KeptBytes(BigInt(shelf.bytes));
  tlm.MadeRoom(shelf.dropped);
  if (param.AutoRecords) send(self, records);
}

/** Sends what is known of kept tiles again. */
export function sendRecords(self: Archive, from: number, count: number): void {
  const { shelf } = self.state;
  const records = shelf.ids(from, count).flatMap((id): Record[] => {
    const read = shelf.read(id);
    if (read.ok) return [tileRecord(read.value.tile, read.value.tile)];
    self.event.TileDamaged({ tile: id, reason: read.error.text });
    return [];
  });
  send(self, records);
}

/** Errors: FILE_MISSING for a tile that is not kept, TILE_FILE, PICTURE_FAILED. */
export async function sendThumbnail(self: Archive, id: number, quality: number): Promise<Result<void>> {
  const { state, param, config, clock, event, tlm } = self;
  if (quality < 1 || quality > 100)
    return fail('PICTURE_FAILED', { why: `quality ${quality} is not one of 1 to 100` });
  const read = state.shelf.read(id);
  if (!read.ok) return read;
  state.shelf.hold(id);
  const webp = await clock.work(pictureOf(read.value.pixels, quality), config.thumbnailCostUs);
  if (!webp.ok) return webp;
  const head = { product: id, kind: 'SPECIMEN', capture: quality, column: 0, row: 0 } as const;
  const bytes = webp.value.length;
  const chunks = chunksOf(head, webp.value, [bytes], 0);
  for (const chunk of chunks) {
    const value = (param.ThumbnailValue * chunk.data.length) / bytes;
    state.thumbnailBytes += sendAll(self, 'Chunk', ProductChunk, [chunk], value, 0);
  }
  tlm.Thumbnails(++state.thumbnails);
  tlm.ThumbnailBytes(BigInt(state.thumbnailBytes));
  event.ThumbnailSent({ tile: id, quality, bytes });
  return succeed(undefined);
}

function send(self: Archive, records: readonly Record[]): void {
  const { state, param, tlm } = self;
  state.recordBytes += sendAll(self, 'Tile', TileRecord, records, param.RecordValue, param.RecordLifeS);
  state.records += records.length;
  tlm.Records(state.records);
  tlm.RecordBytes(BigInt(state.recordBytes));
}

/** Each record is worth `value`. Returns the bytes of the packets. */
function sendAll<T>(
  self: Archive,
  local: 'Tile' | 'Chunk',
  type: Type<T>,
  items: readonly T[],
  value: number,
  lifeS: number,
): number {
  const { name, dictionary, clock, out } = self;
  const time: Time = timeOf(clock.epochUs + clock.nowUs());
  const id = dictionary.records.find((entry) => entry.instance === name && entry.local === local)?.id ?? 0;
  let sent = 0;
  for (const { data, records } of recordPackets({ id, type, time }, items)) {
    out.productOut({ data, value: value * records, lifeS });
    sent += data.length;
  }
  return sent;
}

/** Channel first, square. Errors: PICTURE_FAILED. */
async function pictureOf(pixels: Uint8Array, quality: number): Promise<Result<Uint8Array>> {
  const plane = pixels.length / 3;
  const side = Math.sqrt(plane);
  const interleaved = new Uint8Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) interleaved[(i % plane) * 3 + Math.floor(i / plane)] = pixels[i];
  try {
    const raw = { width: side, height: side, channels: 3 } as const;
    return succeed(new Uint8Array(await sharp(interleaved, { raw }).webp({ quality }).toBuffer()));
  } catch (error) {
    return fail('PICTURE_FAILED', { why: (error as Error).message });
  }
}
