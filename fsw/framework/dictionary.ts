import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Dictionary, Entry } from './entries';
import { allCommands, allEvents, allTelemetry } from './ids';
import type { ChannelSpec, CommandSpec, EventSpec, ParamSpec, RecordSpec } from './model';
import type { Topology } from './topology';
import type { Fields, Type } from './types';

export type { Dictionary, Entry, PacketEntry } from './entries';

export function dictionaryOf(topology: Topology): Dictionary {
  const collect = <S extends { readonly id: number }>(
    specsOf: (instance: Topology['instances'][number]) => Readonly<Record<string, S>>,
  ): Entry<S>[] =>
    topology.instances.flatMap((instance) =>
      Object.entries(specsOf(instance)).map(([local, spec]) => ({
        ...spec,
        id: instance.baseId + spec.id,
        name: `${topology.name}.${instance.name}.${local}`,
        instance: instance.name,
        local,
      })),
    );
  const channels = collect(({ component }) => allTelemetry(component.model));
  const body = {
    deployment: topology.name,
    commands: collect(({ component }) => allCommands(component.model)),
    events: collect(({ component }) => allEvents(component.model)),
    channels,
    params: collect(({ component, params }) => withDefaults(component.model.params, params)),
    records: collect(({ component }) => component.model.records),
    packets: (topology.packets ?? []).map(({ name, id, channels: members }) => ({
      name: `${topology.name}.${name}`,
      id,
      channels: members.flatMap((member) =>
        channels.filter((entry) => `${entry.instance}.${entry.local}` === member),
      ),
    })),
  };
  const hash = dictionaryHash(dictionaryJson({ ...body, hash: '' }));
  return { ...body, hash };
}

/** The hash of a dictionary's JSON form, whatever hash that states. */
export function dictionaryHash(json: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify({ ...(json as object), hash: '' }, withoutDocs))
    .digest('hex')
    .slice(0, 16);
}

function withoutDocs(key: string, value: unknown): unknown {
  return key === 'doc' ? undefined : value;
}

/** Parameters with the mission's own defaults. */
function withDefaults(
  params: Readonly<Record<string, ParamSpec>>,
  defaults: Readonly<Record<string, unknown>>,
): Record<string, ParamSpec> {
  return Object.fromEntries(
    Object.entries(params).map(([name, spec]) => [
      name,
      { ...spec, default: defaults[name] ?? spec.default },
    ]),
  );
}

/** The dictionary as plain data, with every type that it names. Big integers are written as decimal text. */
export function dictionaryJson(dictionary: Dictionary): unknown {
  const types: Record<string, unknown> = {};
  /** Enters a type and those that it is made of. A narrowed namesake (`U8.with(…)`) gets a number: `U8#2`. */
  const named = (type: Type<unknown>): string => {
    const parts = {
      ...(isStruct(type) && { members: mapValues(type.fields, named) }),
      ...(isArray(type) && { element: named(type.element) }),
    };
    const entry = plain({ kind: type.kind, default: type.initial, ...type.describe, ...parts });
    let name = type.name;
    for (let n = 2; name in types && !isDeepStrictEqual(types[name], entry); n++) name = `${type.name}#${n}`;
    types[name] = entry;
    return name;
  };
  const fields = (args: CommandSpec['args'] = {}) =>
    Object.entries(args).map(([name, type]) => ({ name, type: named(type) }));
  const withArgs = <S extends Entry<CommandSpec | EventSpec>>(entry: S) => ({
    ...entry,
    args: fields(entry.args),
  });
  const withType = <S extends Entry<ChannelSpec | ParamSpec | RecordSpec>>(entry: S) => ({
    ...entry,
    type: named(entry.type),
  });
  const { deployment, hash } = dictionary;
  const body = {
    commands: dictionary.commands.map(withArgs),
    events: dictionary.events.map(withArgs),
    channels: dictionary.channels.map(withType),
    params: dictionary.params.map(withType),
    records: dictionary.records.map(withType),
    packets: dictionary.packets.map(({ channels, ...packet }) => ({
      ...packet,
      channels: channels.map(({ name }) => name),
    })),
  };
  return plain({ deployment, hash, types, ...body });
}

function isStruct(type: Type<unknown>): type is Type<unknown> & { readonly fields: Fields } {
  return type.kind === 'struct';
}

function isArray(type: Type<unknown>): type is Type<unknown> & { readonly element: Type<unknown> } {
  return type.kind === 'array';
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, to: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value)]));
}

function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, item: unknown) => {
      if (typeof item === 'bigint') return item.toString();
      return item instanceof Uint8Array ? Buffer.from(item).toString('hex') : item;
    }) ?? 'null',
  );
}
