import { describe, expect, it } from 'vitest';
import { identityOf, sshPublicKey } from '../../ground-tools/federation/identity';
import { packMessage, unpackMessage } from '../../ground-tools/federation/message';
import { readNpy, writeNpy } from '../../ground-tools/federation/npy';
import { idsOf, ObjectHeap } from '../../ground-tools/federation/objects';
import { putRecords, readRecords } from '../../ground-tools/federation/records';
import { FLWR_VERSION, type ObjectTree } from '../../ground-tools/federation/schema';
import vector from './flower.json';

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

function objectsOf(taken: { readonly objects: Readonly<Record<string, string>> }): Map<string, Uint8Array> {
  return new Map(Object.entries(taken.objects).map(([id, base64]) => [id, bytesOf(base64)]));
}

function unpacked(taken: { readonly tree: { readonly object_id: string }; readonly objects: object }) {
  const objects = objectsOf(taken as { objects: Record<string, string> });
  const message = unpackMessage(taken.tree.object_id, objects);
  if (!message.ok) throw new Error(message.error.text);
  return message.value;
}

describe(`messages as flwr ${vector.madeWith.flwr} takes them apart`, () => {
  it('are of the release that our schema was made from', () => {
    expect(vector.madeWith.flwr).toBe(FLWR_VERSION);
  });

  it('put together, every kind of record and value', () => {
    const { metadata, body } = unpacked(vector.content);
    expect(metadata).toMatchObject({
      run_id: '18446744073709551613',
      src_node_id: '11',
      dst_node_id: '1',
      reply_to_message_id: 'ab'.repeat(32),
      group_id: '3',
      created_at: 1_795_524_142.309346,
      ttl: 43_100.25,
      message_type: 'train',
    });
    if (body.kind !== 'content') throw new Error('it has no content');
    const sixths = Float32Array.from([0, 1, 2, 3, 4, 5], (value) => Math.fround(value) / 7);
    expect(body.records.get('arrays')).toEqual({
      kind: 'arrays',
      arrays: new Map([
        ['head.w', { dims: [2, 3], data: sixths }],
        ['head.b', { dims: [3], data: Float32Array.of(-1.5, 0, 2e-30) }],
        ['größe \u2028', { dims: [2, 3], data: sixths }],
      ]),
    });
    expect(body.records.get('metrics')).toEqual({
      kind: 'metrics',
      values: new Map<string, unknown>([
        ['num-examples', 200n],
        ['loss', 0.25],
        ['small', -3n],
        ['large', 2n ** 64n - 1n],
        ['per-class', [0.5, 1]],
        ['n', [1n, 2n]],
      ]),
    });
    const config = body.records.get('config');
    if (config?.kind !== 'config') throw new Error('it has no configuration');
    expect(config.values.get('model')).toBe('land-cover');
    expect(config.values.get('shadow')).toBe(true);
    expect(Buffer.from(config.values.get('key') as Uint8Array).toString('hex')).toBe('00ff');
    expect(config.values.get('big')).toEqual([2n ** 63n, 1n]);
  });

  it.each(['content', 'error'] as const)('are made here to the byte: %s', (kind) => {
    const { metadata, body } = unpacked(vector[kind]);
    const packed = packMessage({ metadata, body });
    expect(packed.tree).toEqual(vector[kind].tree);
    expect(packed.objects).toEqual(objectsOf(vector[kind]));
    expect(idsOf(packed.tree)).toEqual(Object.keys(vector[kind].objects));
  });

  it('have arrays of many megabytes in chunks, equal ones once', () => {
    const { size, tree } = vector.chunked;
    const data = new Float32Array(size);
    data[size - 1] = 1;
    const heap = new ObjectHeap();
    const made = putRecords(
      heap,
      new Map([['arrays', { kind: 'arrays', arrays: new Map([['zeros', { dims: [size], data }]]) }]]),
    );
    expect(made).toEqual(tree);
    expect(readRecords(made.object_id, heap.objects)).toMatchObject({ ok: true });
  });

  it('carry an error in place of content', () => {
    expect(unpacked(vector.error).body).toEqual({
      kind: 'error',
      error: { code: '3', reason: 'FED_NORM: too far' },
    });
  });

  it('are refused with a flipped bit, a part missing, or another type', () => {
    const objects = objectsOf(vector.content);
    const tree: ObjectTree = vector.content.tree;
    for (const id of idsOf(tree)) {
      const flipped = new Map(objects);
      const bytes = Uint8Array.from(objects.get(id) ?? []);
      bytes[bytes.length - 1] ^= 1;
      flipped.set(id, bytes);
      expect(unpackMessage(tree.object_id, flipped)).toMatchObject({
        ok: false,
        error: { code: 'FLOWER_OBJECT' },
      });
      flipped.delete(id);
      expect(unpackMessage(tree.object_id, flipped)).toMatchObject({
        ok: false,
        error: { code: 'FLOWER_OBJECT' },
      });
    }
    expect(unpackMessage(tree.children[0].object_id, objects)).toMatchObject({
      ok: false,
      error: { code: 'FLOWER_OBJECT' },
    });
  });
});

describe('a key', () => {
  it('has its public half in the form of OpenSSH', () => {
    const identity = identityOf(vector.key.pem, 'vector');
    expect(identity.ok && sshPublicKey(identity.value)).toBe(vector.key.ssh);
  });
});

describe(`arrays as NumPy ${vector.madeWith.numpy} writes them`, () => {
  it.each(vector.npy)('$dims, both ways to the byte', ({ dims, file }) => {
    const read = readNpy('array', bytesOf(file));
    if (!read.ok) throw new Error(read.error.text);
    expect(read.value.dims).toEqual(dims);
    expect([...read.value.data]).toEqual([...read.value.data.keys()]);
    expect(writeNpy(read.value)).toEqual(bytesOf(file));
  });

  it('float64 is rounded', () => {
    expect(readNpy('array', bytesOf(vector.float64))).toEqual({
      ok: true,
      value: { dims: [2], data: Float32Array.of(0.1, -2.5) },
    });
  });

  it('that are cut short, too long or no file at all are refused', () => {
    const file = bytesOf(vector.npy[2].file);
    const longer = Uint8Array.from([...file, 0]);
    for (const bad of [
      file.subarray(0, -1),
      longer,
      file.subarray(1),
      file.subarray(0, 20),
      new Uint8Array(),
    ])
      expect(readNpy('array', bad)).toMatchObject({ ok: false, error: { code: 'FLOWER_ARRAY' } });
  });
});
