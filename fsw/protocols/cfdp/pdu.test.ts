import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ChecksumType,
  checksumOf,
  conditionName,
  decodePdu,
  encodePdu,
  FilestoreAction,
  filestoreRequestTlv,
  filestoreResponseTlv,
  messageToUserTlv,
  missingRangesThatFit,
  type Pdu,
  type PduBody,
  type PduHeader,
  readFilestoreRequest,
  readFilestoreResponse,
  uintLength,
} from './index';

const small = fc.nat({ max: 255 });
const code = fc.nat({ max: 15 });
const data = fc.uint8Array({ minLength: 1, maxLength: 300 });
const name = fc.string({ maxLength: 40 });
const tlv = fc.record({ type: fc.constantFrom(0, 2, 4, 5), value: fc.uint8Array({ maxLength: 255 }) });
const header: fc.Arbitrary<PduHeader> = fc.record({
  towardSender: fc.boolean(),
  acknowledged: fc.boolean(),
  crc: fc.boolean(),
  largeFile: fc.boolean(),
  source: small,
  sequence: small,
  destination: small,
  entityIdLength: fc.integer({ min: 1, max: 8 }),
  sequenceLength: fc.integer({ min: 1, max: 8 }),
});

const bodies = (offset: fc.Arbitrary<number>): fc.Arbitrary<PduBody> => {
  const range = fc.record({ start: offset, end: offset });
  return fc.oneof(
    fc.record({ kind: fc.constant('file-data' as const), offset, data }),
    fc.record({
      kind: fc.constant('metadata' as const),
      closureRequested: fc.boolean(),
      checksumType: code,
      fileSize: offset,
      sourceName: name,
      destinationName: name,
      options: fc.array(tlv, { maxLength: 4 }),
    }),
    fc.record(
      {
        kind: fc.constant('eof' as const),
        condition: code,
        checksum: fc.nat({ max: 0xffffffff }),
        fileSize: offset,
        faultLocation: small,
      },
      { requiredKeys: ['kind', 'condition', 'checksum', 'fileSize'] },
    ),
    fc.record(
      {
        kind: fc.constant('finished' as const),
        condition: code,
        complete: fc.boolean(),
        fileStatus: fc.nat({ max: 3 }),
        responses: fc.array(fc.record({ type: fc.constant(1), value: fc.uint8Array({ maxLength: 20 }) }), {
          maxLength: 3,
        }),
        faultLocation: small,
      },
      { requiredKeys: ['kind', 'condition', 'complete', 'fileStatus', 'responses'] },
    ),
    fc.record({
      kind: fc.constant('ack' as const),
      of: fc.constantFrom('eof' as const, 'finished' as const),
      condition: code,
      status: fc.nat({ max: 3 }),
    }),
    fc.record({
      kind: fc.constant('nak' as const),
      scope: range,
      missing: fc.array(range, { maxLength: 20 }),
    }),
    fc.record({
      kind: fc.constant('prompt' as const),
      ask: fc.constantFrom('nak' as const, 'keep-alive' as const),
    }),
    fc.record({ kind: fc.constant('keep-alive' as const), progress: offset }),
  );
};
const pdu: fc.Arbitrary<Pdu> = header.chain((head) =>
  fc.record({
    header: fc.constant(head),
    body: bodies(fc.nat({ max: head.largeFile ? 2 ** 45 : 0xffffffff })),
  }),
);
function bytesOf(value: Pdu): Uint8Array {
  const encoded = encodePdu(value);
  if (!encoded.ok) throw new Error(encoded.error.text);
  return encoded.value;
}

describe('PDUs', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(pdu, (value) => {
        expect(decodePdu(bytesOf(value))).toEqual({ ok: true, value });
      }),
    );
  });

  it('that are cut, lengthened or altered never throw; with a CRC no altered one is taken', () => {
    fc.assert(
      fc.property(pdu, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, where, flip) => {
        const bytes = bytesOf(value);
        expect(decodePdu(bytes.subarray(0, where % bytes.length)).ok).toBe(false);
        expect(decodePdu(Uint8Array.of(...bytes, 0)).ok).toBe(false);
        const altered = bytes.slice();
        altered[where % bytes.length] ^= flip;
        const read = decodePdu(altered);
        // The CRC flag itself may be what was altered.
        if (value.header.crc && where % bytes.length > 0) expect(read.ok).toBe(false);
      }),
    );
  });

  it('of random bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        // A header that is right gets further.
        const start = Uint8Array.of(
          0x20 | (bytes[0] & 0x1f),
          0,
          bytes.length,
          bytes[1] & 0x08,
          1,
          2,
          3,
          ...bytes,
        );
        for (const one of [bytes, start]) expect(typeof decodePdu(one).ok).toBe('boolean');
      }),
    );
  });

  it('with a name, a message or a whole that is too long are coded errors', () => {
    const head = { ...fc.sample(header, { numRuns: 1, seed: 1 })[0], crc: false };
    const body: PduBody = {
      kind: 'metadata',
      closureRequested: false,
      checksumType: 0,
      fileSize: 0,
      sourceName: 'x'.repeat(256),
      destinationName: '',
      options: [],
    };
    expect(encodePdu({ header: head, body })).toMatchObject({ error: { code: 'CFDP_VALUE' } });
    const options = Array.from({ length: 300 }, () => messageToUserTlv(new Uint8Array(255)));
    expect(encodePdu({ header: head, body: { ...body, sourceName: '', options } })).toMatchObject({
      error: { code: 'CFDP_VALUE' },
    });
  });

  it('a NAK of as many ranges as fit is no longer than allowed, and one more would be', () => {
    fc.assert(
      fc.property(header, fc.integer({ min: 100, max: 2000 }), (head, max) => {
        const missing = Array.from({ length: missingRangesThatFit(head, max) }, () => ({ start: 1, end: 2 }));
        const nak = (list: typeof missing) =>
          bytesOf({ header: head, body: { kind: 'nak', scope: { start: 0, end: 2 }, missing: list } }).length;
        expect(nak(missing)).toBeLessThanOrEqual(max);
        expect(nak([...missing, { start: 1, end: 2 }])).toBeGreaterThan(max);
      }),
    );
  });
});

describe('options', () => {
  it('filestore requests and responses come back as they went', () => {
    for (const action of Object.values(FilestoreAction)) {
      const two = action >= FilestoreAction.RENAME_FILE && action <= FilestoreAction.REPLACE_FILE;
      const request = two ? { action, first: 'a', second: 'b/ü' } : { action, first: 'a' };
      const asked = filestoreRequestTlv(request);
      expect(asked.ok && readFilestoreRequest(asked.value)).toEqual({ ok: true, value: request });
      const response = { ...request, status: 3, message: 'no' };
      const answered = filestoreResponseTlv(response);
      expect(answered.ok && readFilestoreResponse(answered.value)).toEqual({ ok: true, value: response });
    }
  });

  it('of an unknown action, cut off, or with something behind are coded errors', () => {
    const read = (...value: number[]) => readFilestoreRequest({ type: 0, value: Uint8Array.of(...value) });
    expect(read()).toMatchObject({ error: { code: 'CFDP_TRUNCATED' } });
    expect(read(0xf0, 0)).toMatchObject({ error: { code: 'CFDP_VALUE' } });
    expect(read(0x00, 5, 65)).toMatchObject({ error: { code: 'CFDP_TRUNCATED' } });
    expect(read(0x00, 1, 65, 66)).toMatchObject({ error: { code: 'CFDP_LENGTH' } });
    expect(read(0x00, 1, 0xff)).toMatchObject({ error: { code: 'CFDP_VALUE' } });
  });

  it('with a fault location of 2^53 or more are read without it', () => {
    const head = { ...fc.sample(header, { numRuns: 1, seed: 1 })[0], crc: false };
    const eof = { kind: 'eof', condition: 4, checksum: 0, fileSize: 0 } as const;
    const bytes = bytesOf({ header: head, body: { ...eof, faultLocation: Number.MAX_SAFE_INTEGER } });
    bytes.set([0xff], bytes.length - 7);
    expect(decodePdu(bytes)).toEqual({ ok: true, value: { header: head, body: eof } });
  });
});

describe('checksums', () => {
  const check = new TextEncoder().encode('123456789');
  it.each([
    [ChecksumType.CRC32, 0xcbf43926],
    [ChecksumType.CRC32C, 0xe3069283],
    [ChecksumType.MODULAR, 0x31323334 + 0x35363738 + 0x39000000],
    [ChecksumType.NULL, 0],
  ])('type %i has its check value, in one piece or many', (type, value) => {
    const checksum = checksumOf(type);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 6 }), (cuts) => {
        let state = checksum?.start ?? -1;
        let from = 0;
        for (const to of [...cuts, 9].sort((a, b) => a - b)) {
          state = checksum?.update(state, check.subarray(from, to), from) ?? -1;
          from = to;
        }
        expect(checksum?.value(state)).toBe(value >>> 0);
      }),
    );
  });
  it('of a type that we do not have there is none', () => expect(checksumOf(1)).toBeUndefined());
});

it('conditions have names, and numbers have lengths', () => {
  expect([conditionName(15), conditionName(13)]).toEqual(['CANCEL_REQUESTED', 'CONDITION_13']);
  expect([0, 255, 256, 2 ** 40].map(uintLength)).toEqual([1, 1, 2, 6]);
});
