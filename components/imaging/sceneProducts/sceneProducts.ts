/** Turns what was found in captures into products with their worth, and keeps pictures to be asked for. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { component, ok, refused } from '../../../fsw/framework';
import { Keeper } from './keeper';
import { keep, makeLayered, notKept, sendNext } from './layered';
import type { Self } from './link';
import { sceneProductsModel } from './model';
import { lossless, type Picture, readColours, readCounts, stretched } from './pictures';
import { Regions } from './regions';
import type { State } from './state';
import { packStrip, pictureFailed, tileName } from './strips';

export const sceneProducts = component(sceneProductsModel, {
  state: ({ board, config }): State => ({
    regions: new Regions(config.maxRegions),
    keeper: new Keeper(board.files, config.folder, config.budgetBytes),
    captures: new Map(),
    pictures: new Map(),
    products: 0,
    strips: 0,
    vessels: 0,
    packets: 0,
    packetBytes: 0,
    notKept: 0,
  }),

  ports: (self) => ({
    async analysedIn(strip) {
      try {
        await packStrip(self, strip);
      } finally {
        strip.stack.release();
      }
    },
    captureEndIn: ({ capture }) => endCapture(self, capture),
  }),

  commands: (self) => {
    const { state, event, tlm } = self;
    return {
      SET_REGION({ name, ...region }) {
        const { latDeg, lonDeg, radiusKm, weight } = region;
        const isPlace = Math.abs(latDeg) <= 90 && Math.abs(lonDeg) <= 180;
        const isSound = isPlace && radiusKm > 0 && weight >= 0 && weight < Number.POSITIVE_INFINITY;
        if (name === '' || !isSound) return refused('that is no region', 'VALIDATION_ERROR');
        if (!state.regions.set(name, region))
          return refused(`there are ${state.regions.size} regions already`);
        event.RegionSet({ name, weight });
        tlm.Regions(state.regions.size);
        return ok;
      },
      CLEAR_REGION({ name }) {
        if (!state.regions.clear(name)) return refused(`there is no region ${name}`);
        event.RegionCleared({ name });
        tlm.Regions(state.regions.size);
        return ok;
      },
      NEXT_LAYER({ product }) {
        const layered = state.pictures.get(product);
        if (layered === undefined) return refused(`product ${product} is no picture that is kept`);
        return answer(sendNext(self, layered));
      },
      REQUEST_TILE: async ({ capture, x, y, quality }) =>
        answer(await sendTile(self, { capture, x, y, quality })),
      REQUEST_THUMBNAIL: async ({ capture, quality }) => answer(await sendThumbnail(self, capture, quality)),
    };
  },

  start(self: Self) {
    const opened = self.state.keeper.open();
    if (!opened.ok) notKept(self, self.config.folder, opened.error);
  },
});

function answer(done: Result<void>) {
  return done.ok ? ok : refused(done.error.text);
}

/** The overview is kept without loss, and goes down at the quality of the parameter if it shows enough. */
async function endCapture(self: Self, number: number): Promise<void> {
  const { state, param, clock, config, event } = self;
  const capture = state.captures.get(number);
  const picture = capture?.overview.picture(capture.width, param.WhiteReflectance);
  if (capture === undefined || picture === undefined) return;
  const clear = capture.clearLines / capture.lines;
  const value = param.ThumbnailValue * clear * capture.weight;
  const file = await clock.work(lossless(picture), config.tileCostUs);
  if (file.ok) keep(self, overviewName(number), file.value, value);
  const wanted = {
    kind: 'THUMBNAIL',
    capture: number,
    column: 0,
    row: 0,
    quality: param.ThumbnailQuality,
  } as const;
  const made = await makeLayered(self, wanted, picture, {
    value,
    time: capture.time,
    lifeS: param.PictureLifeS,
  });
  if (!made.ok) return pictureFailed(self, number, made.error);
  const { layered, bytes } = made.value;
  const clearPercent = Math.round(clear * 100);
  event.CapturePacked({
    capture: number,
    thumbnail: layered.head.product,
    bytes: bytes.length,
    clearPercent,
    weight: capture.weight,
  });
  if (clear < param.MinClearShare) return;
  for (let layer = 0; layer < Math.min(param.AutoLayers, layered.ends.length); layer++)
    sendNext(self, layered, bytes);
}

interface TileWanted {
  readonly capture: number;
  readonly x: number;
  readonly y: number;
  readonly quality: number;
}

async function sendTile(self: Self, { capture, x, y, quality }: TileWanted): Promise<Result<void>> {
  const [column, row] = [Math.floor(x / self.config.tilePx), Math.floor(y / self.config.tilePx)];
  const png = self.state.keeper.read(tileName(capture, column, row));
  if (!png.ok) return png;
  const counts = await self.clock.work(readCounts(png.value), self.config.tileCostUs);
  if (!counts.ok) return counts;
  const radiometry = self.state.captures.get(capture)?.radiometry;
  if (radiometry === undefined) return fail('PICTURE_FAILED', { why: `capture ${capture} is forgotten` });
  const picture = stretched(counts.value, radiometry, self.param.WhiteReflectance);
  return sendRequested(self, { kind: 'TILE', capture, column, row, quality }, picture);
}

async function sendThumbnail(self: Self, capture: number, quality: number): Promise<Result<void>> {
  const png = self.state.keeper.read(overviewName(capture));
  if (!png.ok) return png;
  const picture = await self.clock.work(readColours(png.value), self.config.tileCostUs);
  if (!picture.ok) return picture;
  return sendRequested(self, { kind: 'THUMBNAIL', capture, column: 0, row: 0, quality }, picture.value);
}

/** What somebody asked for does not expire: they will look at it when it comes. */
async function sendRequested(
  self: Self,
  wanted: Parameters<typeof makeLayered>[1],
  picture: Picture,
): Promise<Result<void>> {
  const { state, param, event } = self;
  if (wanted.quality < 1 || wanted.quality > 100)
    return fail('PICTURE_FAILED', { why: `quality ${wanted.quality} is not one of 1 to 100` });
  const time = state.captures.get(wanted.capture)?.time;
  if (time === undefined) return fail('PICTURE_FAILED', { why: `capture ${wanted.capture} is forgotten` });
  const made = await makeLayered(self, wanted, picture, { value: param.RequestedValue, time, lifeS: 0 });
  if (!made.ok) return made;
  const { layered, bytes } = made.value;
  event.PictureKept({ product: layered.head.product, layers: layered.ends.length, bytes: bytes.length });
  const sent = sendNext(self, layered, bytes);
  return sent.ok ? succeed(undefined) : sent;
}

function overviewName(capture: number): string {
  return `O_${capture}.png`;
}
