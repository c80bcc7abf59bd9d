/** A dictionary read back from its JSON form, with every type rebuilt: the ground never loads flight code. */
import { fail, type Result, succeed } from '../../fsw/errors';
import {
  type Dictionary,
  dictionaryHash,
  type Entry,
  type PacketEntry,
} from '../../fsw/framework/dictionary';
import type { ChannelSpec, CommandSpec, EventSpec, ParamSpec, RecordSpec } from '../../fsw/framework/model';
import {
  array,
  bool,
  bytes,
  enumeration,
  F32,
  F64,
  type Fields,
  I8,
  I16,
  I32,
  I64,
  type NumberType,
  string,
  struct,
  type Type,
  U8,
  U16,
  U32,
  U64,
} from '../../fsw/framework/types';

const integers = { U8, U16, U32, I8, I16, I32 };
const longIntegers = { U64, I64 };
const floats = { F32, F64 };

/** One type as `dictionaryJson` writes it. */
interface TypeJson {
  readonly kind: string;
  readonly default?: unknown;
  readonly size?: number;
  readonly min?: number | string;
  readonly max?: number | string;
  readonly unit?: string;
  readonly format?: string;
  readonly length?: number;
  readonly element?: string;
  readonly members?: Readonly<Record<string, string>>;
  readonly representation?: keyof typeof integers;
  readonly constants?: Readonly<Record<string, number>>;
}
type Named = {
  readonly name: string;
  readonly id: number;
  readonly instance: string;
  readonly local: string;
};
type WithArgs = Named & { readonly args: readonly { readonly name: string; readonly type: string }[] };
type WithType = Named & { readonly type: string };
interface DictionaryJson {
  readonly deployment: string;
  readonly hash: string;
  readonly types: Readonly<Record<string, TypeJson>>;
  readonly commands: readonly WithArgs[];
  readonly events: readonly WithArgs[];
  readonly channels: readonly WithType[];
  readonly params: readonly WithType[];
  readonly records: readonly WithType[];
  readonly packets: readonly { readonly name: string; readonly id: number; readonly channels: string[] }[];
}

/**
 * Rebuilds the dictionary that `perigee dictionary <mission>` wrote. Errors: DICTIONARY_FILE, also when its
 * contents don't give its own hash: it was edited after it was written.
 */
export function dictionaryFromJson(text: string, file = 'the dictionary'): Result<Dictionary> {
  try {
    const json = JSON.parse(text) as DictionaryJson;
    const hash = dictionaryHash(json);
    if (hash !== json.hash)
      return fail('DICTIONARY_FILE', { file, why: `its hash is ${hash}, it says ${json.hash}` });
    return succeed(rebuild(json));
  } catch (error) {
    return fail('DICTIONARY_FILE', { file, why: (error as Error).message });
  }
}

function rebuild(json: DictionaryJson): Dictionary {
  const built = new Map<string, Type<unknown>>();
  const typeOf = (name: string): Type<unknown> => {
    const known = built.get(name);
    if (known) return known;
    const entry = json.types[name];
    if (entry === undefined) throw new Error(`it has no type ${name}`);
    const type = typeFrom(name.replace(/#\d+$/, ''), entry, typeOf);
    built.set(name, type);
    return type;
  };
  const withArgs = <S>(entry: WithArgs): Entry<S> => {
    const args: Fields = Object.fromEntries(entry.args.map(({ name, type }) => [name, typeOf(type)]));
    return { ...entry, args } as unknown as Entry<S>;
  };
  const withType = <S>(entry: WithType): Entry<S> =>
    ({ ...entry, type: typeOf(entry.type) }) as unknown as Entry<S>;
  const channels = json.channels.map((entry) => withType<ChannelSpec>(entry));
  const byName = new Map(channels.map((entry) => [entry.name, entry]));
  const member = (name: string) => {
    const found = byName.get(name);
    if (found === undefined) throw new Error(`a packet has the unknown channel ${name}`);
    return found;
  };
  const packets: PacketEntry[] = json.packets.map((packet) => ({
    ...packet,
    channels: packet.channels.map(member),
  }));
  return {
    deployment: json.deployment,
    hash: json.hash,
    commands: json.commands.map((entry) => withArgs<CommandSpec>(entry)),
    events: json.events.map((entry) => withArgs<EventSpec>(entry)),
    channels,
    params: json.params.map((entry) => withType<ParamSpec>(entry)),
    records: json.records.map((entry) => withType<RecordSpec>(entry)),
    packets,
  };
}

function typeFrom(name: string, json: TypeJson, typeOf: (name: string) => Type<unknown>): Type<unknown> {
  switch (json.kind) {
    case 'integer':
      if (Object.hasOwn(longIntegers, name))
        return narrowed(longIntegers[name as keyof typeof longIntegers], json, (value) => BigInt(value));
      return narrowed(primitive(integers, name), json, Number);
    case 'float':
      return narrowed(primitive(floats, name), json, Number);
    case 'bool':
      return bool;
    case 'string':
      return string(required(json.size, name), String(json.default ?? ''));
    case 'bytes':
      return bytes(required(json.size, name));
    case 'enum': {
      const represent = primitive(integers, json.representation ?? 'U8');
      const start = json.default === undefined ? {} : { default: String(json.default) };
      return enumeration(name, required(json.constants, name), { represent, ...start }) as Type<unknown>;
    }
    case 'array':
      return array(typeOf(required(json.element, name)), required(json.length, name), name);
    case 'struct': {
      const members = Object.entries(required(json.members, name));
      return struct(name, Object.fromEntries(members.map(([key, type]) => [key, typeOf(type)])));
    }
    default:
      throw new Error(`type ${name} is of the unknown kind ${json.kind}`);
  }
}

function primitive(of: Readonly<Record<string, NumberType<number>>>, name: string): NumberType<number> {
  if (!Object.hasOwn(of, name)) throw new Error(`there is no number type ${name}`);
  return of[name];
}

function narrowed<T extends number | bigint>(
  type: NumberType<T>,
  { min, max, unit, format, default: start }: TypeJson,
  number: (value: number | string) => T,
): Type<unknown> {
  return type.with({
    ...(min !== undefined && { min: number(min) }),
    ...(max !== undefined && { max: number(max) }),
    ...(unit !== undefined && { unit }),
    ...(format !== undefined && { format }),
    ...((typeof start === 'number' || typeof start === 'string') && { default: number(start) }),
  });
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`type ${name} lacks a part`);
  return value;
}
