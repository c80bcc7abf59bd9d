import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCbor } from '../models';
import { HELLO_IDS, openHello, sealHello } from './hello';
import { idOf, layoutId } from './ids';
import { seal } from './sealed';
import { openTask, sealTask } from './task';
import { ground, groundKeys, nodeKeys, testDelta, testTask, testTaskId, testUpdate } from './testVectors';
import { openUpdate } from './update';

const keysOfNodes = new Map(Object.values(nodeKeys).map(({ id, publicKey }) => [id, publicKey]));
const sealed = sealTask(testTask, ground.key);

/** The body of `sealed` with some fields changed, or left out where undefined; signed anew. */
function changed(fields: Record<string, unknown>): Uint8Array {
  const body = decodeCbor(sealed.subarray(80)) as Record<string, unknown>;
  return seal('PGEFTASK', { ...body, ...fields }, ground.key);
}

function outcome(bytes: Uint8Array): string {
  const opened = openTask(bytes, groundKeys);
  return opened.ok ? 'OK' : `${opened.error.code} ${opened.error.text}`;
}

describe('a task', () => {
  it('is read back as it was written, with its id and who signed it; the same task has the same id', () => {
    const packed = Uint8Array.of(1, 2, 3);
    for (const task of [
      testTask,
      {
        ...testTask,
        start: { id: 'cd'.repeat(32), against: 'ef'.repeat(32), packed },
        node: '*',
        gossip: { everyMs: 5, untilMs: 9 },
      },
      {
        ...testTask,
        choice: {
          what: 'head' as const,
          batch: 4,
          microBatch: 2,
          features: 'cached' as const,
          optimizer: { kind: 'adamw' as const, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
        },
        coding: { kind: 'sparse' as const, keep: 0.05, block: 64 },
      },
    ]) {
      const bytes = sealTask(task, ground.key);
      const id = idOf(bytes);
      expect(openTask(bytes, groundKeys)).toEqual({
        ok: true,
        value: { content: task, id, keyId: ground.id },
      });
      const turned = Object.fromEntries(Object.entries(task).reverse()) as unknown as typeof testTask;
      expect(idOf(sealTask(turned, ground.key))).toBe(id);
    }
    const { start, ...own } = testTask;
    expect(openTask(sealTask(own, ground.key), groundKeys)).toMatchObject({ value: { content: own } });
  });

  it.each([
    ['nothing', new Uint8Array(0), 'FED_FORMAT'],
    ['a head alone', sealed.subarray(0, 80), 'FED_FORMAT'],
    ['a cut end', sealed.subarray(0, -1), 'FED_SIGNATURE'],
    ['another magic', testUpdate().bytes, 'FED_FORMAT'],
    ['a key that nobody trusts', sealTask(testTask, nodeKeys.alpha.key), 'FED_KEY'],
    ['another format', changed({ format: 'perigee-task/2' }), 'FED_FORMAT PGEFTASK: format: perigee-task/2'],
    ['no expiry', changed({ expiresMs: undefined }), 'FED_FORMAT PGEFTASK: task: expiresMs is missing'],
    ['no step to make', changed({ steps: 0 }), 'FED_FORMAT'],
    ['a rate of nothing', changed({ rate: 0 }), 'FED_FORMAT'],
    ['a rate that is no number', changed({ rate: Number.NaN }), 'FED_FORMAT'],
    ['gossip from nowhere', changed({ gossip: { everyMs: 1, untilMs: 2 }, start: undefined }), 'FED_FORMAT'],
    ['a base that is short', changed({ base: new Uint8Array(31) }), 'FED_FORMAT'],
    ['no parameter at all', changed({ layout: [] }), 'FED_FORMAT'],
    ['more parameters than fit', changed({ layout: [['w', [2 ** 20, 2 ** 20]]] }), 'FED_FORMAT'],
    ['an unknown choice', changed({ choice: { what: 'some' } }), 'FED_FORMAT'],
    ['an unknown coding', changed({ coding: { kind: 'jpeg', block: 1 } }), 'FED_FORMAT'],
    ['more kept than there is', changed({ coding: { kind: 'sparse', keep: 2, block: 1 } }), 'FED_FORMAT'],
  ])('with %s is refused', (_, bytes, expected) => {
    expect(outcome(bytes)).toContain(expected);
  });

  it('signed as something else is no task', () => {
    const body = decodeCbor(sealed.subarray(80));
    const other = seal('PGEFUPDT', body, ground.key);
    other.set(Buffer.from('PGEFTASK'));
    expect(outcome(other)).toContain('FED_SIGNATURE');
  });

  it('never throws and never opens, whatever bits are wrong', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(sealed.length * 8 - 1), { minLength: 1, maxLength: 5 }), (bits) => {
        const wrong = sealed.slice();
        for (const bit of bits) wrong[bit >> 3] ^= 1 << (bit & 7);
        expect(outcome(wrong)).not.toBe('OK');
      }),
      { seed: 21, numRuns: 200 },
    );
  });
});

describe('an update', () => {
  it('is read back as it was written, with its id and whose it is', () => {
    const { update, bytes } = testUpdate({}, nodeKeys.beta.key, testDelta(90, 2));
    expect(openUpdate(bytes, keysOfNodes)).toEqual({
      ok: true,
      value: { content: update, id: idOf(bytes), keyId: nodeKeys.beta.id },
    });
    expect(update).toMatchObject({ task: testTaskId, layout: layoutId(testTask.layout) });
    const blind = testUpdate({ metrics: { loss: 1 } });
    expect(openUpdate(blind.bytes, keysOfNodes)).toMatchObject({ value: { content: blind.update } });
  });

  it('without an example, or with a loss that is no number, is refused', () => {
    for (const change of [{ examples: 0 }, { metrics: { loss: Number.NaN } }, { task: 'ab' }])
      expect(openUpdate(testUpdate(change).bytes, keysOfNodes)).toMatchObject({
        error: { code: 'FED_FORMAT' },
      });
  });
});

describe('a greeting', () => {
  const hello = {
    ...{ node: 'alpha', saidMs: 5, nextPassMs: 9 },
    ...{ updates: ['0123456789abcdef'], done: [], tasks: ['fedcba9876543210'], carried: [] },
  };
  const { key } = nodeKeys.alpha;

  it('is read back as it was said, and refused with what is no id, or more of them than fit', () => {
    expect(openHello(sealHello(hello, key), keysOfNodes)).toMatchObject({ value: { content: hello } });
    const { nextPassMs, ...blind } = hello;
    expect(openHello(sealHello(blind, key), keysOfNodes)).toMatchObject({ value: { content: blind } });
    for (const updates of [
      ['0123456789abcdeg'],
      ['../../../etc/pas'],
      Array(HELLO_IDS + 1).fill(hello.updates[0]),
    ])
      expect(openHello(sealHello({ ...hello, updates }, key), keysOfNodes)).toMatchObject({
        error: { code: 'FED_FORMAT' },
      });
  });
});
