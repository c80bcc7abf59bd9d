/** Makes CFDP PDUs: valid ones of every kind, and what a broken link or an attacker makes of them. */
import type { Random } from '../../fsw/framework';
import { crc16 } from '../../fsw/protocols';
import {
  ChecksumType,
  checksumOf,
  encodePdu,
  filestoreRequestTlv,
  filestoreResponseTlv,
  messageToUserTlv,
  type PduBody,
  type PduHeader,
  type Tlv,
} from '../../fsw/protocols/cfdp';

export const US = 1;
export const PEER = 2;
/** The file of every transaction, whoever sends it. */
export const FILE = Uint8Array.from({ length: 2000 }, (_, i) => (i * 167) >> 3);
const SEGMENT = 500;
/** Transactions of the peer in an epoch. */
const EPOCH = 4;
const names = [
  ...['model.bin', 'a/b', 'a', 'A', '', '.', './model.bin', 'x'.repeat(255), 'ü/ñ', 'con', 'nul\0byte'],
  ...[
    '../evil',
    'a/../../evil',
    '/etc/passwd',
    '..',
    '.cfdp/evil',
    '.CFDP/evil',
    './.cfdp/evil',
    'a\\..\\evil',
  ],
];
const modular = checksumOf(ChecksumType.MODULAR);
const CHECKSUM = modular?.value(modular.update(modular.start, FILE, 0)) ?? 0;

const pick = <T>(random: Random, list: readonly T[]): T => list[random.integer(list.length)];

/** A valid PDU. `sequences` are those of our own transactions; `epoch` makes those of the peer's new. */
export function validPdu(random: Random, sequences: readonly number[], epoch: number): Uint8Array {
  const towardSender = random.next() < 0.35;
  const ours = towardSender && sequences.length > 0;
  const sequence = ours ? pick(random, sequences) : epoch * EPOCH + random.integer(EPOCH);
  const header: PduHeader = {
    towardSender,
    // Ours are all of class 2; of the peer's one in each epoch is not.
    acknowledged: (ours || sequence % EPOCH > 0) === random.next() < 0.97,
    crc: random.next() < 0.2,
    largeFile: random.next() < 0.1,
    source: towardSender ? US : PEER,
    sequence,
    destination: towardSender ? PEER : US,
    entityIdLength: 1 + (random.next() < 0.1 ? random.integer(8) : 0),
    sequenceLength: 4,
  };
  const body = towardSender ? towardSenderBody(random) : towardReceiverBody(random);
  const encoded = encodePdu({ header, body });
  if (!encoded.ok) throw new Error(encoded.error.text);
  return encoded.value;
}

function towardReceiverBody(random: Random): PduBody {
  const offset = random.integer(FILE.length / SEGMENT) * SEGMENT;
  const condition = random.next() < 0.9 ? 0 : random.integer(16);
  switch (random.integer(10)) {
    case 0:
    case 5:
      return {
        kind: 'metadata',
        closureRequested: random.next() < 0.5,
        checksumType: random.next() < 0.8 ? ChecksumType.MODULAR : random.integer(16),
        fileSize: FILE.length,
        sourceName: pick(random, names),
        destinationName: random.next() < 0.5 ? 'model.bin' : pick(random, names),
        options: Array.from({ length: random.integer(3) }, () => option(random)),
      };
    case 1:
      return {
        kind: 'eof',
        condition,
        checksum: CHECKSUM,
        fileSize: FILE.length,
        faultLocation: location(random),
      };
    case 2:
      return { kind: 'eof', condition: 0, checksum: CHECKSUM, fileSize: FILE.length };
    case 3:
      return { kind: 'ack', of: 'finished', condition, status: random.integer(4) };
    case 4:
      return { kind: 'prompt', ask: random.next() < 0.5 ? 'nak' : 'keep-alive' };
    default:
      return { kind: 'file-data', offset, data: FILE.subarray(offset, offset + SEGMENT) };
  }
}

function towardSenderBody(random: Random): PduBody {
  const condition = random.next() < 0.9 ? 0 : random.integer(16);
  const range = () => ({ start: random.integer(FILE.length + 1), end: random.integer(FILE.length + 1) });
  switch (random.integer(8)) {
    case 0:
      return { kind: 'finished', condition, complete: true, fileStatus: 2, responses: [response(random)] };
    case 1:
      return { kind: 'ack', of: 'eof', condition, status: 1 };
    case 2:
      return { kind: 'keep-alive', progress: random.integer(FILE.length) };
    default: {
      const missing = Array.from({ length: random.integer(6) }, range);
      return { kind: 'nak', scope: { start: 0, end: FILE.length }, missing };
    }
  }
}

/** Seven bytes of it are more than a number can hold, once they are altered. */
const location = (random: Random) => pick(random, [PEER, Number.MAX_SAFE_INTEGER]);

function option(random: Random): Tlv {
  const first = pick(random, names).slice(0, 100);
  const second = pick(random, names).slice(0, 100);
  const action = random.integer(9) as 0;
  const request = filestoreRequestTlv({ action, first, second });
  if (random.next() < 0.7 && request.ok) return request.value;
  return messageToUserTlv(fill(random, new Uint8Array(random.integer(30))));
}

function response(random: Random): Tlv {
  const tlv = filestoreResponseTlv({ action: 0, first: pick(random, names).slice(0, 100), status: 0 });
  return tlv.ok ? tlv.value : messageToUserTlv(new Uint8Array(0));
}

function fill(random: Random, bytes: Uint8Array): Uint8Array {
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.integer(256);
  return bytes;
}

/** Where the header ends, by what it says. */
const headEnd = (pdu: Uint8Array) => 4 + 2 * (((pdu[3] >> 4) & 7) + 1) + (pdu[3] & 7) + 1;

/** Makes length and CRC good again, so that what was done to it gets further. */
function seal(pdu: Uint8Array): Uint8Array {
  const length = Math.max(0, pdu.length - headEnd(pdu));
  pdu[1] = length >> 8;
  pdu[2] = length & 0xff;
  if (pdu[0] & 0x02 && pdu.length > 6) {
    const crc = crc16(pdu, 0, pdu.length - 2);
    pdu.set([crc >> 8, crc & 0xff], pdu.length - 2);
  }
  return pdu;
}

export type PduForgery = (random: Random, valid: () => Uint8Array) => Uint8Array;

function flip(random: Random, pdu: Uint8Array, from: number, to: number): Uint8Array {
  for (let times = 1 + random.integer(4); times > 0; times--)
    pdu[from + random.integer(Math.max(1, to - from))] ^= 1 << random.integer(8);
  return pdu;
}

export const pduForgeries: Readonly<Record<string, PduForgery>> = {
  none: (_, valid) => valid(),
  bitFlip: (random, valid) => {
    const pdu = valid();
    return flip(random, pdu, 0, pdu.length);
  },
  bitFlipSealed(random, valid) {
    const pdu = valid();
    return seal(flip(random, pdu, headEnd(pdu), pdu.length));
  },
  /** Direction, class, CRC, large file, lengths of ids, the ids. */
  header(random, valid) {
    const pdu = valid();
    pdu[0] ^= random.integer(32);
    return seal(random.next() < 0.5 ? flip(random, pdu, 3, headEnd(pdu)) : pdu);
  },
  length(random, valid) {
    const pdu = valid();
    pdu.set([random.next() < 0.5 ? 0 : random.integer(256), random.integer(256)], 1);
    return pdu;
  },
  cut: (random, valid) => {
    const pdu = valid();
    return pdu.slice(0, random.integer(pdu.length));
  },
  cutSealed(random, valid) {
    const pdu = valid();
    return seal(pdu.slice(0, 4 + random.integer(pdu.length - 4)));
  },
  grownSealed: (random, valid) =>
    seal(Uint8Array.of(...valid(), ...fill(random, new Uint8Array(1 + random.integer(40))))),
  splice(random, valid) {
    const [one, other] = [valid(), valid()];
    const at = headEnd(one) + random.integer(one.length - headEnd(one));
    return seal(Uint8Array.of(...one.subarray(0, at), ...other.subarray(Math.min(at, other.length - 1))));
  },
  /** Sizes and offsets at the edges: all ones, 2^53, 2^32 - 1, the sign bit. */
  edge(random, valid) {
    const pdu = valid();
    const at = headEnd(pdu) + random.integer(Math.max(1, pdu.length - headEnd(pdu)));
    const value = pick(random, [
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      [0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
      [0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      [0xff, 0xff, 0xff, 0xff],
      [0x80, 0x00, 0x00, 0x00],
      [0x00, 0x00, 0x00, 0x00],
    ]);
    pdu.set(value.slice(0, pdu.length - at), at);
    return seal(pdu);
  },
  /** A good header of a transaction, and anything behind it. */
  randomBody(random, valid) {
    const pdu = valid();
    fill(random, pdu.subarray(headEnd(pdu)));
    return seal(pdu);
  },
  noise: (random) => fill(random, new Uint8Array(random.integer(200))),
};
