import { describe, expect, it } from 'vitest';
import { decodeCbor, encodeCbor } from './cbor';
import { encodeManifest, readManifest } from './manifest';
import { testModel } from './testModel';

const { manifest } = testModel(7);
type Tree = Record<string, unknown>;
const fields = (): Tree => decodeCbor(encodeManifest(manifest)) as Tree;

/** The manifest with one place changed; `undefined` takes it out. */
function changed(path: string, value: unknown): Uint8Array {
  const all = fields();
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  const place = steps.reduce<Tree>((tree, step) => tree[step] as Tree, all);
  if (value === undefined) delete place[last];
  else place[last] = value;
  return encodeCbor(all);
}

describe('a manifest', () => {
  it('is read back as it was written, pixels of a canary as bytes and other inputs as floats', () => {
    expect(readManifest(encodeManifest(manifest), 'm')).toEqual({ ok: true, value: manifest });
    expect(fields().canary).toMatchObject({ input: { type: 'u8' } });
    const odd = { ...manifest.canary, input: Float32Array.from([0.5, 2, 3, 4, 5, 6]) } as never;
    const read = readManifest(encodeManifest({ ...manifest, canary: odd }), 'm');
    expect(read).toEqual({ ok: true, value: { ...manifest, canary: odd } });
  });

  it('takes a byte for each step of a canary whose inputs are steps of a scale, and floats where one is not', () => {
    const scaled = {
      ...manifest.canary,
      scale: 0.005,
      input: Float32Array.from([0, 1, 2, 3, 40, 255], (n) => n * 0.005),
    };
    const encoded = encodeManifest({ ...manifest, canary: scaled as never });
    expect(decodeCbor(encoded)).toMatchObject({
      canary: { input: { type: 'u8', scale: 0.005, data: Uint8Array.from([0, 1, 2, 3, 40, 255]) } },
    });
    expect(readManifest(encoded, 'm')).toEqual({ ok: true, value: { ...manifest, canary: scaled } });
    const between = { ...scaled, input: Float32Array.from([0, 0.006, 0, 0, 0, 0]) };
    const floats = decodeCbor(encodeManifest({ ...manifest, canary: between as never }));
    expect(floats).toMatchObject({ canary: { input: { type: 'f32' } } });
  });

  it('needs neither classes nor canary, and carries what is for people', () => {
    const { canary, ...bare } = manifest;
    const about = { license: 'Apache-2.0', metrics: { accuracy: 0.983 } };
    const read = readManifest(encodeManifest({ ...bare, classes: [], about }), 'm');
    expect(read).toEqual({ ok: true, value: { ...bare, classes: [], about } });
    expect(readManifest(changed('classes', undefined), 'm')).toMatchObject({ value: { classes: [] } });
  });

  it('says which tensors have no check rows', () => {
    const protection = {
      eccBytes: 100,
      eccSha256: 'ab'.repeat(32),
      exponent: [{ tensor: 'w', bound: 0.25 }],
    };
    const read = readManifest(encodeManifest({ ...manifest, protection }), 'm');
    expect(read).toEqual({ ok: true, value: { ...manifest, protection } });
  });

  it('has one encoding, whatever the order in which its fields were set', () => {
    const turned = Object.fromEntries(Object.entries(manifest).reverse()) as unknown as typeof manifest;
    expect(encodeManifest(turned)).toEqual(encodeManifest(manifest));
    // Shorter keys first, then by their bytes: RFC 8949, 4.2.1.
    expect(Buffer.from(encodeCbor({ bb: 1, a: 300, c: [new Uint8Array([9])] })).toString('hex')).toBe(
      'a3616119012c616381410962626201',
    );
  });

  it.each([
    ['not CBOR', Uint8Array.of(0xff), 'not CBOR'],
    ['bytes after its end', Uint8Array.of(...encodeManifest(manifest), 0), 'not CBOR'],
    ['not a map', encodeCbor([]), 'format is missing'],
    ['another format', changed('format', 'perigee-model/2'), 'format: perigee-model/2 is not'],
    ['no version', changed('version', undefined), 'version is missing'],
    ['a version without end', changed('version', 'x'.repeat(21)), 'version: more than 20 bytes'],
    ['a serial of nothing', changed('serial', 0), 'serial: not a whole number'],
    ['a serial that is not whole', changed('serial', 1.5), 'serial: not a whole number'],
    ['a name that leads out', changed('name', '../m'), 'not a plain file name'],
    ['a path that leads out', changed('files.graph.path', '../m.onnx'), 'not a plain file name'],
    ['a path that is hidden', changed('files.graph.path', '.m'), 'not a plain file name'],
    ['a hash that is short', changed('files.graph.sha256', new Uint8Array(31)), '31 bytes, 32 needed'],
    ['a hash that is text', changed('files.graph.sha256', 'a'.repeat(64)), 'sha256: not bytes'],
    ['a length of nothing', changed('files.weights.bytes', 0), 'not a whole number'],
    ['a length without end', changed('files.weights.bytes', 2 ** 40), 'not a whole number'],
    ['two inputs', changed('inputs', [manifest.input, manifest.input]), 'one input is served'],
    ['an empty side', changed('outputs', [{ name: 'y', shape: [0] }]), '0 is not a side'],
    ['a canary of nothing', changed('canary.count', 0), 'canary.count: not a whole number'],
    ['a canary of another size', changed('canary.count', 3), '6 bytes, 9 needed'],
    ['a canary of unknown type', changed('canary.input.type', 'i4'), 'i4 is not u8 or f32'],
    ['a scale of nothing', changed('canary.input.scale', 0), 'canary.input.scale: not a factor'],
    ['a canary without an output', changed('canary.outputs', {}), 'y is missing'],
    ['a tolerance below nothing', changed('canary.tolerance', -1), 'tolerance: not a difference'],
    ['a canary for free sides', changed('inputs', [{ name: 'x', shape: ['N', 'M'] }]), 'side M is free'],
    [
      'an output that is no number',
      changed('canary.outputs.y', new Uint8Array(8).fill(0xff)),
      'not all are numbers',
    ],
    [
      'more under protection than there is',
      changed('protection', { eccBytes: 1e9, eccSha256: new Uint8Array(32), exponent: [] }),
      'eccBytes: not a whole number',
    ],
    [
      'a bound of nothing',
      changed('protection', {
        eccBytes: 9,
        eccSha256: new Uint8Array(32),
        exponent: [{ tensor: 'w', bound: 0 }],
      }),
      'not a bound',
    ],
  ])('with %s is refused and says where', (_, encoded, reason) => {
    const read = readManifest(encoded, 'm.manifest');
    expect(read).toMatchObject({ ok: false, error: { code: 'MODEL_MANIFEST' } });
    expect(!read.ok && read.error.text).toContain(reason);
  });
});
