/** Who a virtual SuperNode is: a key on P-384, and what each call is signed with. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { fail, type Result, succeed } from '../../fsw/errors';

export interface Identity {
  readonly key: KeyObject;
  /** PEM, PKCS#8. */
  readonly privateKey: string;
  /** PEM, as the SuperLink knows it. */
  readonly publicKey: string;
}

export function newIdentity(): Identity {
  return madeOf(generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey);
}

/** Errors: FLOWER_KEY, where the PEM is no private key on P-384. */
export function identityOf(privateKey: string, where: string): Result<Identity> {
  try {
    const key = createPrivateKey(privateKey);
    if (key.asymmetricKeyDetails?.namedCurve !== 'secp384r1')
      return fail('FLOWER_KEY', { where, why: 'it is not on the curve secp384r1' });
    return succeed(madeOf(key));
  } catch (error) {
    return fail('FLOWER_KEY', { where, why: (error as Error).message });
  }
}

/** The public key as OpenSSH writes it (RFC 5656, 3.1): what `flwr supernode register` takes. */
export function sshPublicKey({ key }: Identity): string {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  const fields = [Buffer.from('ecdsa-sha2-nistp384'), Buffer.from('nistp384'), point].map((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return Buffer.concat([length, field]);
  });
  return `ecdsa-sha2-nistp384 ${Buffer.concat(fields).toString('base64')}`;
}

/** A signature serves all calls of so long: a push of forty objects needs not forty of them. */
const SIGN_EVERY_MS = 1_000;

/**
 * The headers that say who calls. The signature covers the time alone: it proves a fresh call of this key, and only TLS
 * keeps what is called from being changed on the way.
 */
export class Signer {
  readonly #identity: Identity;
  #signedMs = Number.NEGATIVE_INFINITY;
  #headers: Readonly<Record<string, string>> = {};

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  /** `nowMs`: Unix time. */
  headers(nowMs: number): Readonly<Record<string, string>> {
    const age = nowMs - this.#signedMs;
    if (age >= 0 && age < SIGN_EVERY_MS) return this.#headers;
    const { key, publicKey } = this.#identity;
    const timestamp = new Date(nowMs).toISOString().replace('Z', '+00:00');
    this.#signedMs = nowMs;
    this.#headers = {
      'flwr-public-key': Buffer.from(publicKey).toString('base64'),
      'flwr-timestamp': timestamp,
      'flwr-signature': sign('sha256', Buffer.from(timestamp), key).toString('base64'),
    };
    return this.#headers;
  }
}

function madeOf(key: KeyObject): Identity {
  return {
    key,
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
  };
}
