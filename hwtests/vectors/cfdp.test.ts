import { describe, expect, it } from 'vitest';
import { decodePdu, encodePdu, type Pdu, type PduBody } from '../../fsw/protocols/cfdp';
import vectors from './cfdp.json';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const tlvs = (list: readonly { type: number; hex: string }[]) =>
  list.map((tlv) => ({ type: tlv.type, value: bytes(tlv.hex) }));

/** A body with its bytes as bytes. */
function bodyOf(body: (typeof vectors.pdus)[number]['body']): PduBody {
  const { data, options, responses } = body as {
    data?: string;
    options?: { type: number; hex: string }[];
    responses?: { type: number; hex: string }[];
  };
  return {
    ...body,
    ...(data !== undefined && { data: bytes(data) }),
    ...(options !== undefined && { options: tlvs(options) }),
    ...(responses !== undefined && { responses: tlvs(responses) }),
  } as PduBody;
}

describe(`PDUs made by spacepackets ${vectors.madeBy.spacepackets}`, () => {
  it.each(vectors.pdus)('are those that we write and read: $name', ({ header, body, pdu }) => {
    const value: Pdu = { header, body: bodyOf(body) };
    const encoded = encodePdu(value);
    expect(encoded.ok && hex(encoded.value)).toBe(pdu);
    expect(decodePdu(bytes(pdu))).toEqual({ ok: true, value });
  });

  it.each(vectors.golden)('come back the same: %s', (pdu) => {
    const read = decodePdu(bytes(pdu));
    const written = read.ok ? encodePdu(read.value) : read;
    expect(written.ok && hex(written.value)).toBe(pdu);
  });
});
