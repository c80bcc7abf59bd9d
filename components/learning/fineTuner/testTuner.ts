/** A fine-tuner on the bench: a small network that learns colours, tiles on board, a signed base, the own key. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Board, Memory } from '../../../fsw/framework';
import { type MemoryFiles, memoryFiles } from '../../../fsw/framework/memoryFiles';
import { plainMemory } from '../../../fsw/framework/plainMemory';
import { seededRandom } from '../../../fsw/framework/random';
import { bench } from '../../../fsw/framework/testing';
import { type Graph, type Initializer, writeGraph } from '../../../fsw/learning';
import { sameProcessEngine } from '../../../fsw/learning/engines/sameProcess';
import type { FlightEngine } from '../../../fsw/learning/engines/workshop';
import { type Label, writeLabels } from '../../../fsw/learning/labels';
import { type ManifestModel, provideOwnKey, readSafetensors } from '../../../fsw/models';
import { randomWeights } from '../../../fsw/models/testDelta';
import { sha256Hex } from '../../../fsw/models/testModel';
import type { ServedVersion, StoredModel } from '../../payload/ports';
import type { KeptTile } from '../ports';
import { fineTuner } from './fineTuner';

export const CLASSES = ['Red', 'Green', 'Blue'];
const SIDE_PX = 4;
const VALUES = 3 * SIDE_PX * SIDE_PX;

export function worth<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.text);
  return result.value;
}

/** tiles → scaled → 48 → 16 → tanh → 3 classes, its weights in a safetensors file. */
export function smallModel(serial = 1): StoredModel & ServedVersion {
  const shapes = { 'body.weight': [VALUES, 16], 'body.bias': [16], 'head.weight': [16, 3], 'head.bias': [3] };
  const weights = randomWeights(shapes, serial);
  const weightsName = 'colours.safetensors';
  const outside = worth(readSafetensors(weights, weightsName)).map(
    ({ name, shape, offset, length }): [string, Initializer] => [
      name,
      { type: 'float32', dims: shape, external: { location: weightsName, offset, length } },
    ],
  );
  const inside: [string, Initializer][] = [
    ['scale', { type: 'float32', dims: [], data: Float32Array.of(1 / 255) }],
    ['flat', { type: 'int64', dims: [2], data: BigInt64Array.of(0n, BigInt(VALUES)) }],
  ];
  const node = (op: string, inputs: string[], output: string) => ({
    op,
    inputs,
    outputs: [output],
    attributes: {},
  });
  const input = { name: 'tiles', shape: ['N', 3, SIDE_PX, SIDE_PX] };
  const output = { name: 'probabilities', shape: ['N', 3] };
  const graph: Graph = {
    opset: 17,
    inputs: [{ ...input, type: 'float32' }],
    outputs: [{ ...output, type: 'float32' }],
    initializers: new Map([...outside, ...inside]),
    nodes: [
      node('Mul', ['tiles', 'scale'], 'scaled'),
      node('Reshape', ['scaled', 'flat'], 'row'),
      node('MatMul', ['row', 'body.weight'], 'body'),
      node('Add', ['body', 'body.bias'], 'sum'),
      node('Tanh', ['sum'], 'features'),
      node('MatMul', ['features', 'head.weight'], 'mixed'),
      node('Add', ['mixed', 'head.bias'], 'logits'),
      node('Softmax', ['logits'], 'probabilities'),
    ],
  };
  const bytes = writeGraph(graph);
  const manifest: ManifestModel = {
    name: 'colours',
    version: `${serial}.0.0`,
    serial,
    graph: { path: 'colours.onnx', bytes: bytes.length, sha256: sha256Hex(bytes) },
    weights: { path: weightsName, bytes: weights.length, sha256: sha256Hex(weights) },
    input,
    outputs: [output],
    classes: CLASSES,
  };
  return { ...manifest, manifest, nextSerial: serial + 1, graph: bytes, weightsName, weights };
}

/** Tile `id` shows class `id % 3`: brighter in its channel. */
export function tile(id: number): KeptTile {
  const random = seededRandom(id, 'tile');
  const pixels = Uint8Array.from({ length: VALUES }, (_, i) => {
    const own = Math.floor(i / (SIDE_PX * SIDE_PX)) === id % 3;
    return (own ? 120 : 60) + random.integer(60);
  });
  return { id, timeUs: 0, latDeg: 0, lonDeg: 0, pixels, probabilities: new Float32Array(3) };
}

/** Labels as they are true: every fourth is for reference. */
export function labels(count: number, change: (label: Label) => Label = (label) => label): Label[] {
  return Array.from({ length: count }, (_, tile) =>
    change({ tile, says: tile % 3, weight: 1, use: tile % 4 === 3 ? 'reference' : 'train' }),
  );
}

export function labelFile(entries: readonly Label[], classes = CLASSES, model = 'colours'): Uint8Array {
  return worth(writeLabels({ name: 'ground-1', model, classes, entries }));
}

export interface TunerOptions {
  readonly files?: MemoryFiles;
  readonly memory?: Memory;
  readonly engine?: () => FlightEngine;
  readonly board?: Partial<Board>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly params?: Readonly<Record<string, number>>;
  /** What the store serves; may change in flight. */
  readonly model?: () => (StoredModel & ServedVersion) | undefined;
  readonly tileOf?: (id: number) => KeptTile;
  /** Tiles from here on are not kept. */
  readonly tiles?: () => number;
}

export async function tunerBench(options: TunerOptions = {}) {
  const { files = memoryFiles(), tiles = () => 1000 } = options;
  const own = smallModel();
  const model = options.model ?? (() => own);
  const stored = new Map<string, Uint8Array>();
  const storage: Board['storage'] = {
    read(name) {
      const bytes = stored.get(name);
      return bytes ? succeed(bytes) : fail('STORAGE_MISSING', { name });
    },
    write(name, bytes) {
      stored.set(name, bytes);
      return succeed(undefined);
    },
  };
  worth(provideOwnKey(storage, () => new Uint8Array(32).fill(7)));
  const b = await bench(fineTuner, {
    config: {
      model: 'colours',
      providers: 'cpu',
      engine: options.engine ?? sameProcessEngine,
      ...options.config,
    },
    board: { files, storage, memory: options.memory ?? plainMemory(), ...options.board },
    answers: {
      tile: ({ tile: id }: { tile: number }) => (id < tiles() ? (options.tileOf ?? tile)(id) : undefined),
      fetch: () => model(),
      served: () => model(),
    },
  });
  for (const [name, val] of Object.entries(options.params ?? {})) b.command(`${name}_PRM_SET`, { val });
  await b.settle();
  return {
    ...b,
    files,
    storage,
    named: (event: string) => b.events.filter(({ name }) => name === event).map(({ args }) => args),
    /** Sends a command and lets it end; `OK`, or why not. */
    async obey(command: string, args: Record<string, unknown> = {}): Promise<string> {
      const seq = b.command(command, args);
      await b.settle();
      for (let waits = 0; waits < 20 && !b.responses.some(({ cmdSeq }) => cmdSeq === seq); waits++)
        await b.advance(1e6);
      const response = b.responses.find(({ cmdSeq }) => cmdSeq === seq);
      return response?.status === 'OK' ? 'OK' : `${response?.status}: ${response?.reason}`;
    },
    async takeLabels(entries: readonly Label[] = labels(40)): Promise<string> {
      files.truncate('up.labels', 0);
      files.write('up.labels', 0, labelFile(entries));
      return this.obey('TAKE_LABELS', { path: 'up.labels' });
    },
    async tick(seconds = 1): Promise<void> {
      for (let s = 0; s < seconds; s++) {
        b.in.schedIn({ context: 0 });
        await b.advance(1e6);
      }
    },
  };
}

export const TRAIN = { what: 'LORA', rank: 2, batch: 8, steps: 30, rate: 0.02, seed: 1 };
