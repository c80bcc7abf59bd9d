import { fail, succeed } from '../../errors';
import { compile } from './compile';
import { type NumberType, showPlain, U8 } from './numbers';
import { type CodecSource, DecodeFault, type Type } from './type';

export interface EnumOptions<N extends string> {
  readonly default?: N;
  /** Wire representation; U8 unless the contract says otherwise. */
  readonly represent?: NumberType<number>;
}

/**
 * An enumeration whose TypeScript type is the union of its names and whose wire form is their number.
 * Written before a qualified `name`, e.g. `enumeration('EarthWatch.Mode', { IDLE: 0, IMAGING: 1 })`.
 */
export function enumeration<const N extends string>(
  name: string,
  constants: Readonly<Record<N, number>>,
  options: EnumOptions<NoInfer<N>> = {},
): Type<N> & { readonly constants: Readonly<Record<N, number>> } {
  const represent = options.represent ?? U8;
  const names = Object.keys(constants) as N[];
  const byNumber = new Map<number, N>(names.map((key) => [constants[key], key]));
  const nameOf = (number: number): N => {
    const found = byNumber.get(number);
    if (found !== undefined) return found;
    throw new DecodeFault(fail('TYPE_MISMATCH', { path: name, value: number, type: name }).error);
  };
  const source: CodecSource = {
    write: (value, scope) => represent.source.write(`${scope.constant(constants)}[${value}]`, scope),
    read(target, scope) {
      const raw = scope.fresh();
      return `${represent.source.read(raw, scope)}const ${target} = ${scope.constant(nameOf)}(${raw});`;
    },
  };
  return {
    kind: 'enum',
    name,
    constants,
    minSize: represent.minSize,
    maxSize: represent.maxSize,
    initial: options.default ?? names[0],
    source,
    describe: { representation: represent.name, constants },
    ...compile<N>(source),
    check(value, path) {
      if (typeof value === 'string' && names.includes(value as N)) return succeed(value as N);
      const found = typeof value === 'number' ? byNumber.get(value) : undefined;
      if (found !== undefined) return succeed(found);
      return fail('TYPE_MISMATCH', { path, value: showPlain(value), type: `${name} (${names.join(' | ')})` });
    },
    show: (value) => value,
  };
}
