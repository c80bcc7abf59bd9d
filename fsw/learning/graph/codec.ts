/** ONNX files to graphs and back. */
import { type Failed, fail, type Result, succeed } from '../../errors';
import type { Attribute, Elements, ElementType, Graph, GraphNode, GraphValue, Initializer } from './graph';
import {
  type AttributeMessage,
  type ModelMessage,
  ModelProto,
  type TensorMessage,
  type ValueMessage,
} from './schema';

/** TensorProto.DataType. */
const TYPES: Readonly<Record<number, ElementType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
};
const CODES = new Map(Object.entries(TYPES).map(([code, type]) => [type, Number(code)]));
/** AttributeProto.AttributeType. */
const ATTRIBUTE = { float: 1, int: 2, string: 3, tensor: 4, ints: 7 } as const;
/** What onnxruntime 1.30 reads. */
const IR_VERSION = 9;
const EXTERNAL = 1;

/** Reads a model file. Errors: GRAPH_FILE, with what was not understood. */
export function readGraph(bytes: Uint8Array): Result<Graph> {
  let model: ModelMessage;
  try {
    model = ModelProto.toObject(ModelProto.decode(bytes), {
      longs: Number,
      defaults: true,
      arrays: true,
    }) as ModelMessage;
  } catch (error) {
    return fail('GRAPH_FILE', { why: `no ONNX model: ${String(error)}` });
  }
  const { graph, opsetImport } = model;
  const opset = opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version;
  if (!graph || opset === undefined)
    return fail('GRAPH_FILE', { why: 'it has no graph or names no operator set' });
  const initializers = new Map<string, Initializer>();
  for (const tensor of graph.initializer) {
    const value = initializerOf(tensor);
    if (!value.ok) return value;
    initializers.set(tensor.name, value.value);
  }
  const nodes: GraphNode[] = [];
  for (const { opType, domain, input, output, attribute } of graph.node) {
    const attributes: Record<string, Attribute> = {};
    for (const one of attribute) {
      const value = attributeOf(one, opType);
      if (!value.ok) return value;
      attributes[one.name] = value.value;
    }
    const constant = attributes.value;
    if (opType === 'Constant' && typeof constant === 'object' && 'dims' in constant)
      initializers.set(output[0], constant);
    else
      nodes.push({
        op: domain === '' ? opType : `${domain}.${opType}`,
        inputs: input,
        outputs: output,
        attributes,
      });
  }
  return succeed({
    opset,
    inputs: graph.input.filter(({ name }) => !initializers.has(name)).map(graphValueOf),
    outputs: graph.output.map(graphValueOf),
    initializers,
    nodes,
  });
}

/** The same graph as a file; initializers that lie outside stay there. */
export function writeGraph({ opset, inputs, outputs, initializers, nodes }: Graph): Uint8Array {
  const model = {
    irVersion: IR_VERSION,
    producerName: 'perigee',
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      name: 'graph',
      node: nodes.map(({ op, inputs: input, outputs: output, attributes }) => ({
        opType: op,
        input,
        output,
        attribute: Object.entries(attributes).map(([name, value]) => attributeMessage(name, value)),
      })),
      initializer: [...initializers].map(([name, value]) => tensorMessage(name, value)),
      input: inputs.map(valueMessage),
      output: outputs.map(valueMessage),
    },
  };
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}

function initializerOf(tensor: TensorMessage): Result<Initializer> {
  const { name, dims, dataType, rawData, dataLocation } = tensor;
  const type = TYPES[dataType];
  if (type === undefined) return fail('GRAPH_FILE', { why: `tensor ${name} is of type ${dataType}` });
  if (dataLocation === EXTERNAL) {
    const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
    const location = entries.get('location') ?? '';
    const [offset, length] = [
      Number(entries.get('offset') ?? 0),
      Number(entries.get('length') ?? Number.NaN),
    ];
    if (location === '' || !Number.isSafeInteger(offset) || !Number.isSafeInteger(length))
      return fail('GRAPH_FILE', { why: `tensor ${name} does not say where its bytes lie` });
    return succeed({ type, dims, external: { location, offset, length } });
  }
  const data = rawData.length > 0 ? elementsOf(type, rawData) : listedElements(type, tensor);
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (data === undefined || data.length !== size * (data instanceof Uint8Array ? widthOf(type) : 1))
    return fail('GRAPH_FILE', { why: `tensor ${name} of ${type} [${dims.join(', ')}] has other data` });
  return succeed({ type, dims, data });
}

/** Types that no rule computes with are kept as bytes. */
function elementsOf(type: ElementType, raw: Uint8Array): Elements | undefined {
  // A Buffer shares its memory with others, and its slice too.
  const copy = new Uint8Array(raw);
  if (copy.length % widthOf(type) !== 0) return undefined;
  if (type === 'float32') return new Float32Array(copy.buffer);
  if (type === 'int64') return new BigInt64Array(copy.buffer);
  if (type === 'int32') return new Int32Array(copy.buffer);
  return copy;
}

function listedElements(
  type: ElementType,
  { floatData, int32Data, int64Data }: TensorMessage,
): Elements | undefined {
  if (type === 'float32') return Float32Array.from(floatData);
  if (type === 'int64') return BigInt64Array.from(int64Data, BigInt);
  if (type === 'int32') return Int32Array.from(int32Data);
  return undefined;
}

function widthOf(type: ElementType): number {
  return { float32: 4, int32: 4, int64: 8, float16: 2, uint8: 1, int8: 1, bool: 1 }[type];
}

function attributeOf({ type, name, f, i, s, t, ints }: AttributeMessage, op: string): Result<Attribute> {
  if (type === ATTRIBUTE.float) return succeed({ float: f });
  if (type === ATTRIBUTE.int) return succeed(i);
  if (type === ATTRIBUTE.string) return succeed(Buffer.from(s).toString());
  if (type === ATTRIBUTE.ints) return succeed(ints);
  if (type === ATTRIBUTE.tensor && t) return initializerOf(t);
  return unknownAttribute(op, name, type);
}

function unknownAttribute(op: string, name: string, type: number): Failed {
  return fail('GRAPH_FILE', { why: `attribute ${name} of ${op} is of type ${type}` });
}

function attributeMessage(name: string, value: Attribute): object {
  if (typeof value === 'number') return { name, type: ATTRIBUTE.int, i: value };
  if (typeof value === 'string') return { name, type: ATTRIBUTE.string, s: Buffer.from(value) };
  if ('float' in value) return { name, type: ATTRIBUTE.float, f: value.float };
  if ('dims' in value) return { name, type: ATTRIBUTE.tensor, t: tensorMessage('', value) };
  return { name, type: ATTRIBUTE.ints, ints: value };
}

function tensorMessage(name: string, { type, dims, data, external }: Initializer): object {
  const head = { name, dims, dataType: CODES.get(type) };
  if (data) return { ...head, rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  const entries = Object.entries(external ?? {}).map(([key, value]) => ({ key, value: String(value) }));
  return { ...head, dataLocation: EXTERNAL, externalData: entries };
}

function graphValueOf({ name, type }: ValueMessage): GraphValue {
  const tensor = type?.tensorType;
  const shape = (tensor?.shape?.dim ?? []).map(({ dimValue, dimParam }) =>
    dimParam === '' ? dimValue : dimParam,
  );
  return { name, type: TYPES[tensor?.elemType ?? 1] ?? 'float32', shape };
}

function valueMessage({ name, type, shape }: GraphValue): object {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: CODES.get(type), shape: { dim } } } };
}
