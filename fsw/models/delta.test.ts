import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Result, succeed } from '../errors';
import { checkPayload, deltaHeadLength, isDelta, openDelta, resultOf, sealDelta } from './delta';
import { patchedRead, patchesOf } from './deltaChanges';
import { addLowRank, applyDelta, inSteps, type LowRank, packDelta } from './deltaPack';
import { openEnvelope, sealEnvelope } from './envelope';
import { learnedManifest } from './learned';
import type { ManifestModel } from './manifest';
import { readSafetensors } from './safetensors';
import { hexOf, readPublicKeys } from './signature';
import { randomLowRank, randomWeights } from './testDelta';
import { sha256Hex, testKeys, testModel } from './testModel';

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.text);
  return result.value;
}

const shapes = { embed: [9, 4], 'block.q': [6, 8], 'block.o': [8, 6], head: [6, 3], bias: [3] };
const base = randomWeights(shapes);
const placeOf = (name: string) => unwrap(readSafetensors(base, 'base')).find((one) => one.name === name);

/** The base with elements of one tensor changed. */
function withElements(tensor: string, elements: readonly number[]): Uint8Array {
  const changed = base.slice();
  const at = placeOf(tensor)?.offset ?? 0;
  const view = new DataView(changed.buffer);
  for (const element of elements) view.setFloat32(at + element * 4, 100 + element, true);
  return changed;
}

describe('the changes of a delta', () => {
  it('give exactly the weights that they were packed from, whatever changed', () => {
    const elements = fc.uniqueArray(fc.nat({ max: 47 }), { maxLength: 48 });
    fc.assert(
      fc.property(fc.constantFrom('block.q', 'block.o'), elements, (tensor, some) => {
        const changed = withElements(tensor, some);
        const packed = unwrap(packDelta(base, changed));
        expect(unwrap(applyDelta(base, packed, 'd'))).toEqual(changed);
        expect(packed.changes).toHaveLength(some.length > 0 ? 1 : 0);
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  it('are of each tensor what takes the fewest bytes: elements, the whole, or a low-rank product', () => {
    const kinds = (changed: Uint8Array, lowRank: readonly LowRank[] = []) =>
      unwrap(packDelta(base, changed, lowRank)).changes.map(({ tensor, kind }) => `${tensor} ${kind}`);
    expect(kinds(base)).toEqual([]);
    expect(kinds(withElements('block.q', [3, 40]))).toEqual(['block.q sparse']);
    expect(kinds(withElements('bias', [0, 1, 2]))).toEqual(['bias tensor']);
    const product = randomLowRank('block.q', { inputs: 6, outputs: 8, rank: 2 });
    const learned = unwrap(addLowRank(base, [product]));
    expect(kinds(learned, [product])).toEqual(['block.q lora']);
    // A product that does not give what is wanted to the bit is not used.
    const other = randomLowRank('block.q', { inputs: 6, outputs: 8, rank: 2 }, 3);
    expect(kinds(learned, [other])).toEqual(['block.q tensor']);
  });

  it.each([false, true])(
    'add a product as an adapter is merged, in doubles with one rounding (turned: %s)',
    (turned) => {
      const [tensor, inputs, outputs] = turned ? ['block.o', 6, 8] : ['block.q', 6, 8];
      const product = randomLowRank(String(tensor), {
        inputs: Number(inputs),
        outputs: Number(outputs),
        rank: 3,
        turned,
      });
      const expected = base.slice();
      const view = new DataView(expected.buffer);
      const at = placeOf(String(tensor))?.offset ?? 0;
      for (let i = 0; i < 6; i++)
        for (let o = 0; o < 8; o++) {
          let sum = 0;
          for (let r = 0; r < 3; r++) sum += product.a[i * 3 + r] * product.b[r * 8 + o];
          const place = at + 4 * (turned ? o * 6 + i : i * 8 + o);
          view.setFloat32(place, view.getFloat32(place, true) + 2 * sum, true);
        }
      expect(unwrap(addLowRank(base, [product]))).toEqual(expected);
    },
  );

  it('take factors in steps at a quarter of the bytes, and packing what was rounded changes nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9999 }), (seed) => {
        const product = randomLowRank('block.q', { inputs: 6, outputs: 8, rank: 2 }, seed);
        const rounded = inSteps(product);
        expect(inSteps(rounded)).toEqual(rounded);
        const most = Math.max(...product.a.map(Math.abs));
        product.a.forEach((value, i) => {
          expect(Math.abs(value - rounded.a[i])).toBeLessThanOrEqual(most / 254 + 1e-4);
        });
        const learned = unwrap(addLowRank(base, [rounded]));
        const packed = unwrap(packDelta(base, learned, [rounded]));
        expect(packed.changes).toMatchObject([{ kind: 'lora', coding: 'i8' }]);
        expect(packed.payload).toHaveLength((6 + 8) * 2 + 2 * 2 * 4);
        expect(unwrap(applyDelta(base, packed, 'd'))).toEqual(learned);
      }),
      { seed: 11, numRuns: 30 },
    );
    const silent = { ...randomLowRank('block.q', { inputs: 6, outputs: 8 }), a: new Float32Array(24) };
    expect(inSteps(silent).a).toEqual(new Float32Array(24));
  });

  it('are applied in stretches of any size as they are in one go', () => {
    const product = randomLowRank('block.q', { inputs: 6, outputs: 8, rank: 2 });
    const changed = unwrap(addLowRank(withElements('embed', [1, 30, 35]), [product]));
    changed.set(withElements('bias', [0, 1, 2]).subarray(-12), changed.length - 12);
    const { changes, payload } = unwrap(packDelta(base, changed, [product]));
    expect(changes.map(({ kind }) => kind).sort()).toEqual(['lora', 'sparse', 'tensor']);
    const patches = unwrap(patchesOf(changes, payload, unwrap(readSafetensors(base, 'b')), 'd'));
    const read = patchedRead((offset, into) => {
      into.set(base.subarray(offset, offset + into.length));
      return succeed(undefined);
    }, patches);
    for (const stretch of [1, 3, 7, 64, 1000]) {
      const got = new Uint8Array(base.length);
      for (let at = 0; at < got.length; at += stretch) unwrap(read(at, got.subarray(at, at + stretch)));
      expect(got).toEqual(changed);
    }
  });

  it('that do not fit the base are refused, by the tensor', () => {
    const tensors = unwrap(readSafetensors(base, 'b'));
    const why = (changes: Parameters<typeof patchesOf>[0], bytes: number | Uint8Array) => {
      const payload = typeof bytes === 'number' ? new Uint8Array(bytes) : bytes;
      const patches = patchesOf(changes, payload, tensors, 'd');
      return patches.ok ? 'OK' : `${patches.error.code} ${patches.error.text}`;
    };
    const whole = { kind: 'tensor', tensor: 'bias' } as const;
    const low = { kind: 'lora', tensor: 'bias', rank: 1, scale: 1, turned: false, coding: 'f32' } as const;
    expect(why([whole], 12)).toBe('OK');
    expect(why([{ ...whole, tensor: 'beard' }], 12)).toMatch(
      'MODEL_DELTA d: beard: the base has no such tensor',
    );
    expect(why([whole, whole], 24)).toMatch('changed twice');
    expect(why([low], 16)).toMatch('takes no low-rank product');
    expect(why([whole], 11)).toMatch('its bytes end at 11, 12 needed');
    expect(why([whole], 13)).toMatch('1 bytes left over');
    const sparse = (...gaps: number[]) =>
      why(
        [{ kind: 'sparse', tensor: 'bias', count: gaps.length, bytes: gaps.length * 5 }],
        Uint8Array.from([...gaps, ...new Uint8Array(gaps.length * 4)]),
      );
    expect(sparse(0, 1)).toBe('OK');
    expect(sparse(0, 2)).toMatch('its indices lead out of it');
    expect(why([{ kind: 'sparse', tensor: 'bias', count: 2, bytes: 9 }], 9)).toMatch('its bytes are too few');
    const other = packDelta(base, randomWeights({ ...shapes, bias: [4] }));
    expect(other).toMatchObject({ ok: false, error: { code: 'MODEL_DELTA' } });
  });
});

const mission = testKeys();
const stranger = testKeys();
const before = testModel(7);

/** The model at the next serial, a few weights changed. */
function nextOf({ manifest, weights }: { manifest: ManifestModel; weights: Uint8Array }) {
  const changed = weights.slice();
  changed.fill(3, -40);
  const outputs = { y: Float32Array.from([0.25, -1]) };
  const next = learnedManifest(manifest, { serial: 8, version: '8.0.0', weights: changed, outputs });
  return { manifest: next, weights: changed };
}
const after = nextOf(before);
const packed = unwrap(packDelta(before.weights, after.weights));
const sealed = unwrap(sealDelta(before.manifest, after.manifest, packed, mission.key));
const open = (bytes: Uint8Array, keys = mission.keys) => openDelta(bytes, bytes.length, keys, 'd.delta');
const codeOf = (result: Result<unknown>) => (result.ok ? 'OK' : result.error.code);

describe('a delta', () => {
  it('gives the signed manifest and the weights of what was packed, and says whose key it is', () => {
    const delta = unwrap(open(sealed));
    expect(isDelta(sealed)).toBe(true);
    expect(deltaHeadLength(sealed, 'd')).toEqual({ ok: true, value: delta.payload.at });
    expect(hexOf(delta.keyId)).toBe(mission.id);
    const result = unwrap(resultOf(delta, before.manifest, mission.keys, 'd'));
    expect(result.manifest).toEqual(after.manifest);
    expect(result.bytes).toEqual(sealEnvelope(after.manifest, mission.key));
    expect(openEnvelope(result.bytes, mission.keys, 'm').ok).toBe(true);
    const payload = sealed.subarray(delta.payload.at);
    expect(checkPayload(delta, payload, 'd').ok).toBe(true);
    const weights = unwrap(applyDelta(before.weights, { changes: delta.changes, payload }, 'd'));
    expect(sha256Hex(weights)).toBe(result.manifest.weights.sha256);
  });

  it('leaves out the inputs of the canary where the base has them, and brings them where it has others', () => {
    expect(unwrap(open(sealed)).manifest.canary).not.toHaveProperty('input');
    const { canary } = after.manifest;
    const other = { ...canary, input: Float32Array.from([9, 9, 9, 9, 9, 9]) };
    for (const manifest of [
      { ...after.manifest, canary: other as never },
      { ...after.manifest, canary: undefined },
    ]) {
      const delta = unwrap(open(unwrap(sealDelta(before.manifest, manifest, packed, mission.key))));
      expect(unwrap(resultOf(delta, before.manifest, mission.keys, 'd')).bytes).toEqual(
        sealEnvelope(manifest, mission.key),
      );
    }
  });

  it('counts the steps that were learned on board, each from the version before', () => {
    expect(after.manifest.learned).toEqual({ serial: 7, sha256: before.manifest.weights.sha256, depth: 1 });
    expect(nextOf(after).manifest.learned).toMatchObject({ serial: 8, depth: 2 });
  });

  it('is refused for any base but the very one', () => {
    const delta = unwrap(open(sealed));
    const bases = [testModel(6), testModel(7, { name: 'other' })].map(({ manifest }) => manifest);
    for (const other of [...bases, { ...before.manifest, weights: after.manifest.weights }])
      expect(codeOf(resultOf(delta, other, mission.keys, 'd'))).toBe('MODEL_DELTA_BASE');
    const drifted = { ...before.manifest, canary: undefined };
    expect(codeOf(resultOf(delta, drifted, mission.keys, 'd'))).toBe('MODEL_SIGNATURE');
    const graph = { ...after.manifest, graph: { ...after.manifest.graph, sha256: 'ab'.repeat(32) } };
    expect(codeOf(sealDelta(before.manifest, graph, packed, mission.key))).toBe('MODEL_DELTA');
  });

  it('that was altered, cut, lengthened or signed by a stranger is refused, and nothing throws', () => {
    const edited = (at: number) => {
      const bytes = sealed.slice();
      bytes[at] ^= 1;
      return bytes;
    };
    const head = unwrap(deltaHeadLength(sealed, 'd'));
    expect(codeOf(open(sealed, stranger.keys))).toBe('MODEL_KEY');
    expect(codeOf(open(edited(0)))).toBe('MODEL_MAGIC');
    expect(codeOf(open(edited(30)))).toBe('MODEL_SIGNATURE');
    expect(codeOf(open(edited(head - 1)))).toBe('MODEL_SIGNATURE');
    expect(codeOf(open(sealed.subarray(0, head - 1)))).toBe('MODEL_TRUNCATED');
    expect(codeOf(open(sealed.subarray(0, -1)))).toBe('MODEL_TRUNCATED');
    expect(codeOf(open(Uint8Array.from([...sealed, 0])))).toBe('MODEL_TRAILING');
    expect(codeOf(open(sealEnvelope(before.manifest, mission.key)))).toBe('MODEL_MAGIC');
    const delta = unwrap(open(sealed));
    expect(codeOf(checkPayload(delta, edited(sealed.length - 1).subarray(head), 'd'))).toBe('MODEL_DELTA');
    fc.assert(
      fc.property(fc.nat({ max: sealed.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const bytes = sealed.slice();
        bytes[at] ^= mask;
        expect(at < head ? open(bytes).ok : true).toBe(at >= head);
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});

describe('the land-cover network', () => {
  it('takes a LoRA of all its attention, and the head, in tens of kB, canary and all', () => {
    const folder = join(__dirname, '../missions/earth-watch/models');
    const read = (file: string) => new Uint8Array(readFileSync(join(folder, file)));
    const weights = read('land-cover.safetensors');
    const pem = readFileSync(
      join(folder, 'keys', `${hexOf(read('land-cover.manifest').subarray(16, 24))}.pem`),
    );
    const trusted = unwrap(readPublicKeys(pem.toString('utf8'), 'keys'));
    const { manifest } = unwrap(openEnvelope(read('land-cover.manifest'), trusted, 'land-cover'));
    const matrices = unwrap(readSafetensors(weights, 'w')).filter(({ name }) =>
      /[.](q|k|v|out)[.]weight$/.test(name),
    );
    expect(matrices).toHaveLength(24);
    const lowRank = matrices.map(({ name }, i) =>
      inSteps(randomLowRank(name, { inputs: 144, outputs: 144, rank: 8, turned: true }, i)),
    );
    const learned = unwrap(addLowRank(weights, lowRank));
    const head = unwrap(readSafetensors(weights, 'w')).find(({ name }) => name === 'head.weight');
    expect(head?.length).toBe(144 * 10 * 4);
    learned.fill(7, head?.offset, (head?.offset ?? 0) + (head?.length ?? 0));
    const outputs = manifest.canary?.outputs ?? {};
    const next = learnedManifest(manifest, { serial: 2, version: '0.2.0', weights: learned, outputs });
    const bytes = unwrap(
      sealDelta(manifest, next, unwrap(packDelta(weights, learned, lowRank)), mission.key),
    );
    const delta = unwrap(open(bytes));
    expect(delta.changes.filter(({ kind }) => kind === 'lora')).toHaveLength(24);
    expect(delta.payload.bytes).toBeLessThan(64_000);
    expect(delta.payload.at).toBeLessThan(5_000);
    const payload = bytes.subarray(delta.payload.at);
    const made = unwrap(applyDelta(weights, { changes: delta.changes, payload }, 'd'));
    expect(sha256Hex(made)).toBe(next.weights.sha256);
  });
});
