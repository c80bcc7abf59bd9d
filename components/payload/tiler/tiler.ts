/** Cuts a frame into the square tiles that a network takes. */
import { type Failed, fail, type Result, succeed } from '../../../fsw/errors';
import {
  BufferPool,
  component,
  defineComponent,
  input,
  output,
  type PooledBuffer,
  string,
  U16,
  U32,
  type Value,
} from '../../../fsw/framework';
import { image, type NetworkInput } from '../../../native/image';
import { Frame, type FrameInfo, type TileBatch, Tiles } from '../ports';

export const tilerModel = defineComponent({
  kind: 'passive',
  doc: 'Cuts a frame into square tiles, channel by channel as a network takes them.',
  ports: { frameIn: input.sync(Frame), tilesOut: output(Tiles) },
  events: {
    FrameRefused: {
      id: 0,
      severity: 'warning-low',
      args: { frame: U32, code: string(32), reason: string(160) },
      format: 'frame {frame} not tiled: {code}: {reason}',
      throttle: 20,
      doc: 'A frame does not fit its buffer or gives no tiles, or every tile buffer is on loan.',
    },
  },
  telemetry: {
    FramesTiled: { id: 0, type: U32, update: 'on-change', doc: 'Frames cut into tiles since boot.' },
    FramesRefused: {
      id: 1,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Frames that were not tiled since boot.',
    },
  },
  config: {
    tilePx: { type: U16, default: 32, min: 1, max: 1024, doc: 'Side of a tile in pixels.' },
    maxTiles: { type: U16, default: 64, min: 1, max: 4096, doc: 'The most tiles of one frame.' },
    batches: { type: U16, default: 4, min: 1, max: 64, doc: 'Tile buffers in the pool.' },
  },
});

interface State {
  readonly pool: BufferPool;
  tiled: number;
  refused: number;
}

export const tiler = component(tilerModel, {
  state: ({ config: { tilePx, maxTiles, batches } }): State => ({
    pool: new BufferPool(batchFloats(maxTiles, tilePx) * 4, batches),
    tiled: 0,
    refused: 0,
  }),
  ports: ({ state, out, event, tlm, config }) => ({
    frameIn({ info, pixels }) {
      const tiles = cutFrame(info, pixels.bytes, state.pool, config);
      pixels.release();
      if (!tiles.ok) {
        tlm.FramesRefused(++state.refused);
        event.FrameRefused({ frame: info.id, code: tiles.error.code, reason: tiles.error.text });
        return;
      }
      tlm.FramesTiled(++state.tiled);
      out.tilesOut({ info, tiles: tiles.value });
    },
  }),
});

/** A batch lies in one buffer: pixels of all tiles, then the brightness of each. */
function batchFloats(tiles: number, tilePx: number): number {
  return tiles * (3 * tilePx * tilePx + 1);
}

/** Errors: TILER_FRAME_SIZE, TILER_FRAME_BYTES, BUFFER_POOL_EMPTY, those of `image.preprocess`. */
function cutFrame(
  info: Value<typeof FrameInfo>,
  rgb: Uint8Array,
  pool: BufferPool,
  { tilePx, maxTiles }: { tilePx: number; maxTiles: number },
): Result<TileBatch> {
  const bad = misfit(info, rgb, tilePx, maxTiles);
  if (bad) return bad;
  const columns = Math.floor(info.width / tilePx);
  const rows = Math.floor(info.height / tilePx);
  const buffer = pool.acquire(batchFloats(columns * rows, tilePx) * 4);
  if (!buffer.ok) return buffer;
  const batch = batchOver(buffer.value, columns, rows, tilePx);
  const picture = { data: rgb, width: info.width, height: info.height, channels: 3 };
  const crops = tileCrops(columns, rows, tilePx);
  const cut = image.preprocess(picture, crops, asItIs(tilePx), batch.data);
  const measured = cut.ok ? image.meanLevels(picture, crops, batch.brightness) : cut;
  if (!measured.ok) {
    batch.release();
    return measured;
  }
  return succeed(batch);
}

function misfit(
  { id, width, height }: Value<typeof FrameInfo>,
  rgb: Uint8Array,
  tilePx: number,
  max: number,
): Failed | undefined {
  const tiles = Math.floor(width / tilePx) * Math.floor(height / tilePx);
  if (tiles < 1 || tiles > max)
    return fail('TILER_FRAME_SIZE', { frame: id, width, height, tiles, tilePx, max });
  const needed = width * height * 3;
  if (rgb.length < needed) return fail('TILER_FRAME_BYTES', { frame: id, length: rgb.length, needed });
  return undefined;
}

function batchOver(buffer: PooledBuffer, columns: number, rows: number, tilePx: number): TileBatch {
  const tiles = columns * rows;
  const floats = new Float32Array(buffer.bytes.buffer, buffer.bytes.byteOffset, batchFloats(tiles, tilePx));
  const pixels = tiles * 3 * tilePx * tilePx;
  return {
    columns,
    rows,
    tilePx,
    data: floats.subarray(0, pixels),
    brightness: floats.subarray(pixels),
    release: () => void buffer.release(),
  };
}

/** Left, top, width, height of each tile, row by row. */
function tileCrops(columns: number, rows: number, tilePx: number): Uint32Array {
  const crops = new Uint32Array(columns * rows * 4).fill(tilePx);
  for (let tile = 0; tile < columns * rows; tile++) {
    crops[tile * 4] = (tile % columns) * tilePx;
    crops[tile * 4 + 1] = Math.floor(tile / columns) * tilePx;
  }
  return crops;
}

/** The levels of a tile, 0 to 255, neither resized nor normalised. */
function asItIs(tilePx: number): NetworkInput {
  return { width: tilePx, height: tilePx, mean: new Float32Array(3), std: new Float32Array(3).fill(1) };
}
