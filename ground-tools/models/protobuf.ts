/** As much of the wire format of protocol buffers as it takes to change a field deep in a message and leave the rest. */

/** A field as it stands on the wire: length-delimited ones (wire type 2) have content, of others `raw` is all. */
export interface WireField {
  readonly number: number;
  readonly wireType: number;
  /** Everything after the tag; of wire type 2 without its length. */
  readonly content: Uint8Array;
}

/** Throws a RangeError where the bytes are no message. */
export function readMessage(bytes: Uint8Array): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      if (at >= bytes.length || shift > 2 ** 63) throw new RangeError('a varint has no end');
      const byte = bytes[at++];
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wireType = tag % 8;
    let start = at;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      start = at;
      at += length;
    } else throw new RangeError(`there is no wire type ${wireType}`);
    if (at > bytes.length) throw new RangeError(`a field of wire type ${wireType} has no end`);
    fields.push({ number: Math.floor(tag / 8), wireType, content: bytes.subarray(start, at) });
  }
  return fields;
}

export function writeMessage(fields: readonly WireField[]): Uint8Array {
  const parts = fields.flatMap(({ number, wireType, content }) => [
    varintOf(number * 8 + wireType),
    ...(wireType === 2 ? [varintOf(content.length)] : []),
    content,
  ]);
  return new Uint8Array(Buffer.concat(parts));
}

/** The message with each sub-message `number` changed. */
export function changeMessages(
  bytes: Uint8Array,
  number: number,
  change: (message: Uint8Array) => Uint8Array,
): Uint8Array {
  return writeMessage(
    readMessage(bytes).map((field) =>
      field.number === number && field.wireType === 2 ? { ...field, content: change(field.content) } : field,
    ),
  );
}

function varintOf(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...bytes, rest]);
}
