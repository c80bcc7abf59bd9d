/** Pictures in layers: made, kept, and sent a layer at a time. */
import { type Fault, fail, type Result, succeed } from '../../../fsw/errors';
import { layerEnds, type ProductHead } from '../../../fsw/products';
import { type Self, sendLayer } from './link';
import { type Picture, progressive } from './pictures';
import { bound, type Layered } from './state';

export interface Wanted {
  readonly kind: 'THUMBNAIL' | 'TILE';
  readonly capture: number;
  readonly column: number;
  readonly row: number;
  readonly quality: number;
}

/** Makes the progressive file of a picture and keeps it under a new product number. Errors: PICTURE_FAILED, LAYERS. */
export async function makeLayered(
  self: Self,
  { quality, ...wanted }: Wanted,
  picture: Picture,
  worth: Pick<Layered, 'value' | 'time' | 'lifeS'>,
): Promise<Result<{ readonly layered: Layered; readonly bytes: Uint8Array }>> {
  const { state, config, clock } = self;
  const jpeg = await clock.work(progressive(picture, quality), config.tileCostUs);
  if (!jpeg.ok) return jpeg;
  const ends = layerEnds(jpeg.value);
  if (!ends.ok) return ends;
  const product = ++state.products;
  const head: ProductHead = { product, ...wanted, capture: wanted.capture & 0xffff };
  const layered = { file: `P_${product}.jpg`, head, ends: ends.value, sent: 0, ...worth };
  keep(self, layered.file, jpeg.value, worth.value);
  state.pictures.set(product, layered);
  bound(state.pictures, config.maxPictures);
  return succeed({ layered, bytes: jpeg.value });
}

/** Sends the next layer, from `bytes` or from the disk. Errors: LAYERS when there is none left, those of the store. */
export function sendNext(self: Self, layered: Layered, given?: Uint8Array): Result<void> {
  const { head, ends, file, sent, value, time, lifeS } = layered;
  if (sent >= ends.length)
    return fail('LAYERS', { why: `all ${ends.length} of product ${head.product} were sent` });
  const bytes = given === undefined ? self.state.keeper.read(file) : succeed(given);
  if (!bytes.ok) return bytes;
  const worth = value * self.param.LayerDecay ** sent;
  sendLayer(self, head, { bytes: bytes.value, ends, layer: sent }, worth, { time, lifeS });
  layered.sent++;
  return succeed(undefined);
}

/** Keeps a file within the budget, and says so where that is not possible. */
export function keep(self: Self, name: string, bytes: Uint8Array, value: number): void {
  const { state, tlm } = self;
  const kept = state.keeper.keep(name, bytes, value);
  if (kept.ok) self.clearThrottle('NotKept');
  else notKept(self, name, kept.error);
  tlm.KeptFiles(state.keeper.size);
  tlm.KeptBytes(BigInt(state.keeper.bytes));
  tlm.MadeRoom(state.keeper.dropped);
}

export function notKept({ state, event, tlm }: Self, what: string, { code, text }: Fault): void {
  tlm.NotKeptCount(++state.notKept);
  event.NotKept({ what, code, reason: text });
}
