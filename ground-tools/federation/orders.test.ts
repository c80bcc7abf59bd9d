import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openTask, sealTask, unpack, vectorId } from '../../fsw/federation';
import { hexOf, keyIdOf } from '../../fsw/models';
import { expiresAt, type FlowerMessage, packMessage, replyMetadata, unpackMessage } from './message';
import { readNpy, writeNpy } from './npy';
import { taskOf } from './orders';
import type { FlowerRecord } from './records';
import type { Metadata } from './schema';
import { groundKey, orderOf, testArrays } from './testSatellites';

const metadata: Metadata = {
  run_id: '12654630666938763809',
  message_id: 'cd'.repeat(32),
  src_node_id: '1',
  dst_node_id: '4082333763940786532',
  reply_to_message_id: '',
  group_id: '',
  ttl: 43_200,
  message_type: 'train',
  created_at: 1_795_524_142.25,
  src_task_id: '7',
};

function message(change: Parameters<typeof orderOf>[2] = {}, about: Partial<Metadata> = {}): FlowerMessage {
  return {
    metadata: { ...metadata, ...about },
    body: { kind: 'content', records: orderOf(testArrays, 3, change) },
  };
}

describe("Flower's message as a task", () => {
  it('has all that the configuration says, and opens on board', () => {
    const task = taskOf(
      message({ what: 'lora', rank: 8n, alpha: 16n, coding: 'sparse', keep: 0.1 }),
      'sat-1',
    );
    if (!task.ok) throw new Error(task.error.text);
    const keys = new Map([[hexOf(keyIdOf(groundKey.publicKey)), groundKey.publicKey]]);
    const opened = openTask(sealTask(task.value, groundKey.privateKey), keys);
    if (!opened.ok) throw new Error(opened.error.text);
    const { start, ...content } = opened.value.content;
    expect(content).toEqual({
      run: metadata.run_id,
      round: 3,
      node: 'sat-1',
      model: 'land-cover',
      base: 'ab'.repeat(32),
      choice: { what: 'lora', rank: 8, alpha: 16, batch: 8, optimizer: { kind: 'sgd', momentum: 0.9 } },
      layout: [
        { name: 'head.weight', dims: [4, 3] },
        { name: 'head.bias', dims: [4] },
      ],
      steps: 20,
      rate: 0.01,
      seed: 1,
      coding: { kind: 'sparse', keep: 0.1, block: 256 },
      expiresMs: 1_795_567_342_250,
    });
    const flat = Float32Array.from([...testArrays.values()].flatMap(({ data }) => [...data]));
    expect(start?.id).toBe(vectorId(flat));
    expect(unpack(start?.packed ?? new Uint8Array(), 16)).toEqual({ ok: true, value: flat });
  });

  it.each([
    [{ base: 'ABC' }, 'no SHA-256'],
    [{ what: 'tail' }, 'tail is not head'],
    [{ optimizer: 'lion' }, 'lion is not sgd'],
    [{ coding: 'zip' }, 'zip is not float32'],
    [{ coding: 'sparse', keep: 0 }, 'keep: 0 is not above 0'],
    [{ steps: 1.5 }, 'steps: 1.5 is no whole number'],
    [{ batch: -1n }, 'batch: -1 is no whole number'],
    [{ rate: 0 }, 'rate: 0 is not above 0'],
    [{ rate: Number.NaN }, 'rate: NaN is no number'],
    [{ model: '' }, 'model: a text is needed'],
  ])('is refused with %o: %s', (change, why) => {
    const task = taskOf(message(change), 'sat-1');
    expect(task).toMatchObject({
      ok: false,
      error: { code: 'FLOWER_ORDER', text: expect.stringContaining(why) },
    });
  });

  it('needs one record of each kind, something to train, and finite numbers', () => {
    const of = (records: FlowerMessage['body']) => taskOf({ metadata, body: records }, 'sat-1');
    const good = orderOf(testArrays, 1);
    const arrays = good.get('arrays') as FlowerRecord;
    expect(of({ kind: 'content', records: new Map([['arrays', arrays]]) })).toMatchObject({ ok: false });
    expect(of({ kind: 'content', records: new Map([...good, ['more', arrays]]) })).toMatchObject({
      ok: false,
    });
    expect(of({ kind: 'content', records: orderOf(new Map(), 1) })).toMatchObject({ ok: false });
    expect(of({ kind: 'error', error: { code: '1', reason: 'none' } })).toMatchObject({ ok: false });
    const poisoned = new Map([['w', { dims: [2], data: Float32Array.of(1, Number.NaN) }]]);
    expect(of({ kind: 'content', records: orderOf(poisoned, 1) })).toMatchObject({
      ok: false,
      error: { code: 'FED_NUMBER' },
    });
  });
});

describe('a reply', () => {
  it('goes the way back, and is no longer valid than what it answers', () => {
    const reply = replyMetadata({ ...metadata, dst_task_id: '9' }, 1_795_530_000);
    expect(reply).toMatchObject({
      src_node_id: metadata.dst_node_id,
      dst_node_id: '1',
      reply_to_message_id: metadata.message_id,
      src_task_id: '9',
      dst_task_id: '7',
    });
    expect(expiresAt(reply)).toBeCloseTo(expiresAt(metadata), 6);
  });
});

describe('messages of any content', () => {
  const float = fc.float({ noNaN: true });
  const tensor = fc
    .array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 })
    .chain((dims) =>
      fc
        .array(float, { minLength: size(dims), maxLength: size(dims) })
        .map((data) => ({ dims, data: Float32Array.from(data) })),
    );

  it('come back as they went', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), tensor)), fc.string(), (named, text) => {
        const arrays = new Map(named);
        const records = new Map<string, FlowerRecord>([
          ['arrays', { kind: 'arrays', arrays }],
          ['config', { kind: 'config', values: new Map([[text, text]]) }],
        ]);
        const packed = packMessage({ metadata, body: { kind: 'content', records } });
        const back = unpackMessage(packed.tree.object_id, packed.objects);
        expect(back).toEqual({
          ok: true,
          value: {
            metadata: { ...metadata, message_id: packed.tree.object_id },
            body: { kind: 'content', records },
          },
        });
      }),
      { numRuns: 50 },
    );
  });

  it('arrays survive, and no flipped header makes anything throw', () => {
    fc.assert(
      fc.property(tensor, fc.nat(), fc.nat({ max: 255 }), (array, at, byte) => {
        const file = writeNpy(array);
        expect(readNpy('a', file)).toEqual({ ok: true, value: array });
        file[at % file.length] = byte;
        readNpy('a', file);
      }),
    );
  });
});

function size(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}
