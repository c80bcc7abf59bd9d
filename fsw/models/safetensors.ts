/**
 * The head of a safetensors file: a little-endian U64 length, that many bytes of JSON, then the tensors back
 * to back. Source: github.com/huggingface/safetensors, README "Format".
 */
import { type Failed, fail, type Result, succeed } from '../errors';
import { isRecord } from './fields';

export interface TensorInfo {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First byte and length in the file. */
  readonly offset: number;
  readonly length: number;
}

const HEAD = 8;
/** The format's own limit on the header. */
const MAX_HEADER = 100_000_000;
const dtypeBytes = new Map([
  ['BOOL', 1],
  ['U8', 1],
  ['I8', 1],
  ['F8_E4M3', 1],
  ['F8_E5M2', 1],
  ['U16', 2],
  ['I16', 2],
  ['F16', 2],
  ['BF16', 2],
  ['U32', 4],
  ['I32', 4],
  ['F32', 4],
  ['U64', 8],
  ['I64', 8],
  ['F64', 8],
]);

/**
 * Reads which tensors `bytes` holds, in the order in which they lie there. `file` names it in errors:
 * MODEL_TRUNCATED, MODEL_HEADER (not the format), MODEL_DTYPE, MODEL_SHAPE (a tensor's shape and bytes
 * disagree, or the tensors leave a gap or overlap). `bytes` may be the beginning of a file of `fileLength`.
 */
export function readSafetensors(
  bytes: Uint8Array,
  file: string,
  fileLength = bytes.length,
): Result<readonly TensorInfo[]> {
  const header = readHeader(bytes, file);
  if (!header.ok) return header;
  const { entries, dataStart } = header.value;
  const tensors: TensorInfo[] = [];
  for (const [name, entry] of entries) {
    const tensor = readTensor(file, name, entry, dataStart);
    if (!tensor.ok) return tensor;
    tensors.push(tensor.value);
  }
  tensors.sort((a, b) => a.offset - b.offset || a.length - b.length);
  return layoutFault(tensors, fileLength, dataStart, file) ?? succeed(tensors);
}

function readHeader(
  bytes: Uint8Array,
  file: string,
): Result<{ entries: [string, unknown][]; dataStart: number }> {
  const bad = (reason: string) => fail('MODEL_HEADER', { file, reason });
  if (bytes.length < HEAD) return fail('MODEL_TRUNCATED', { file, length: bytes.length, needed: HEAD });
  const long = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (long > BigInt(MAX_HEADER)) return bad(`${long} bytes long, ${MAX_HEADER} the most`);
  const dataStart = HEAD + Number(long);
  if (bytes.length < dataStart)
    return fail('MODEL_TRUNCATED', { file, length: bytes.length, needed: dataStart });
  let json: unknown;
  try {
    // A copy: TextDecoder refuses shared memory.
    const text = new Uint8Array(bytes.subarray(HEAD, dataStart));
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch {
    return bad('not JSON');
  }
  if (!isRecord(json)) return bad('not a JSON object');
  return succeed({ entries: Object.entries(json).filter(([name]) => name !== '__metadata__'), dataStart });
}

function readTensor(file: string, name: string, entry: unknown, dataStart: number): Result<TensorInfo> {
  const bad = (reason: string) => fail('MODEL_HEADER', { file, reason: `${name}: ${reason}` });
  if (!isRecord(entry)) return bad('not an object');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isSizes(shape)) return bad('no shape');
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) return bad('no data_offsets');
  const size = typeof dtype === 'string' ? dtypeBytes.get(dtype) : undefined;
  if (size === undefined) return fail('MODEL_DTYPE', { file, tensor: name, dtype });
  const expected = shape.reduce((product, side) => product * side, size);
  const length = offsets[1] - offsets[0];
  if (length !== expected)
    return fail('MODEL_SHAPE', {
      file,
      tensor: name,
      found: `${length} bytes`,
      expected: `${dtype} [${shape}], ${expected} bytes`,
    });
  return succeed({ name, dtype: String(dtype), shape, offset: dataStart + offsets[0], length });
}

/** The format lets no byte of the data belong to two tensors or to none. */
function layoutFault(
  tensors: readonly TensorInfo[],
  fileLength: number,
  dataStart: number,
  file: string,
): Failed | undefined {
  let end = dataStart;
  for (const { name, offset, length } of tensors) {
    if (offset !== end)
      return fail('MODEL_SHAPE', { file, tensor: name, found: `byte ${offset}`, expected: `byte ${end}` });
    end += length;
  }
  if (end > fileLength) return fail('MODEL_TRUNCATED', { file, length: fileLength, needed: end });
  if (end < fileLength) return fail('MODEL_HEADER', { file, reason: `${fileLength - end} bytes left over` });
  return undefined;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}
