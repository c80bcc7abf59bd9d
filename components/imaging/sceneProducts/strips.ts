/** One strip: its note, its vessels, its maps; its lines into the overview, its tiles onto the disk. */
import type { Fault } from '../../../fsw/errors';
import type { Arguments, Value } from '../../../fsw/framework';
import { type CellMap, packCellMap, StripNote, VesselRecord } from '../../../fsw/products';
import type { AnalysedStrip, CloudMask, StripInfo } from '../ports';
import { keep } from './layered';
import { type Self, sendLayer, sendRecords } from './link';
import { Overview } from './overview';
import { areaKm2, clearPart, cloudMap, coverMap, noteOf, placeOf, vesselOf } from './packing';
import { type Colours, coloursOf, cut, lossless, type Picture } from './pictures';
import { bound, type Capture } from './state';

type Info = Value<typeof StripInfo>;
type Strip = Arguments<typeof AnalysedStrip>;

/** What a kept tile is worth, next to a picture that was made already. */
const TILE_VALUE = 0.1;

export async function packStrip(self: Self, strip: Strip): Promise<void> {
  const { state, tlm } = self;
  const weight = state.regions.weightAt(placeOf(strip.info));
  sendFindings(self, strip, weight);
  tlm.Strips(++state.strips);
  const { info, stack, mask } = strip;
  const colours = coloursOf(stack, info.width);
  if (colours === undefined) return;
  const capture = captureOf(self, info, colours);
  capture.weight = Math.max(capture.weight, weight);
  capture.overview.add(colours, info.firstLine, info.width, info.height);
  capture.lines += info.height;
  capture.clearLines += info.height * clearPart(mask);
  if (self.param.KeepTiles) await keepTiles(self, info, colours, mask, weight);
}

export function pictureFailed(self: Self, number: number, { code, text }: Fault): void {
  const capture = self.state.captures.get(number);
  if (capture?.failed) return;
  if (capture) capture.failed = true;
  self.event.PictureFailed({ capture: number, code, reason: text });
}

export function tileName(capture: number, column: number, row: number): string {
  return `T_${capture}_${row}_${column}.png`;
}

function sendFindings(self: Self, { info, mask, map, vessels }: Strip, weight: number): void {
  const { param, state, tlm } = self;
  const cover = map && coverMap(map);
  const maps = { time: info.time, lifeS: param.MapLifeS };
  const found = vessels.filter(({ score }) => score >= param.MinVesselScore);
  const note = noteOf(info, mask, cover, found.length);
  sendRecords(self, 'StripNote', StripNote, [{ record: note, value: param.NoteValue * weight }], maps);
  const records = found.map((vessel) => {
    const own = state.regions.weightAt(placeOf(info) && vessel);
    return { record: vesselOf(info, vessel, own), value: param.VesselValue * vessel.score * own };
  });
  sendRecords(self, 'Vessel', VesselRecord, records, { time: info.time, lifeS: param.VesselLifeS });
  state.vessels += found.length;
  tlm.Vessels(state.vessels);
  const area = (areaKm2(info) * weight) / 100;
  // The note says of a strip all clear or all clouded what its mask would.
  if (mask.fraction > 0 && mask.fraction < 1)
    sendMap(self, info, 'CLOUD', cloudMap(mask), area * param.CloudValue);
  if (cover?.cells.some((value) => value > 0))
    sendMap(self, info, 'LAND_COVER', cover, area * clearPart(mask) * param.CoverValue);
}

function sendMap(self: Self, info: Info, kind: 'CLOUD' | 'LAND_COVER', map: CellMap, value: number): void {
  const packed = packCellMap(map);
  if (!packed.ok) {
    pictureFailed(self, info.capture, packed.error);
    return;
  }
  const head = {
    product: ++self.state.products,
    kind,
    capture: info.capture & 0xffff,
    column: 0,
    row: info.strip,
  };
  const content = { bytes: packed.value, ends: [packed.value.length], layer: 0 };
  sendLayer(self, head, content, value, { time: info.time, lifeS: self.param.MapLifeS });
}

function captureOf(
  { state, param, config }: Self,
  { capture, width, time }: Info,
  colours: Colours,
): Capture {
  const known = state.captures.get(capture);
  if (known) return known;
  const begun: Capture = {
    overview: new Overview(width, param.ThumbnailPx),
    width,
    time,
    weight: 0,
    lines: 0,
    clearLines: 0,
    radiometry: colours.map(({ gain, offset }) => ({ gain, offset })),
    failed: false,
  };
  state.captures.set(capture, begun);
  bound(state.captures, config.maxPictures);
  return begun;
}

/** Compresses all tiles of the strip that show ground, together: the host has more than one thread. */
async function keepTiles(
  self: Self,
  info: Info,
  colours: Colours,
  mask: CloudMask,
  weight: number,
): Promise<void> {
  const { config, clock, param } = self;
  const px = config.tilePx;
  const tiles: { name: string; value: number; picture: Picture<Uint16Array> }[] = [];
  for (let top = 0; top < info.height; top += px)
    for (let left = 0; left < info.width; left += px) {
      const [width, height] = [Math.min(px, info.width - left), Math.min(px, info.height - top)];
      const clear = clearShare(mask, left, top, width, height);
      if (clear < param.MinClearShare) continue;
      const name = tileName(info.capture, left / px, Math.floor((info.firstLine + top) / px));
      tiles.push({
        name,
        value: TILE_VALUE * clear * weight,
        picture: cut(colours, left, top, width, height),
      });
    }
  if (tiles.length === 0) return;
  const pending = Promise.all(tiles.map(({ picture }) => lossless(picture)));
  const files = await clock.work(pending, tiles.length * config.tileCostUs);
  files.forEach((file, i) => {
    if (file.ok) keep(self, tiles[i].name, file.value, tiles[i].value);
    else pictureFailed(self, info.capture, file.error);
  });
}

/** Of a part of the strip, by the mask's cells whose middle lies in it; 1 where it has none. */
function clearShare(mask: CloudMask, left: number, top: number, width: number, height: number): number {
  const cells = (from: number, count: number, most: number) => {
    const first = Math.floor(from / mask.scale);
    return [first, Math.min(most, Math.ceil((from + count) / mask.scale))];
  };
  const [left0, left1] = cells(left, width, mask.width);
  const [top0, top1] = cells(top, height, mask.height);
  let clouded = 0;
  for (let y = top0; y < top1; y++)
    for (let x = left0; x < left1; x++) if (mask.cloud[y * mask.width + x] >= 0.5) clouded++;
  const count = (left1 - left0) * (top1 - top0);
  return count > 0 ? 1 - clouded / count : 1;
}
