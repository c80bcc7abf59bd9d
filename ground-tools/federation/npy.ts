/** NumPy's .npy files, version 1, of one array of floats: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
import { fail, type Result, succeed } from '../../fsw/errors';

/** An array in row-major order. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
/** The header ends at a multiple of this, as NumPy writes it. */
const ALIGN = 64;
/** What NumPy holds free in a header, so that the first dimension can grow in place. */
const GROWTH_DIGITS = 21;

export function writeNpy({ dims, data }: Tensor): Uint8Array {
  const shape = dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`;
  let header = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`;
  if (dims.length > 0) header += ' '.repeat(GROWTH_DIGITS - String(dims[0]).length);
  const before = MAGIC.length + 4;
  // As NumPy: a header that would end at such a multiple by itself gets another 64 blanks.
  const length = (Math.floor((before + header.length + 1) / ALIGN) + 1) * ALIGN;
  const bytes = Buffer.alloc(length + data.length * 4, ' ');
  MAGIC.copy(bytes);
  bytes.writeUInt16BE(0x0100, MAGIC.length);
  bytes.writeUInt16LE(length - before, MAGIC.length + 2);
  bytes.write(header, before, 'latin1');
  bytes[length - 1] = 0x0a;
  data.forEach((value, i) => {
    bytes.writeFloatLE(value, length + i * 4);
  });
  return new Uint8Array(bytes);
}

/** Reads `<f4`, and `<f8` rounded to float32. Errors: FLOWER_ARRAY. */
export function readNpy(name: string, bytes: Uint8Array): Result<Tensor> {
  const wrong = (why: string) => fail('FLOWER_ARRAY', { name, why });
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const before = MAGIC.length + 4;
  if (file.length < before || !file.subarray(0, MAGIC.length).equals(MAGIC))
    return wrong('it is no .npy file');
  if (file[MAGIC.length] !== 1) return wrong(`.npy version ${file[MAGIC.length]} is not 1`);
  const start = before + file.readUInt16LE(MAGIC.length + 2);
  const header = file.toString('latin1', before, start);
  const type = /'descr': '(<f[48])'/.exec(header)?.[1];
  if (type === undefined) return wrong('its values are not little-endian float32 or float64');
  if (!/'fortran_order': False/.test(header)) return wrong('it is not in row-major order');
  const shape = /'shape': \(([\d, ]*)\)/.exec(header)?.[1];
  if (shape === undefined) return wrong('its header has no shape');
  const dims = shape.split(',').map((text) => text.trim());
  const sizes = dims.filter((text) => text !== '').map(Number);
  const count = sizes.reduce((product, size) => product * size, 1);
  const width = type === '<f4' ? 4 : 8;
  if (file.length - start !== count * width)
    return wrong(
      `${file.length - start} bytes of values, its shape ${sizes.join('×')} needs ${count * width}`,
    );
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++)
    data[i] = width === 4 ? file.readFloatLE(start + i * 4) : file.readDoubleLE(start + i * 8);
  return succeed({ dims: sizes, data });
}
