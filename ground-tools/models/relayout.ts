/**
 * Puts chosen tensors of a model last: in the weights file, and in the graph that says where each of them is.
 * Sources: safetensors README "Format"; onnx.proto3 (ModelProto.graph 7, GraphProto.initializer 5,
 * TensorProto.external_data 13, StringStringEntryProto key 1 and value 2).
 */
import { fail, type Result, succeed } from '../../fsw/errors';
import type { TensorInfo } from '../../fsw/models';
import { changeMessages, readMessage, writeMessage } from './protobuf';

const GRAPH = 7;
const INITIALIZER = 5;
const EXTERNAL_DATA = 13;
const KEY = 1;
const VALUE = 2;
/** Data start on a multiple of it, as training writes them. */
const ALIGN_BYTES = 64;

export interface Laid {
  readonly graph: Uint8Array;
  readonly weights: Uint8Array;
}

/** `tensors` are those of `weights`, in their order in the file. Errors: MODEL_PROTECTION (the graph is not ONNX, or points elsewhere). */
export function putLast(
  model: string,
  { graph, weights }: Laid,
  tensors: readonly TensorInfo[],
  chosen: (tensor: TensorInfo) => boolean,
): Result<Laid> {
  const order = [...tensors.filter((tensor) => !chosen(tensor)), ...tensors.filter(chosen)];
  const { header, dataStart, offsets } = layOut(order);
  const laid = new Uint8Array(dataStart + order.reduce((sum, { length }) => sum + length, 0));
  laid.set(header);
  for (const [i, { offset, length }] of order.entries())
    laid.set(weights.subarray(offset, offset + length), offsets[i]);
  // By the old offset; an empty tensor may share one with its neighbour, and needs no place.
  const moved = new Map(order.flatMap(({ offset, length }, i) => (length > 0 ? [[offset, offsets[i]]] : [])));
  try {
    return succeed({ weights: laid, graph: withOffsets(graph, moved) });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return fail('MODEL_PROTECTION', { model, reason: `the graph: ${error.message}` });
  }
}

function layOut(order: readonly TensorInfo[]) {
  let end = 0;
  const entries = order.map(({ name, dtype, shape, length }): [string, object] => {
    const start = end;
    end += length;
    return [name, { dtype, shape, data_offsets: [start, end] }];
  });
  const text = JSON.stringify(Object.fromEntries(entries));
  const dataStart = Math.ceil((8 + Buffer.byteLength(text)) / ALIGN_BYTES) * ALIGN_BYTES;
  const header = Buffer.alloc(dataStart, ' ');
  header.writeBigUInt64LE(BigInt(dataStart - 8));
  header.write(text, 8);
  let at = dataStart;
  const offsets = order.map(({ length }) => {
    const start = at;
    at += length;
    return start;
  });
  return { header, dataStart, offsets };
}

/** Throws a RangeError where an initializer lies at none of the old offsets. */
function withOffsets(graph: Uint8Array, moved: ReadonlyMap<number, number>): Uint8Array {
  return changeMessages(graph, GRAPH, (content) =>
    changeMessages(content, INITIALIZER, (tensor) =>
      changeMessages(tensor, EXTERNAL_DATA, (entry) => movedEntry(entry, moved)),
    ),
  );
}

function movedEntry(entry: Uint8Array, moved: ReadonlyMap<number, number>): Uint8Array {
  const fields = readMessage(entry);
  const textOf = (number: number) =>
    Buffer.from(fields.find((field) => field.number === number)?.content ?? []).toString('utf8');
  if (textOf(KEY) !== 'offset') return entry;
  const offset = moved.get(Number(textOf(VALUE)));
  if (offset === undefined) throw new RangeError(`no tensor begins at byte ${textOf(VALUE)}`);
  return writeMessage(
    fields.map((field) =>
      field.number === VALUE ? { ...field, content: Buffer.from(String(offset)) } : field,
    ),
  );
}
