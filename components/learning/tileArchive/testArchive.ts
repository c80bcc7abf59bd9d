/** An archive on a bench with files in memory, for its tests. */
import { type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import { bench } from '../../../fsw/framework/testing';
import { decode, type Value } from '../../../fsw/framework/types';
import { TileRecord } from '../../../fsw/learning';
import { type Chunk, ProductChunk } from '../../../fsw/products';
import { readRecordPacket } from '../../../fsw/protocols';
import type { KeptTile, Specimen } from '../ports';
import { tileArchive } from './tileArchive';
import { TILE_HEAD_BYTES } from './tileFile';

export const SIDE = 8;
export const TILE_BYTES = TILE_HEAD_BYTES + 3 * SIDE * SIDE;

/** A tile of one grey level, about which the model is as sure as `first` says. */
export function specimen(level: number, first = 0.75, changes: Partial<Specimen> = {}): Specimen {
  return {
    timeUs: 1_700_000_000_000_000 + level * 1e6,
    latDeg: 10 + level / 1000,
    lonDeg: 20,
    headingDeg: 350,
    gsdM: 10,
    pixels: new Uint8Array(3 * SIDE * SIDE).fill(level),
    probabilities: Float32Array.of(first, 1 - first),
    ...changes,
  };
}

export async function boot(
  files: MemoryFiles = memoryFiles(),
  config: Record<string, unknown> = {},
  sampleShare = 0.5,
) {
  const b = await bench(tileArchive, { config: { classes: 'land,water', ...config }, board: { files } });
  b.command('SampleShare_PRM_SET', { val: sampleShare });
  await b.settle();
  return {
    b,
    files,
    async see(tiles: readonly Specimen[], model = 'land-cover') {
      b.in.specimensIn({ model, version: '1.2.0', tiles });
      await b.advance(1_000 * tiles.length);
    },
    fetch: (tile: number) => b.in.tileFetch({ tile }) as KeptTile | undefined,
    records: () => recordsIn(b.calls('productOut'), TileRecord, 40) as Value<typeof TileRecord>[],
    chunks: () => chunksIn(b.calls('productOut')),
    async obey(command: string, args: Record<string, unknown>) {
      b.command(command, args);
      await b.advance(10_000);
      return b.responses.at(-1);
    },
  };
}

function packetsIn(calls: readonly Record<string, unknown>[]) {
  return calls.map(({ data }) => {
    const packet = readRecordPacket(data as Uint8Array);
    if (!packet.ok) throw new Error(packet.error.text);
    return packet.value;
  });
}

function recordsIn(calls: readonly Record<string, unknown>[], type: typeof TileRecord, length: number) {
  return packetsIn(calls).flatMap(({ count, recordLength, records }) =>
    recordLength !== length
      ? []
      : Array.from({ length: count }, (_, i) => {
          const record = decode(type, records.subarray(i * length, (i + 1) * length));
          if (!record.ok) throw new Error(record.error.text);
          return record.value;
        }),
  );
}

function chunksIn(calls: readonly Record<string, unknown>[]): Chunk[] {
  return packetsIn(calls).flatMap(({ records, count, recordLength }) => {
    if (recordLength === 40) return [];
    const chunk = decode(ProductChunk, records);
    return count === 1 && chunk.ok ? [chunk.value] : [];
  });
}
