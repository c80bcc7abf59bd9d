/** The head of a GGUF file, as far as finding a tensor's bytes needs it (ggml, docs/gguf.md, version 3). */
import { fail, type Result, succeed } from '../../../fsw/errors';

export interface GgufTensor {
  readonly name: string;
  /** Fastest first: columns, then rows. */
  readonly shape: readonly number[];
  /** ggml's number: 3 is Q4_1. */
  readonly type: number;
  /** First byte in the file. */
  readonly offset: number;
}

const MAGIC = 'GGUF';
/** Bytes of the fixed-size value types, by number; 8 is a string, 9 an array. */
const VALUE_BYTES: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};
const STRING = 8;
const ARRAY = 9;

/** Errors: GGUF_FORM. `file` names it there. */
export function readGguf(bytes: Uint8Array, file: string): Result<readonly GgufTensor[]> {
  try {
    return succeed(tensorsOf(new Cursor(bytes)));
  } catch (error) {
    return fail('GGUF_FORM', { file, why: (error as Error).message });
  }
}

function tensorsOf(cursor: Cursor): GgufTensor[] {
  if (cursor.text(4) !== MAGIC) throw new RangeError('it does not begin as a GGUF file');
  const version = cursor.u32();
  if (version !== 3) throw new RangeError(`version ${version} is not 3`);
  const tensors = cursor.u64();
  const entries = cursor.u64();
  let alignment = 32;
  for (let i = 0; i < entries; i++) {
    const key = cursor.string();
    const type = cursor.u32();
    if (key === 'general.alignment' && type === 4) alignment = cursor.u32();
    else skipValue(cursor, type);
  }
  const infos = Array.from({ length: tensors }, () => ({
    name: cursor.string(),
    shape: Array.from({ length: cursor.u32() }, () => cursor.u64()),
    type: cursor.u32(),
    offset: cursor.u64(),
  }));
  const start = Math.ceil(cursor.at / alignment) * alignment;
  return infos.map((info) => ({ ...info, offset: start + info.offset }));
}

function skipValue(cursor: Cursor, type: number): void {
  if (type === STRING) cursor.string();
  else if (type === ARRAY) {
    const element = cursor.u32();
    for (let left = cursor.u64(); left > 0; left--) skipValue(cursor, element);
  } else if (VALUE_BYTES[type] === undefined) throw new RangeError(`unknown value type ${type}`);
  else cursor.skip(VALUE_BYTES[type]);
}

/** Little-endian; throws a RangeError past the end. */
class Cursor {
  at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u32(): number {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  u64(): number {
    this.at += 8;
    return Number(this.view.getBigUint64(this.at - 8, true));
  }

  string(): string {
    return this.text(this.u64());
  }

  text(length: number): string {
    const from = this.at;
    this.skip(length);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + from, length).toString('utf8');
  }

  skip(length: number): void {
    this.at += length;
    if (this.at > this.bytes.length) throw new RangeError('it is cut off');
  }
}
