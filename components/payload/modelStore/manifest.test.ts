import { describe, expect, it } from 'vitest';
import { readManifest } from './manifest';

const sha256 = 'a'.repeat(64);
const model = {
  name: 'm',
  version: '1',
  files: {
    graph: { path: 'm.onnx', bytes: 10, sha256 },
    weights: { path: 'm.safetensors', bytes: 20, sha256 },
  },
  inputs: [{ name: 'x', shape: ['N', 3] }],
  outputs: [{ name: 'y', shape: ['N'] }],
};
const manifest = (...models: unknown[]) => JSON.stringify({ models });

describe('a manifest', () => {
  it('is read field by field; a model without classes has none, other fields are for people', () => {
    const read = readManifest(manifest({ ...model, license: 'Apache-2.0' }), 'manifest.json');
    expect(read).toEqual({
      ok: true,
      value: [
        {
          name: 'm',
          version: '1',
          graph: model.files.graph,
          weights: model.files.weights,
          input: model.inputs[0],
          outputs: model.outputs,
          classes: [],
        },
      ],
    });
  });

  const graph = (change: object) => ({
    ...model,
    files: { ...model.files, graph: { ...model.files.graph, ...change } },
  });
  it.each([
    ['not JSON', '{"models"', 'not JSON'],
    ['not an object', '[]', 'models is missing'],
    [
      'a model without a version',
      manifest({ ...model, version: undefined }),
      'models[0]: version is missing',
    ],
    ['a path that leads out', manifest(graph({ path: '../m.onnx' })), 'not a plain file name'],
    ['a path that is hidden', manifest(graph({ path: '.m' })), 'not a plain file name'],
    ['a hash that is short', manifest(graph({ sha256: 'ab' })), 'not 64 hex digits'],
    ['a length of nothing', manifest(graph({ bytes: 0 })), 'not a length'],
    ['a length without end', manifest(graph({ bytes: 2 ** 40 })), 'not a length'],
    ['two inputs', manifest({ ...model, inputs: [...model.inputs, ...model.inputs] }), 'one input is served'],
    ['an empty side', manifest({ ...model, outputs: [{ name: 'y', shape: [0] }] }), '0 is not a side'],
    ['the same model twice', manifest(model, model), 'two models are called m'],
  ])('with %s is refused and says where', (_, text, reason) => {
    const read = readManifest(text, 'manifest.json');
    expect(read).toMatchObject({ ok: false, error: { code: 'MODEL_MANIFEST' } });
    expect(!read.ok && read.error.text).toContain(reason);
  });
});
