/** Readers of the fields that tasks and updates share. They throw `Malformed`, with the place. */
import { bytes, list, Malformed, member, text, whole } from '../models/fields';
import { type Coding, MAX_VALUES } from './compress';
import { type Id, type LayoutEntry, valuesIn } from './ids';

export function id(value: unknown, key: string, at: string): Id {
  return Buffer.from(bytes(member(value, key, at), `${at}.${key}`, 32)).toString('hex');
}

export function idBytes(of: Id): Uint8Array {
  return new Uint8Array(Buffer.from(of, 'hex'));
}

export function anyBytes(value: unknown, at: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Malformed(`${at}: not bytes`);
  return value;
}

export function finite(value: unknown, key: string, at: string): number {
  const number = member(value, key, at);
  if (typeof number !== 'number' || !Number.isFinite(number))
    throw new Malformed(`${at}.${key}: not a number`);
  return number;
}

export function positive(value: unknown, key: string, at: string): number {
  const number = finite(value, key, at);
  if (!(number > 0)) throw new Malformed(`${at}.${key}: ${number} is not above 0`);
  return number;
}

/** Unix time in milliseconds. */
export function unixMs(value: unknown, key: string, at: string): number {
  return whole(member(value, key, at), `${at}.${key}`, { max: Number.MAX_SAFE_INTEGER });
}

export function layoutOf(value: unknown, at: string): LayoutEntry[] {
  const layout = list(value, at, 100_000).map((entry, i) => {
    const where = `${at}[${i}]`;
    const [name, dims] = list(entry, where, 2);
    return {
      name: text(name, `${where} name`),
      dims: list(dims, `${where} dims`, 8).map((dim) =>
        whole(dim, `${where} dims`, { min: 1, max: MAX_VALUES }),
      ),
    };
  });
  const values = valuesIn(layout);
  if (values < 1 || values > MAX_VALUES)
    throw new Malformed(`${at}: ${values} values, 1 to ${MAX_VALUES} allowed`);
  return layout;
}

export function codingOf(value: unknown, at: string): Coding {
  const kind = text(member(value, 'kind', at), `${at}.kind`);
  if (kind === 'float32') return { kind };
  const block = whole(member(value, 'block', at), `${at}.block`, { min: 1, max: MAX_VALUES });
  if (kind === 'int8') return { kind, block };
  if (kind !== 'sparse') throw new Malformed(`${at}.kind: ${kind} is no coding`);
  const keep = positive(value, 'keep', at);
  if (keep > 1) throw new Malformed(`${at}.keep: ${keep} is more than 1`);
  return { kind, keep, block };
}
