import { fail, type Result, succeed } from '../../errors';
import { compile } from './compile';
import { showPlain } from './numbers';
import type { CodecSource, Fields, Type, Values } from './type';

/** Exactly `length` elements of one type, back to back on the wire. */
export function array<T>(
  element: Type<T>,
  length: number,
  name = `${element.name}[${length}]`,
): Type<readonly T[]> & { readonly element: Type<T> } {
  const source: CodecSource = {
    write(value, scope) {
      const i = scope.fresh();
      return `for (let ${i} = 0; ${i} < ${length}; ${i}++) { ${element.source.write(`${value}[${i}]`, scope)} }`;
    },
    read(target, scope) {
      const [i, item] = [scope.fresh(), scope.fresh()];
      return `const ${target} = []; for (let ${i} = 0; ${i} < ${length}; ${i}++) { ${element.source.read(item, scope)} ${target}.push(${item}); }`;
    },
  };
  return {
    kind: 'array',
    name,
    element,
    minSize: element.minSize * length,
    maxSize: element.maxSize * length,
    initial: Array.from({ length }, () => element.initial),
    source,
    describe: { element: element.name, length },
    ...compile<readonly T[]>(source),
    check(value, path): Result<readonly T[]> {
      if (!Array.isArray(value) || value.length !== length)
        return fail('TYPE_MISMATCH', {
          path,
          value: showPlain(value),
          type: `${name} of ${length} elements`,
        });
      const checked: T[] = [];
      for (const [i, item] of value.entries()) {
        const result = element.check(item, `${path}[${i}]`);
        if (!result.ok) return result;
        checked.push(result.value);
      }
      return succeed(checked);
    },
    show: (value) => `[${value.map((item) => element.show(item)).join(', ')}]`,
  };
}

/** Named members, back to back on the wire in the order written. */
export function struct<const F extends Fields>(
  name: string,
  fields: F,
): Type<Values<F>> & { readonly fields: F } {
  const members = Object.entries(fields);
  const source: CodecSource = {
    write: (value, scope) =>
      members.map(([key, type]) => type.source.write(`${value}[${JSON.stringify(key)}]`, scope)).join(' '),
    read(target, scope) {
      const targets = members.map(([key, type]) => ({ key, type, variable: scope.fresh() }));
      const reads = targets.map(({ type, variable }) => type.source.read(variable, scope)).join(' ');
      return `${reads} const ${target} = { ${targets.map(({ key, variable }) => `${JSON.stringify(key)}: ${variable}`).join(', ')} };`;
    },
  };
  const sum = (size: 'minSize' | 'maxSize') => members.reduce((total, [, type]) => total + type[size], 0);
  return {
    kind: 'struct',
    name,
    fields,
    minSize: sum('minSize'),
    maxSize: sum('maxSize'),
    initial: Object.fromEntries(members.map(([key, type]) => [key, type.initial])) as Values<F>,
    source,
    describe: { members: Object.fromEntries(members.map(([key, type]) => [key, type.name])) },
    ...compile<Values<F>>(source),
    check: (value, path) => checkMembers(fields, value, path),
    show: (value) => `{ ${members.map(([key, type]) => `${key}: ${type.show(value[key])}`).join(', ')} }`,
  };
}

function checkMembers<F extends Fields>(fields: F, value: unknown, path: string): Result<Values<F>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fail('TYPE_MISMATCH', { path, value: showPlain(value), type: 'struct' });
  const plain = value as Record<string, unknown>;
  const stranger = Object.keys(plain).find((key) => !Object.hasOwn(fields, key));
  if (stranger !== undefined)
    return fail('TYPE_UNKNOWN_MEMBER', {
      path,
      member: stranger,
      known: Object.keys(fields).join(', ') || 'none',
    });
  const checked: Record<string, unknown> = {};
  for (const [key, type] of Object.entries(fields)) {
    if (!Object.hasOwn(plain, key)) return fail('TYPE_MISSING_MEMBER', { path, member: key });
    const result = type.check(plain[key], `${path}.${key}`);
    if (!result.ok) return result;
    checked[key] = result.value;
  }
  return succeed(checked as Values<F>);
}

/**
 * A value that is handed over by reference and never serialised (a pooled buffer, a driver's handle).
 * It may travel between components of one thread only. `initial` is what a failed synchronous call returns.
 */
export function reference<T>(name: string, initial?: T): Type<T> {
  const refuse = () => `throw new Error(${JSON.stringify(`${name} is a reference and has no wire form`)});`;
  const source: CodecSource = { write: refuse, read: (target) => `const ${target} = undefined; ${refuse()}` };
  return {
    kind: 'reference',
    name,
    minSize: 0,
    maxSize: 0,
    initial: initial as T,
    source,
    describe: {},
    ...compile<T>(source),
    check: (value) => succeed(value as T),
    show: () => `<${name}>`,
  };
}
