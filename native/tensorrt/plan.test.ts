import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePlan, encodePlan, modelHash, type PlanKey, planFile, readPlan, writePlan } from './plan';

const key: PlanKey = {
  model: modelHash(Buffer.from('graph'), Buffer.from('weights')),
  device: 'Orin',
  capability: '8.7',
  tensorRt: '10.3.0',
  driver: 12060,
  maxBatch: 64,
};
const folder = () => mkdtempSync(join(tmpdir(), 'perigee-plans-'));
const codeOf = (result: ReturnType<typeof decodePlan>) => (result.ok ? 'read' : result.error.code);

describe('an engine plan on storage', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (plan) => {
        const decoded = decodePlan('a.plan', encodePlan(key, plan), key);
        expect(decoded.ok && Buffer.from(decoded.value).equals(plan)).toBe(true);
      }),
    );
  });

  it('is refused when any bit of the file is another, or it ends early', () => {
    const bytes = encodePlan(key, Buffer.from('a plan'));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3] ^= 1 << (bit & 7);
      expect(codeOf(decodePlan('a.plan', bytes, key))).toBe('PLAN_CORRUPT');
      bytes[bit >> 3] ^= 1 << (bit & 7);
    }
    for (let length = 0; length < bytes.length; length++)
      expect(codeOf(decodePlan('a.plan', bytes.subarray(0, length), key))).toBe('PLAN_CORRUPT');
    expect(codeOf(decodePlan('a.plan', bytes, key))).toBe('read');
  });

  it('is refused on another device, version, driver, model or batch, and the error says which', () => {
    const changes: [Partial<PlanKey>, string][] = [
      [{ device: 'Orin Nano' }, 'device Orin, this is Orin Nano'],
      [{ capability: '9.0' }, 'compute capability 8.7, this is 9.0'],
      [{ tensorRt: '10.7.0' }, 'TensorRT 10.3.0, this is 10.7.0'],
      [{ driver: 13000 }, 'driver 12060, this is 13000'],
      [{ maxBatch: 1 }, 'batches up to 64, this is 1'],
      [{ model: '00' }, 'model '],
    ];
    const bytes = encodePlan(key, Buffer.from('a plan'));
    for (const [change, words] of changes) {
      const refused = decodePlan('a.plan', bytes, { ...key, ...change });
      expect(refused.ok ? '' : refused.error).toMatchObject({ code: 'PLAN_DEVICE' });
      expect(refused.ok ? '' : refused.error.text).toContain(words);
    }
  });

  it('has one file a model: what was built for another device is replaced', () => {
    const there = folder();
    expect(codeOf(readPlan(there, key))).toBe('PLAN_MISSING');
    writePlan(there, { ...key, device: 'another' }, Buffer.from('old'));
    expect(codeOf(readPlan(there, key))).toBe('PLAN_DEVICE');
    writePlan(there, key, Buffer.from('new'));
    const read = readPlan(there, key);
    expect(read.ok && Buffer.from(read.value).toString()).toBe('new');
    expect(readdirSync(there)).toHaveLength(1);
  });

  it('is an error with a code where the folder cannot be written or the file is damaged', () => {
    const there = folder();
    writeFileSync(join(there, 'a file'), '');
    const refused = writePlan(join(there, 'a file', 'plans'), key, Buffer.from('plan'));
    expect(refused.ok ? '' : refused.error.code).toBe('FILE_FAILED');
    writePlan(there, key, Buffer.from('plan'));
    const file = planFile(there, key);
    writeFileSync(file, readFileSync(file).subarray(1));
    expect(codeOf(readPlan(there, key))).toBe('PLAN_CORRUPT');
  });

  it('tells models apart by where the graph ends', () => {
    const hash = (graph: string, weights: string) => modelHash(Buffer.from(graph), Buffer.from(weights));
    expect(hash('ab', 'c')).not.toBe(hash('a', 'bc'));
  });
});
