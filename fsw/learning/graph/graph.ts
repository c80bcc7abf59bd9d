/** A computation graph in memory: what an ONNX file says, in plain data that can be rewritten. */

export type ElementType = 'float32' | 'float16' | 'int32' | 'int64' | 'uint8' | 'int8' | 'bool';

/** Values of a tensor; int64 as numbers within 2^53 would lose nothing here, but ONNX's own type is kept. */
export type Elements = Float32Array | BigInt64Array | Int32Array | Uint8Array;

/** A constant tensor, or weights that lie in another file. */
export interface Initializer {
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** Absent when the bytes lie outside. */
  readonly data?: Elements;
  readonly external?: { readonly location: string; readonly offset: number; readonly length: number };
}

export type Attribute = number | string | readonly number[] | { readonly float: number } | Initializer;

export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Integers as numbers, floats wrapped, so that each is written back as what it was. */
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An input or output; a dimension may have a name instead of a size (the batch). */
export interface GraphValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

export interface Graph {
  readonly opset: number;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly initializers: ReadonlyMap<string, Initializer>;
  readonly nodes: readonly GraphNode[];
}

export function integer(node: GraphNode, name: string, otherwise: number): number {
  const value = node.attributes[name];
  return typeof value === 'number' ? value : otherwise;
}

export function integers(node: GraphNode, name: string): readonly number[] | undefined {
  const value = node.attributes[name];
  return isIntegers(value) ? value : undefined;
}

export function float(node: GraphNode, name: string, otherwise: number): number {
  const value = node.attributes[name];
  return typeof value === 'object' && 'float' in value ? value.float : otherwise;
}

function isIntegers(value: Attribute | undefined): value is readonly number[] {
  return Array.isArray(value);
}

/** Integers of a constant tensor: shapes, axes, indices. */
export function integersOf({ data }: Initializer): number[] | undefined {
  if (data instanceof BigInt64Array || data instanceof Int32Array) return Array.from(data, Number);
  return undefined;
}
