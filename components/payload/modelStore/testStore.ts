/** A model store on the bench: a mission's folder with signed models, files in memory whose power can be cut. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, succeed } from '../../../fsw/errors';
import type { Board, FileStore, Memory } from '../../../fsw/framework';
import { plainMemory } from '../../../fsw/framework/plainMemory';
import { bench } from '../../../fsw/framework/testing';
import { packDelta, sealDelta, sealEnvelope } from '../../../fsw/models';
import { type TestModel, testKeys } from '../../../fsw/models/testModel';
import type { ScrubRegion, StoredModel } from '../ports';
import { modelStore } from './modelStore';

export const owner = testKeys();

/** One file of envelope, graph and weights. */
export function bundleOf({ manifest, graph, weights }: TestModel, key = owner.key): Uint8Array {
  return new Uint8Array(Buffer.concat([sealEnvelope(manifest, key), graph, weights]));
}

/** What makes `next` of `base`, in one file. */
export function deltaOf(base: TestModel, next: TestModel, key = owner.key): Uint8Array {
  const packed = packDelta(base.weights, next.weights);
  const sealed = packed.ok ? sealDelta(base.manifest, next.manifest, packed.value, key) : packed;
  if (!sealed.ok) throw new Error(sealed.error.text);
  return sealed.value;
}

/** A mission's folder with these models and the owner's key. */
export function missionFolder(...models: readonly TestModel[]) {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-models-'));
  mkdirSync(join(folder, 'keys'));
  writeFileSync(join(folder, 'keys', 'owner.pem'), owner.publicPem);
  const put = ({ manifest, graph, weights }: TestModel) => {
    writeFileSync(join(folder, `${manifest.name}.manifest`), sealEnvelope(manifest, owner.key));
    writeFileSync(join(folder, manifest.graph.path), graph);
    writeFileSync(join(folder, manifest.weights.path), weights);
  };
  for (const model of models) put(model);
  return { folder, put, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Memory that can be looked into, and hit. */
export function openMemory(limitBytes?: number) {
  const plain = plainMemory(limitBytes);
  const held = new Map<string, Uint8Array>();
  const memory: Memory = {
    allocate(name, bytes) {
      const allocated = plain.allocate(name, bytes);
      if (allocated.ok) held.set(name, new Uint8Array(allocated.value));
      return allocated;
    },
    release(name) {
      held.delete(name);
      plain.release(name);
    },
  };
  return { memory, held };
}

export type BootedStore = Awaited<ReturnType<typeof bootStore>>;

/** Boots a store over a mission's folder and the board's files. A runtime answers each offer with what `judge` says. */
export async function bootStore(
  folder: string,
  files: FileStore,
  options: {
    readonly config?: Readonly<Record<string, unknown>>;
    readonly memory?: Memory;
    readonly stored?: ReadonlyMap<string, Uint8Array>;
    readonly judge?: (stored: StoredModel | undefined) => string | undefined;
  } = {},
) {
  const offered: (StoredModel | undefined)[] = [];
  const storage: Board['storage'] = {
    read(name) {
      const bytes = options.stored?.get(name);
      return bytes ? succeed(bytes) : fail('STORAGE_MISSING', { name });
    },
    write: (name) => fail('STORAGE_FAILED', { name, why: 'read only' }),
  };
  const trial = ({ ticket, fetch }: { ticket: number; fetch: () => StoredModel | undefined }) => {
    const judge = options.judge ?? ((stored) => (stored ? '' : 'nothing to load'));
    const stored = fetch();
    offered.push(stored);
    const reason = judge(stored);
    if (reason !== undefined) b.in.verdict({ ticket, fit: reason === '', reason });
  };
  const b = await bench(modelStore, {
    config: { folder, ...options.config },
    board: { files, storage, ...(options.memory && { memory: options.memory }) },
    answers: { offer: trial, shadow: trial },
  });
  return {
    ...b,
    offered,
    fetch: (model = 'mean') => b.in.fetch({ model }) as StoredModel | undefined,
    regions: () => b.in.regions({}) as readonly ScrubRegion[],
    /** Sends a command and lets it end; `OK`, or why not. */
    async obey(command: string, args: Record<string, unknown>): Promise<string> {
      const seq = b.command(command, args);
      await b.advance(1e9);
      const response = b.responses.find(({ cmdSeq }) => cmdSeq === seq);
      return response?.status === 'OK' ? 'OK' : `${response?.status}: ${response?.reason}`;
    },
    rejections: () =>
      b.events.filter(({ name }) => name === 'ModelRejected').map(({ args }) => `${args.model} ${args.code}`),
    named: (event: string) => b.events.filter(({ name }) => name === event).map(({ args }) => args),
  };
}
