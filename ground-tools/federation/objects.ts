/**
 * Flower's objects: everything that a message carries is a tree of them, and the name of each is the hash of its bytes:
 * `<Type> <id of child>,<id of child> <length of body>`, a zero byte, the body. Equal parts are sent once.
 */
import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { ObjectTree } from './schema';

export interface FlowerObject {
  readonly type: string;
  /** Ids, each once. */
  readonly children: readonly string[];
  readonly body: Uint8Array;
}

/** Objects by their ids. */
export type Objects = ReadonlyMap<string, Uint8Array>;

export function objectId(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function writeObject({ type, children, body }: FlowerObject): Uint8Array {
  const head = Buffer.from(`${type} ${children.join(',')} ${body.length}\0`, 'utf8');
  return new Uint8Array(Buffer.concat([head, body]));
}

/** Errors: FLOWER_OBJECT, also where the bytes are not those that the id names. */
export function readObject(id: string, bytes: Uint8Array | undefined): Result<FlowerObject> {
  if (bytes === undefined) return fail('FLOWER_OBJECT', { id, why: 'it is not there' });
  const found = objectId(bytes);
  if (found !== id) return fail('FLOWER_OBJECT', { id, why: `its bytes hash to ${found}` });
  const end = bytes.indexOf(0);
  const head = end < 0 ? [] : Buffer.from(bytes.subarray(0, end)).toString('utf8').split(' ');
  const body = bytes.subarray(end + 1);
  if (head.length !== 3 || head[2] !== String(body.length))
    return fail('FLOWER_OBJECT', { id, why: 'its head is not of the form `Type children length`' });
  return succeed({ type: head[0], children: head[1] === '' ? [] : head[1].split(','), body });
}

/** A heap that objects are put on, children before parents. */
export class ObjectHeap {
  readonly objects = new Map<string, Uint8Array>();

  /** Puts an object on the heap; its children are trees that were put before. */
  put(type: string, children: readonly ObjectTree[], body: Uint8Array): ObjectTree {
    const unique = [...new Map(children.map((child) => [child.object_id, child])).values()];
    const bytes = writeObject({ type, children: unique.map((child) => child.object_id), body });
    const object_id = objectId(bytes);
    this.objects.set(object_id, bytes);
    return { object_id, children: unique };
  }
}

/** The ids of a tree, children before parents, each once. */
export function idsOf(tree: ObjectTree): string[] {
  const ids = new Set<string>();
  const walk = ({ object_id, children }: ObjectTree) => {
    for (const child of children) walk(child);
    ids.add(object_id);
  };
  walk(tree);
  return [...ids];
}
