/** The flat vector of parameters as a safetensors file, float32, as the Flower app reads and writes it. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { Parameter } from '../../../fsw/learning';
import { readSafetensors } from '../../../fsw/models';

export function writeVector(parameters: readonly Parameter[], values: Float32Array): Uint8Array {
  const header = Object.fromEntries(
    parameters.map(({ name, dims, offset, length }) => [
      name,
      { dtype: 'F32', shape: dims, data_offsets: [offset * 4, (offset + length) * 4] },
    ]),
  );
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(json.length));
  return new Uint8Array(Buffer.concat([head, json, new Uint8Array(values.slice().buffer)]));
}

/** Errors: those of `readSafetensors`, FED_LAYOUT. */
export function readVector(
  parameters: readonly Parameter[],
  file: Uint8Array,
  name: string,
): Result<Float32Array> {
  const tensors = readSafetensors(file, name);
  if (!tensors.ok) return tensors;
  const last = parameters[parameters.length - 1];
  const values = new Float32Array(last.offset + last.length);
  for (const parameter of parameters) {
    const found = tensors.value.find((tensor) => tensor.name === parameter.name);
    if (found?.dtype !== 'F32' || found.length !== parameter.length * 4)
      return fail('FED_LAYOUT', {
        what: name,
        found: `no ${parameter.name}`,
        expected: `${parameter.length} float32`,
      });
    const bytes = file.slice(found.offset, found.offset + found.length);
    values.set(new Float32Array(bytes.buffer), parameter.offset);
  }
  return succeed(values);
}
