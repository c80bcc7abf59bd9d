import type { ExportedType } from './exported';
import { integer, type TypeDefinition, type TypeDescriptor } from './fprimeModel';

/** The types of one dictionary in F´'s words. All are asked for by our names. */
export interface FprimeTypes {
  readonly definitions: readonly TypeDefinition[];
  describe(name: string): TypeDescriptor;
  /** The display format: `{}`, `{.2f}`. */
  formatOf(name: string): string;
  /** `{ default }` in F´'s form, or nothing where the value has none (not-a-number is no JSON). */
  defaultOf(name: string, value: unknown): { readonly default?: unknown };
  /** A name as an FPP identifier. */
  identifier(name: string): string;
}

export function fprimeTypes(types: Readonly<Record<string, ExportedType>>): FprimeTypes {
  const names = qualifiedNames(types);

  const describe = (name: string): TypeDescriptor => {
    const { kind, size = 0, signed } = types[name];
    switch (kind) {
      case 'integer':
        return integer(`${signed ? 'I' : 'U'}${size}`);
      case 'float':
        return { name: `F${size}`, kind, size };
      case 'bool':
        return { name: 'bool', kind, size: 8 };
      case 'string':
        return { name: 'string', kind, size };
      default:
        return { name: names[name], kind: 'qualifiedIdentifier' };
    }
  };

  /** Enumerators are qualified, 64-bit integers (text in our JSON) become bigints. Undefined: no F´ form. */
  const fprimeValue = (name: string, value: unknown): unknown => {
    const { kind, element = '', members = {} } = types[name];
    if (value === null || value === undefined) return undefined;
    if (kind === 'integer') return typeof value === 'string' ? BigInt(value) : value;
    if (kind === 'enum') return `${names[name]}.${identifier(String(value))}`;
    if (kind === 'array') return allOf((value as unknown[]).map((item) => fprimeValue(element, item)));
    if (kind !== 'struct') return value;
    const entries = Object.entries(members).map(([key, type]) => [
      identifier(key),
      fprimeValue(type, (value as Record<string, unknown>)[key]),
    ]);
    return allOf(entries.map(([, item]) => item)) && Object.fromEntries(entries);
  };

  const defaultOf = (name: string, value: unknown) => {
    const converted = fprimeValue(name, value);
    return converted === undefined ? {} : { default: converted };
  };

  const displayed = (name: string) => {
    const { format } = types[name];
    return format === undefined ? {} : { format };
  };

  const define = (name: string): TypeDefinition[] => {
    const type = types[name];
    const qualifiedName = names[name];
    switch (type.kind) {
      case 'enum':
        return [
          {
            kind: 'enum',
            qualifiedName,
            representationType: integer(type.representation ?? 'U8'),
            enumeratedConstants: Object.entries(type.constants ?? {}).map(([key, value]) => ({
              name: identifier(key),
              value,
            })),
            default: String(fprimeValue(name, type.default)),
          },
        ];
      case 'array':
        return [
          {
            kind: 'array',
            qualifiedName,
            size: type.length ?? 0,
            elementType: { ...describe(type.element ?? ''), ...displayed(type.element ?? '') },
            ...defaultOf(name, type.default),
          },
        ];
      case 'struct': {
        const members = Object.entries(type.members ?? {}).map(([key, member], index) => [
          identifier(key),
          { type: describe(member), index, ...displayed(member) },
        ]);
        return [
          {
            kind: 'struct',
            qualifiedName,
            members: Object.fromEntries(members),
            ...defaultOf(name, type.default),
          },
        ];
      }
      default:
        return [];
    }
  };

  return {
    definitions: Object.keys(types).flatMap(define),
    describe,
    formatOf: (name) => types[name].format ?? '{}',
    defaultOf,
    identifier,
  };
}

function allOf(values: unknown[]): unknown[] | undefined {
  return values.includes(undefined) ? undefined : values;
}

/** FPP identifiers are letters, digits and underscores. */
function identifier(name: string): string {
  const word = name.replace(/[^A-Za-z0-9_]+/g, '_').replace(/_$/, '');
  return /^\d/.test(word) ? `_${word}` : word;
}

/** `Fw.Mode` stays, `U32[16]` becomes `U32_16`; two that would become one are told apart. */
function qualifiedNames(types: Readonly<Record<string, ExportedType>>): Readonly<Record<string, string>> {
  const taken = new Set<string>();
  return Object.fromEntries(
    Object.keys(types).map((name) => {
      let qualified = name.split('.').map(identifier).join('.');
      while (taken.has(qualified)) qualified += '_';
      taken.add(qualified);
      return [name, qualified];
    }),
  );
}
