/** What radiation can hit on the simulated board, and how each is reached without flight code knowing of it. */
import { closeSync, openSync, readdirSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Memory } from '../../../fsw/framework/board';
import { flipBits } from './upsets';

/** Kinds of targets, as an operator names them. */
export const targetKinds = ['store', 'golden', 'parameters', 'queues', 'runtime'] as const;
export type TargetKind = (typeof targetKinds)[number];

/** A stretch of cells. */
export interface Target {
  readonly kind: TargetKind;
  readonly name: string;
  /** Exposed now. */
  readonly bits: number;
  /** Upsets `count` neighbouring cells from `first` on; returns how many there were. */
  flip(first: number, count: number): number;
  /** The byte array whose cells can get stuck; absent where a repair writes to other cells (files). */
  readonly cells?: Uint8Array;
}

/** Memory that was allocated by name, and lies open to radiation from then on. */
export interface ExposedMemory extends Memory {
  targets(): Target[];
}

/** Parameters live in memory of that name; all other named memory is the model store's. */
const kindOfMemory = (name: string): TargetKind => (name.startsWith('parameter') ? 'parameters' : 'store');

export function exposedMemory(inner: Memory): ExposedMemory {
  const exposed = new Map<string, Target>();
  return {
    allocate(name, bytes) {
      const buffer = inner.allocate(name, bytes);
      if (buffer.ok) exposed.set(name, memoryTarget(kindOfMemory(name), name, new Uint8Array(buffer.value)));
      return buffer;
    },
    release(name) {
      exposed.delete(name);
      inner.release(name);
    },
    targets: () => [...exposed.values()],
  };
}

export function memoryTarget(kind: TargetKind, name: string, cells: Uint8Array): Target {
  return {
    kind,
    name,
    bits: cells.length * 8,
    flip: (first, count) => flipBits(cells, first, count),
    cells,
  };
}

/** Half-written files are gone before anything could hit them. */
const TEMPORARY = /\.tmp$/;

/**
 * Files at rest below `folder` whose path (relative, `/` between parts) fits `wanted`. Hits go to the medium behind the
 * back of whoever keeps the files.
 */
export function filesAtRest(folder: string, kind: TargetKind, wanted: RegExp): Target[] {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const path = join(folder, name);
    if (!wanted.test(name) || TEMPORARY.test(name)) return [];
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() ? [fileTarget(kind, name, path, stat.size)] : [];
  });
}

function fileTarget(kind: TargetKind, name: string, path: string, size: number): Target {
  return {
    kind,
    name,
    bits: size * 8,
    flip(first, count) {
      const start = first >>> 3;
      const hit = new Uint8Array(Math.min(size - start, ((first & 7) + count + 7) >>> 3));
      const file = openSync(path, 'r+');
      readSync(file, hit, 0, hit.length, start);
      const flipped = flipBits(hit, first & 7, count);
      writeSync(file, hit, 0, hit.length, start);
      closeSync(file);
      return flipped;
    },
  };
}
