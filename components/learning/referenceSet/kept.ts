/**
 * The reference set on the board's files: tiles with their pixels and classes, in two copies, each written whole, with a
 * hash of its own. The pixels are there, too, because the archive lets tiles go.
 */
import { createHash } from 'node:crypto';
import { type Fault, fail, type Result, succeed } from '../../../fsw/errors';
import { type FileStore, folderOf, readWhole, writeWhole } from '../../../fsw/framework';
import { decodeCbor, encodeCbor } from '../../../fsw/models';
import { list, Malformed, member, text, whole } from '../../../fsw/models/fields';
import type { ReferenceSet } from '../../payload/ports';

export interface ReferenceTile {
  readonly id: number;
  /** The index of its class. */
  readonly label: number;
  readonly pixels: Uint8Array;
}

export interface KeptSet {
  readonly classes: readonly string[];
  /** All of one size. */
  readonly tiles: readonly ReferenceTile[];
}

const COPIES = ['a', 'b'];
const HASH_BYTES = 32;
const MAX_BYTES = 1 << 26;

/**
 * The set at `path`, from the first copy that is whole, which heals the other; undefined where there is none. `faults`: what
 * was wrong with copies that are there.
 */
export function readSet(
  files: FileStore,
  path: string,
): { set: KeptSet | undefined; faults: readonly Fault[] } {
  const copies = COPIES.map((copy) => readCopy(files, `${path}-${copy}`));
  const good = copies.find((copy) => copy.ok);
  const faults = copies.flatMap((copy) =>
    copy.ok || copy.error.code === 'FILE_MISSING' ? [] : [copy.error],
  );
  if (!good?.ok) return { set: undefined, faults };
  const { set, bytes } = good.value;
  copies.forEach((copy, i) => {
    // Damaged, or of before a power cut. What can't be written now is tried again when the set is next read.
    if (!copy.ok || Buffer.compare(copy.value.bytes, bytes) !== 0)
      writeWhole(files, `${path}-${COPIES[i]}`, bytes);
  });
  return { set, faults };
}

/** Errors: those of the store; what was there before is then as it was, or is this set already. */
export function writeSet(files: FileStore, path: string, set: KeptSet): Result<void> {
  const made = files.makeFolder(folderOf(path));
  if (!made.ok) return made;
  const bytes = sealed(set);
  for (const copy of COPIES) {
    const written = writeWhole(files, `${path}-${copy}`, bytes);
    if (!written.ok) return written;
  }
  return succeed(undefined);
}

export function removeSet(files: FileStore, path: string): void {
  for (const copy of COPIES) files.remove(`${path}-${copy}`);
}

/** As a runtime is measured by it. */
export function asReference({ classes, tiles }: KeptSet): ReferenceSet {
  return {
    classes,
    labels: Uint8Array.from(tiles, ({ label }) => label),
    items(first, count) {
      const some = tiles.slice(first, first + count);
      const size = some[0]?.pixels.length ?? 0;
      const items = new Float32Array(some.length * size);
      some.forEach(({ pixels }, i) => {
        items.set(pixels, i * size);
      });
      return items;
    },
  };
}

function sealed({ classes, tiles }: KeptSet): Uint8Array {
  const content = encodeCbor({ classes, tiles: tiles.map(({ id, label, pixels }) => [id, label, pixels]) });
  return new Uint8Array(Buffer.concat([content, createHash('sha256').update(content).digest()]));
}

function readCopy(files: FileStore, file: string): Result<{ set: KeptSet; bytes: Uint8Array }> {
  const read = readWhole(files, file, MAX_BYTES);
  if (!read.ok) return read;
  const content = read.value.subarray(0, -HASH_BYTES);
  const hash = createHash('sha256').update(content).digest();
  if (Buffer.compare(hash, read.value.subarray(content.length)) !== 0)
    return fail('REFERENCE', { file, why: 'its hash is not that of its content' });
  try {
    return succeed({ set: setOf(decodeCbor(content)), bytes: read.value });
  } catch (error) {
    return fail('REFERENCE', { file, why: error instanceof Malformed ? error.message : 'not CBOR' });
  }
}

function setOf(value: unknown): KeptSet {
  const classes = list(member(value, 'classes', 'the set'), 'classes').map((name, i) =>
    text(name, `classes[${i}]`),
  );
  const tiles = list(member(value, 'tiles', 'the set'), 'tiles').map((entry, i) => {
    const at = `tiles[${i}]`;
    const [id, label, pixels] = list(entry, at, 3);
    if (!(pixels instanceof Uint8Array)) throw new Malformed(`${at}: no pixels`);
    return {
      id: whole(id, `${at}, id`, { max: 0xffff_ffff }),
      label: whole(label, `${at}, class`, { max: classes.length - 1 }),
      pixels,
    };
  });
  return { classes, tiles };
}
