/** Writes a graph node by node: every value's shape is known as soon as it is there, and what is said twice is computed once. */
import { type Failed, fail, type Result, succeed } from '../../errors';
import type { Attribute, Elements, Graph, GraphNode, GraphValue, Initializer } from './graph';
import { type Known, type Shape, shapesOf } from './shapes';

/** Carries a coded failure out of nested calls; never leaves this room. */
export class GraphFailure extends Error {
  constructor(readonly failed: Failed) {
    super(failed.error.text);
  }
}

/** Runs what builds a graph; its failures become results. */
export function building<T>(build: () => T): Result<T> {
  try {
    return succeed(build());
  } catch (error) {
    if (error instanceof GraphFailure) return error.failed;
    throw error;
  }
}

/** What a training graph is written in: ReduceMean takes its axes as an input since 18, Gelu is one operator since 20. */
export const OPSET = 20;

export class Builder implements Known {
  readonly nodes: GraphNode[] = [];
  readonly initializers = new Map<string, Initializer>();
  private readonly shapes = new Map<string, Shape>();
  private readonly producers = new Map<string, GraphNode>();
  private readonly said = new Map<string, readonly string[]>();
  private next = 0;

  /** `prefix` begins every name of the builder's own: none of a graph that is written into it may begin so. */
  constructor(private readonly prefix = 'p_') {}

  /** An input of the graph to be. */
  input(name: string, shape: Shape): string {
    this.shapes.set(name, shape);
    return name;
  }

  initializer(name: string, value: Initializer): string {
    this.initializers.set(name, value);
    this.shapes.set(name, value.dims);
    return name;
  }

  /** A constant of the builder's own naming; equal ones are one. */
  floats(values: number | readonly number[] | Float32Array, dims?: Shape): string {
    const list = typeof values === 'number' ? [values] : Array.from(values);
    const shape = dims ?? (typeof values === 'number' ? [] : [list.length]);
    return this.constantOf('float32', Float32Array.from(list), shape);
  }

  integers(values: readonly number[]): string {
    return this.constantOf('int64', BigInt64Array.from(values, BigInt), [values.length]);
  }

  private constantOf(type: 'float32' | 'int64', data: Elements, dims: Shape): string {
    const key = `${type} ${dims} ${data.join()}`;
    const [known] = this.said.get(key) ?? [];
    if (known !== undefined) return known;
    const name = this.initializer(this.fresh('const'), { type, dims, data });
    this.said.set(key, [name]);
    return name;
  }

  shape(name: string): Shape {
    const shape = this.shapes.get(name);
    if (shape === undefined) throw new GraphFailure(fail('GRAPH_VALUE', { name }));
    return shape;
  }

  /** The node that gives a value; undefined for inputs and constants. */
  producer(name: string): GraphNode | undefined {
    return this.producers.get(name);
  }

  constant(name: string): Initializer | undefined {
    return this.initializers.get(name);
  }

  /** One operator with one output; the name of what it gives. */
  op(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.ops(op, inputs, attributes, 1)[0];
  }

  ops(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    outputs: number,
  ): readonly string[] {
    const key = `${op} ${inputs.join()} ${JSON.stringify(attributes)} ${outputs}`;
    const known = this.said.get(key);
    if (known) return known;
    const names = Array.from({ length: outputs }, () => this.fresh(op.toLowerCase()));
    this.add({ op, inputs, outputs: names, attributes });
    this.said.set(key, names);
    return names;
  }

  /** A node whose outputs have their names already. */
  add(node: GraphNode): void {
    const shapes = shapesOf(node, this);
    if (!shapes.ok) throw new GraphFailure(shapes);
    node.outputs.forEach((name, i) => {
      if (name === '') return;
      this.shapes.set(name, shapes.value[i]);
      this.producers.set(name, node);
    });
    this.nodes.push(node);
  }

  reshape(value: string, shape: Shape): string {
    const own = this.shape(value);
    return own.length === shape.length && own.every((dim, i) => dim === shape[i])
      ? value
      : this.op('Reshape', [value, this.integers(shape)]);
  }

  transpose(value: string, perm: readonly number[]): string {
    return perm.every((axis, i) => axis === i) ? value : this.op('Transpose', [value], { perm });
  }

  sum(value: string, axes: readonly number[], keepdims: 0 | 1 = 1): string {
    return axes.length === 0 ? value : this.op('ReduceSum', [value, this.integers(axes)], { keepdims });
  }

  mean(value: string, axes: readonly number[], keepdims: 0 | 1 = 1): string {
    return this.op('ReduceMean', [value, this.integers(axes)], { keepdims });
  }

  /** Undoes a broadcast: sums over what was repeated, back to `shape`. */
  summedTo(value: string, shape: Shape): string {
    const own = this.shape(value);
    const front = own.length - shape.length;
    const axes = own.flatMap((dim, i) => (i < front || (shape[i - front] === 1 && dim !== 1) ? [i] : []));
    return this.reshape(this.sum(value, axes), shape);
  }

  /** The graph of these inputs and outputs, without what nothing asks for. */
  graph(inputs: readonly GraphValue[], outputs: readonly string[]): Graph {
    const needed = new Set(outputs);
    const nodes = [...this.nodes].reverse().filter((node) => {
      if (!node.outputs.some((name) => needed.has(name))) return false;
      for (const name of node.inputs) needed.add(name);
      return true;
    });
    return {
      opset: OPSET,
      inputs,
      outputs: outputs.map((name) => ({ name, type: 'float32', shape: this.shape(name) })),
      initializers: new Map([...this.initializers].filter(([name]) => needed.has(name))),
      nodes: nodes.reverse().map((node) => trimmed(node, needed)),
    };
  }

  private fresh(stem: string): string {
    return `${this.prefix}${stem}_${this.next++}`;
  }
}

/** Optional outputs at the end that nobody reads are not asked of the kernel. */
function trimmed(node: GraphNode, needed: ReadonlySet<string>): GraphNode {
  if (node.op === 'Split') return node;
  const last = node.outputs.findLastIndex((name) => needed.has(name));
  return { ...node, outputs: node.outputs.slice(0, last + 1) };
}
