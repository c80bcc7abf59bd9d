/** Inputs of a model with the outputs that it must give, as they stand in a manifest. */
import { bytes, Malformed, member, optional, record, text, whole } from './fields';

/** As Inference takes it (`Canary` of the payload's ports). */
export interface ManifestCanary {
  readonly count: number;
  /** `count` items, one after the other. */
  readonly input: Float32Array;
  /** Each value of `input` is a whole number of 0 to 255 times this (1 where absent), and takes a byte. */
  readonly scale?: number;
  /** Each output by name, of all items. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
  /** The most by which another processor's or provider's rounding may differ. */
  readonly tolerance: number;
}

interface Side {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

const MAX_ITEMS = 64;

/** Pixels that are whole numbers of 0 to 255, times `scale`, take a byte each (`u8`), all else four (`f32`, little-endian). */
export function canaryFields({ count, input, scale, outputs, tolerance }: ManifestCanary): object {
  const steps = input.map((value) => Math.round(value / (scale ?? 1)));
  const pixels = steps.every(
    (step, i) => step >= 0 && step <= 255 && Math.fround(step * (scale ?? 1)) === input[i],
  );
  return {
    count,
    input: pixels
      ? { type: 'u8', scale, data: Uint8Array.from(steps) }
      : { type: 'f32', data: floatBytes(input) },
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, floatBytes(values)])),
    tolerance,
  };
}

/** Throws `Malformed`. Every output must be there, and of the size that the shapes say. */
export function canaryOf(value: unknown, at: string, input: Side, outputs: readonly Side[]): ManifestCanary {
  const count = whole(member(value, 'count', at), `${at}.count`, { min: 1, max: MAX_ITEMS });
  const tolerance = member(value, 'tolerance', at);
  if (typeof tolerance !== 'number' || !(tolerance >= 0 && tolerance < Number.POSITIVE_INFINITY))
    throw new Malformed(`${at}.tolerance: not a difference`);
  const given = member(value, 'input', at);
  const type = text(member(given, 'type', `${at}.input`), `${at}.input.type`);
  const items = (side: Side, where: string) => count * itemSize(side, where);
  const wanted = items(input, `${at}.input`);
  const data = member(given, 'data', `${at}.input`);
  const expected = record(member(value, 'outputs', at), `${at}.outputs`);
  if (type !== 'u8' && type !== 'f32') throw new Malformed(`${at}.input.type: ${type} is not u8 or f32`);
  const scale = optional(given, 'scale');
  if (scale !== undefined && !(typeof scale === 'number' && scale > 0 && scale < Number.POSITIVE_INFINITY))
    throw new Malformed(`${at}.input.scale: not a factor`);
  return {
    count,
    tolerance,
    ...(scale !== undefined && { scale }),
    input:
      type === 'u8'
        ? Float32Array.from(bytes(data, `${at}.input.data`, wanted), (step) => step * (scale ?? 1))
        : floats(data, `${at}.input.data`, wanted),
    outputs: Object.fromEntries(
      outputs.map((side) => {
        const where = `${at}.outputs.${side.name}`;
        return [side.name, floats(member(expected, side.name, `${at}.outputs`), where, items(side, where))];
      }),
    ),
  };
}

/** Values of one item: all sides but the first, which counts the items. */
function itemSize({ shape }: Side, at: string): number {
  return shape.slice(1).reduce<number>((size, side) => {
    if (typeof side !== 'number') throw new Malformed(`${at}: side ${side} is free, so its size is unknown`);
    return size * side;
  }, 1);
}

function floatBytes(values: Float32Array): Uint8Array {
  const into = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, i) => {
    into.setFloat32(i * 4, value, true);
  });
  return new Uint8Array(into.buffer);
}

function floats(value: unknown, at: string, length: number): Float32Array {
  const from = bytes(value, at, length * 4);
  const view = new DataView(from.buffer, from.byteOffset, from.length);
  const values = Float32Array.from({ length }, (_, i) => view.getFloat32(i * 4, true));
  if (!values.every(Number.isFinite)) throw new Malformed(`${at}: not all are numbers`);
  return values;
}
