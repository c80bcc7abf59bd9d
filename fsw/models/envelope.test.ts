import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkBundleLength,
  ENVELOPE_HEAD_BYTES,
  envelopeLength,
  openEnvelope,
  sealEnvelope,
} from './envelope';
import { makeKeyPair, readPrivateKey, readPublicKeys } from './signature';
import { testKeys, testModel } from './testModel';

const { manifest, graph, weights } = testModel(7);
const { key, keys, id, publicPem } = testKeys();
const sealed = sealEnvelope(manifest, key);

function codeOf(bytes: Uint8Array, trusted = keys): string {
  const opened = openEnvelope(bytes, trusted, 'm.model');
  return opened.ok ? 'OK' : opened.error.code;
}

function edited(edit: (bytes: Uint8Array, view: DataView) => void): Uint8Array {
  const bytes = sealed.slice();
  edit(bytes, new DataView(bytes.buffer));
  return bytes;
}

describe('an envelope', () => {
  it('opens with the key that signed it, from shared memory too, and says whose that is', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(sealed.length + 99));
    shared.set(sealed);
    const opened = openEnvelope(shared, keys, 'm.model');
    expect(opened).toMatchObject({ ok: true, value: { manifest } });
    if (!opened.ok) return;
    expect(Buffer.from(opened.value.keyId).toString('hex')).toBe(id);
    expect(opened.value.bytes).toEqual(sealed);
  });

  it.each([
    ['no bytes at all', new Uint8Array(0), 'MODEL_TRUNCATED'],
    ['a cut head', sealed.subarray(0, 87), 'MODEL_TRUNCATED'],
    ['a cut manifest', sealed.subarray(0, -1), 'MODEL_TRUNCATED'],
    ['another magic', edited((b) => b.fill(0, 0, 1)), 'MODEL_MAGIC'],
    ['a later format', edited((_, v) => v.setUint32(8, 2)), 'MODEL_FORMAT'],
    ['a manifest of absurd size', edited((_, v) => v.setUint32(12, 0x7fffffff)), 'MODEL_MANIFEST_SIZE'],
    ['a manifest of no size', edited((_, v) => v.setUint32(12, 0)), 'MODEL_MANIFEST_SIZE'],
    ['an unknown key', edited((b) => b.fill(0, 16, 24)), 'MODEL_KEY'],
    ['a signature with one wrong bit', edited((b) => (b[30] ^= 1)), 'MODEL_SIGNATURE'],
    ['one wrong bit in the manifest', edited((b) => (b[b.length - 1] ^= 1)), 'MODEL_SIGNATURE'],
  ])('with %s is refused', (_, bytes, code) => {
    expect(codeOf(bytes as Uint8Array)).toBe(code);
  });

  it('signed by someone else is refused, even under a trusted id', () => {
    const other = sealEnvelope(manifest, testKeys().key);
    expect(codeOf(other)).toBe('MODEL_KEY');
    other.set(sealed.subarray(16, 24), 16);
    expect(codeOf(other)).toBe('MODEL_SIGNATURE');
    const none = openEnvelope(sealed, new Map(), 'm.model');
    expect(!none.ok && none.error.text).toContain('trusted: none');
  });

  it('never throws and never opens, whatever bits are wrong', () => {
    const flips = fc.uniqueArray(fc.nat(sealed.length * 8 - 1), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(flips, (bits) => {
        const code = codeOf(
          edited((b) => {
            for (const bit of bits) b[bit >> 3] ^= 1 << (bit & 7);
          }),
        );
        expect(code).not.toBe('OK');
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  it('tells the length of its bundle to the byte', () => {
    const opened = openEnvelope(sealed, keys, 'm.model');
    if (!opened.ok) throw new Error(opened.error.text);
    const whole = sealed.length + graph.length + weights.length;
    const codeAt = (length: number) => {
      const checked = checkBundleLength(opened.value, length, 'm.model');
      return checked.ok ? 'OK' : checked.error.code;
    };
    expect([whole - 1, whole, whole + 1].map(codeAt)).toEqual(['MODEL_TRUNCATED', 'OK', 'MODEL_TRAILING']);
    expect(envelopeLength(sealed.subarray(0, ENVELOPE_HEAD_BYTES), 'm')).toEqual({
      ok: true,
      value: sealed.length,
    });
  });
});

describe('a key file', () => {
  it('holds one public key or several; the private half signs', () => {
    const second = makeKeyPair();
    const both = readPublicKeys(publicPem + second.publicPem, 'keys.pem');
    expect(both.ok && [...both.value.keys()]).toEqual([id, second.id]);
    const signer = readPrivateKey(second.privatePem, 'k.key');
    if (!signer.ok || !both.ok) throw new Error('the pair was refused');
    expect(codeOf(sealEnvelope(manifest, signer.value), both.value)).toBe('OK');
  });

  it('that is not one is refused', () => {
    const rsa = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEA\n-----END PUBLIC KEY-----\n';
    for (const [pem, why] of [
      ['', 'no public key in PEM form'],
      [rsa, 'cannot be read as a PEM key'],
    ]) {
      const read = readPublicKeys(pem, 'k.pem');
      expect(read).toMatchObject({ ok: false, error: { code: 'MODEL_KEY_FILE' } });
      expect(!read.ok && read.error.text).toContain(why);
    }
    expect(readPrivateKey(publicPem, 'k.key').ok).toBe(false);
  });
});
