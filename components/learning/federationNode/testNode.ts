/** A federation node on the bench: files whose power can be cut, a trainer that answers at once, passes and neighbours as told. */
import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../../../fsw/errors';
import {
  type Id,
  idOf,
  layoutId,
  openUpdate,
  pack,
  sealTask,
  type Task,
  type Update,
  unpack,
  valuesIn,
  vectorId,
} from '../../../fsw/federation';
import { testDelta } from '../../../fsw/federation/testVectors';
import type { Board, Contact, FileStore, Neighbours } from '../../../fsw/framework';
import { memoryFiles } from '../../../fsw/framework/memoryFiles';
import { bench } from '../../../fsw/framework/testing';
import { hexOf, keyIdOf, ownKeyOf, provideOwnKey, publicHex, publicKeyOf } from '../../../fsw/models';
import type { Trained, TrainTask } from '../ports';
import { federationNode } from './federationNode';

export const layout = [
  { name: 'w', dims: [8, 5] },
  { name: 'b', dims: [5] },
];
export const VALUES = valuesIn(layout);
export const planStart = testDelta(VALUES, 100, 0.5);
export const BASE = 'ab'.repeat(32);

const secretOf = (name: string) => new Uint8Array(createHash('sha256').update(name).digest());
export const keyOf = (name: string) => ownKeyOf(secretOf(name));
/** Keys of spacecraft by name, as whoever knows all of them has them. */
export const everybody = ['alpha', 'beta', 'gamma', 'omega', 'sat-1', 'sat-2', 'sat-3', 'sat-4'];
export const keysOfAll = new Map(
  everybody.map((name) => {
    const key = publicKeyOf(publicHex(keyOf(name)));
    if (!key.ok) throw new Error(key.error.text);
    return [hexOf(keyIdOf(keyOf(name))), key.value] as const;
  }),
);

/** A task for `alpha`, signed by the ground; `change` what must differ. */
export function taskOf(change: Partial<Task> = {}, signer = 'ground'): Uint8Array {
  const task: Task = {
    run: 'survey',
    round: 1,
    node: 'alpha',
    model: 'land-cover',
    base: BASE,
    choice: { what: 'head', batch: 4, optimizer: { kind: 'sgd', momentum: 0.9 } },
    layout,
    steps: 10,
    rate: 0.1,
    seed: 3,
    coding: { kind: 'sparse', keep: 0.3, block: 8 },
    expiresMs: 10 * 86_400_000,
    ...change,
  };
  return sealTask(task, keyOf(signer));
}

export function startOf(values: Float32Array): NonNullable<Task['start']> {
  const packed = pack(values, { kind: 'float32' });
  if (!packed.ok) throw new Error(packed.error.text);
  return { id: vectorId(values), packed: packed.value.bytes };
}

export function memoryStorage(): Board['storage'] {
  const stored = new Map<string, Uint8Array>();
  return {
    read: (name) => {
      const bytes = stored.get(name);
      return bytes ? succeed(bytes) : fail('STORAGE_MISSING', { name });
    },
    write: (name, bytes) => succeed(void stored.set(name, bytes.slice())),
  };
}

/** The storage of spacecraft `name`: its own key, and those of the others. */
export function storageOf(name: string, known = ['ground', ...everybody.slice(0, 3)]): Board['storage'] {
  const storage = memoryStorage();
  provideOwnKey(storage, () => secretOf(name));
  const lines = known.map((each) => `${each} ${publicHex(keyOf(each))}\n`);
  storage.write('federation-keys', Buffer.from(lines.join('')));
  return storage;
}

/** What the trainer makes of an order: so much is learned, the same each time it is asked the same. */
export function learnedFrom(order: Pick<TrainTask, 'seed'>): Float32Array {
  return testDelta(VALUES, Math.round(order.seed), 0.02);
}

export type Answer = Trained | 'BUSY' | 'REFUSED' | 'FAILED' | undefined;

/** 40 examples, learned at once. */
export function learns(order: Pick<TrainTask, 'seed' | 'initial'>): Trained {
  const initial = order.initial ?? planStart;
  const delta = learnedFrom(order);
  const parameters = initial.map((value, i) => value + delta[i]);
  return {
    layout,
    initial,
    parameters,
    examples: 40,
    loss: 0.5,
    accuracyBefore: 0.5,
    accuracyAfter: Number.NaN,
  };
}

export interface NodeOptions {
  readonly name?: string;
  readonly files?: FileStore;
  readonly storage?: Board['storage'];
  readonly neighbours?: Neighbours;
  readonly contacts?: readonly Contact[];
  /** Unix time of the boot. */
  readonly epochMs?: number;
  readonly trains?: (order: TrainTask) => Answer;
  readonly config?: Readonly<Record<string, unknown>>;
  /** SHA-256 of the weights that the model store hands out. */
  readonly weights?: string;
}

export type BootedNode = Awaited<ReturnType<typeof bootNode>>;

export async function bootNode(options: NodeOptions = {}) {
  const { name = 'alpha', files = memoryFiles(), storage = storageOf(name), trains = learns } = options;
  const { contacts = [{ station: 'Svalbard', startUs: 0, endUs: 1e15 }], epochMs = 0 } = options;
  const orders: TrainTask[] = [];
  const sent: string[] = [];
  const holder: { inner?: Board['clock'] } = {};
  const clock = {
    epochUs: epochMs * 1000,
    nowUs: () => holder.inner?.nowUs() ?? 0,
  } as Board['clock'];
  const b = await bench(federationNode, {
    queueDepth: 64,
    config: { node: name, ...options.config },
    board: {
      files,
      storage,
      clock,
      neighbours: options.neighbours,
      ephemeris: {
        groundPoint: () => ({ latDeg: 0, lonDeg: 0, sunElevationDeg: 0 }),
        contactAt: (us) => contacts.find(({ startUs, endUs }) => startUs <= us && us < endUs),
        nextContact: (us) => contacts.find(({ endUs }) => us < endUs),
      },
    },
    answers: {
      trainOrder: ({ ticket, order }: { ticket: number; order: TrainTask }) => {
        orders.push(order);
        const answer = trains(order);
        if (answer === undefined) return;
        const isResult = typeof answer === 'object';
        const status = isResult ? 'DONE' : answer;
        b.in.trainDone({
          ticket,
          status,
          reason: isResult ? '' : 'as told',
          result: isResult ? answer : undefined,
        });
      },
      fileSend: ({ source, key }: { source: string; key: number }) => {
        sent.push(source);
        b.in.fileDone({ key, status: 'OK' });
        return 'OK';
      },
      served: () => options.weights && { manifest: { weights: { sha256: options.weights } } },
    },
  });
  holder.inner = b.clock;
  return {
    ...b,
    files,
    storage,
    orders,
    /** Paths of files that went down. */
    sent,
    async tick(times = 1) {
      for (let i = 0; i < times; i++) {
        b.in.schedIn({ context: 0 });
        await b.settle();
      }
    },
    /** Sends a command; `OK`, or why not. */
    async obey(command: string, args: Record<string, unknown>): Promise<string> {
      const seq = b.command(command, args);
      await b.settle();
      const response = b.responses.find(({ cmdSeq }) => cmdSeq === seq);
      return response?.status === 'OK' ? 'OK' : `${response?.status}: ${response?.reason}`;
    },
    /** What the uplink does, and the command that follows. */
    async give(bytes: Uint8Array, path = 'up.task'): Promise<string> {
      files.truncate(path, 0);
      files.write(path, 0, bytes);
      files.sync(path);
      return this.obey('TASK', { path });
    },
    named: (event: string) => b.events.filter(({ name: each }) => each === event).map(({ args }) => args),
    updates: () => updatesIn(files),
  };
}

export interface HeldUpdate {
  readonly name: string;
  readonly id: Id;
  readonly update: Update;
  readonly delta: Float32Array;
}

/** Updates on the shelf of a node, opened. */
export function updatesIn(files: FileStore): HeldUpdate[] {
  const listed = files.list('federation/updates');
  return (listed.ok ? listed.value : []).map((name) => {
    const path = `federation/updates/${name}`;
    const stat = files.stat(path);
    const bytes = new Uint8Array(stat.ok ? stat.value.size : 0);
    files.read(path, 0, bytes);
    const { content: update } = orThrow(openUpdate(bytes, keysOfAll));
    return { name: name.slice(0, 16), id: idOf(bytes), update, delta: orThrow(unpack(update.delta, VALUES)) };
  });
}

export function orThrow<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.text);
  return result.value;
}

export const layoutOfTasks = layoutId(layout);
