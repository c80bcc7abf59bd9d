import { describe, expect, it } from 'vitest';
import { openEnvelope, readPrivateKey, readPublicKeys, sealEnvelope } from '../../fsw/models';
import vector from './model.json';

const bytes = new Uint8Array(Buffer.from(vector.envelope, 'hex'));

describe(`a signed manifest made by ${vector['made by']}`, () => {
  const keys = readPublicKeys(vector.publicPem, 'vector');
  const key = readPrivateKey(vector.privatePem, 'vector');
  if (!keys.ok || !key.ok) throw new Error('the keys of the vector cannot be read');

  it('opens, field by field', () => {
    const opened = openEnvelope(bytes, keys.value, 'vector');
    expect(opened).toMatchObject({
      ok: true,
      value: {
        manifest: {
          name: 'mean',
          version: '1.2.3',
          serial: 70_000,
          graph: { path: 'mean.onnx', bytes: 100 },
          weights: { path: 'mean.safetensors', bytes: 5000 },
          input: { name: 'x', shape: ['N', 3] },
          classes: ['bright', 'größer'],
          canary: { count: 2, input: Float32Array.from([0, 1, 2, 253, 254, 255]), tolerance: 0.1 },
          protection: { eccBytes: 4000, exponent: [{ tensor: 'w', bound: 0.3 }] },
          about: { license: 'Apache-2.0', metrics: { accuracy: 0.983, tiles: 8308 } },
        },
      },
    });
  });

  it('is, byte for byte, what this software makes of the same fields with the same key', () => {
    const opened = openEnvelope(bytes, keys.value, 'vector');
    if (!opened.ok) throw new Error(opened.error.text);
    expect(Buffer.from(sealEnvelope(opened.value.manifest, key.value)).toString('hex')).toBe(vector.envelope);
    expect(Buffer.from(opened.value.keyId).toString('hex')).toBe(vector.keyId);
  });
});
