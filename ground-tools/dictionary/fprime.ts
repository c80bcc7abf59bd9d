import { type Fault, fail, type Result, succeed } from '../../fsw/errors';
import type { SeverityName } from '../../fsw/framework/model';
import type { ExportedArg, ExportedChannel, ExportedDictionary, ExportedEntry } from './exported';
import {
  type FormalParam,
  type FprimeChannel,
  type FprimeCommand,
  type FprimeDictionary,
  type FprimeEvent,
  frameworkConstants,
  frameworkTypes,
} from './fprimeModel';
import { type FprimeTypes, fprimeTypes } from './fprimeTypes';

/** The root that XTCE converters make of it; the deployment's own name starts the name of every entry. */
const DEPLOYMENT_NAME = 'Perigee';

const severityNames: Readonly<Record<SeverityName, string>> = {
  fatal: 'FATAL',
  'warning-high': 'WARNING_HI',
  'warning-low': 'WARNING_LO',
  command: 'COMMAND',
  'activity-high': 'ACTIVITY_HI',
  'activity-low': 'ACTIVITY_LO',
  diagnostic: 'DIAGNOSTIC',
};

/**
 * Our dictionary as F´'s. `version` is Perigee's; the project version carries the dictionary's hash.
 * Names that FPP would not take (`U32[16]`, `warning-high`) are written with underscores. Errors:
 * DICTIONARY_NO_FORM, naming every entry but records whose type F´ cannot describe (raw bytes of variable length).
 */
export function fprimeDictionary(dictionary: ExportedDictionary, version: string): Result<FprimeDictionary> {
  const unfit = withoutForm(dictionary);
  if (unfit !== undefined) return { ok: false, error: unfit };

  // Our record packets are not F´'s: a record without a form (a chunk of a picture) is left out with its type.
  const hasForm = formsIn(dictionary);
  const types = fprimeTypes(
    Object.fromEntries(Object.entries(dictionary.types).filter(([name]) => hasForm(name))),
  );
  const formalParams = (args: readonly ExportedArg[]): FormalParam[] =>
    args.map(({ name, type }) => ({ name: types.identifier(name), type: types.describe(type), ref: false }));
  const known = new Set(frameworkTypes.map(({ qualifiedName }) => qualifiedName));

  return succeed({
    metadata: {
      deploymentName: DEPLOYMENT_NAME,
      frameworkVersion: version,
      projectVersion: `${version}+${dictionary.hash}`,
      libraryVersions: [],
      dictionarySpecVersion: '1.0.0',
    },
    typeDefinitions: [
      ...frameworkTypes,
      ...types.definitions.filter(({ qualifiedName }) => !known.has(qualifiedName)),
    ],
    constants: frameworkConstants(),
    commands: dictionary.commands.map((command) => ({
      name: command.name,
      ...commandKind(dictionary, command),
      opcode: command.id,
      annotation: command.doc,
      formalParams: formalParams(command.args),
    })),
    events: dictionary.events.map(
      (event): FprimeEvent => ({
        name: event.name,
        severity: severityNames[event.severity],
        id: event.id,
        annotation: event.doc,
        formalParams: formalParams(event.args),
        format: positional(event.format, event.args, types),
        ...(event.throttle !== undefined && { throttle: event.throttle }),
      }),
    ),
    telemetryChannels: dictionary.channels.map((channel) => fprimeChannel(channel, types)),
    parameters: dictionary.params.map((param) => ({
      name: param.name,
      type: types.describe(param.type),
      id: param.id,
      annotation: withUnit(param),
      ...types.defaultOf(param.type, param.default),
    })),
    records: dictionary.records
      .filter(({ type }) => hasForm(type))
      .map(({ name, id, type, doc }) => ({
        name,
        type: types.describe(type),
        array: true,
        id,
        annotation: doc,
      })),
    containers: [],
    telemetryPacketSets: packetSets(dictionary),
  });
}

/** As the file has it; 64-bit integers as exact numbers, which `JSON.stringify` alone cannot write. */
export function fprimeJson(dictionary: FprimeDictionary): string {
  const mark = (_: string, value: unknown) => (typeof value === 'bigint' ? `@integer:${value}` : value);
  return JSON.stringify(dictionary, mark, 2).replace(/"@integer:(-?\d+)"/g, '$1');
}

/** Whether F´ can describe a type: all but raw bytes and what has some. */
function formsIn({ types }: ExportedDictionary): (name: string) => boolean {
  return function hasForm(name) {
    const { kind, element, members = {} } = types[name];
    if (kind === 'bytes' || kind === 'reference') return false;
    return [...(element === undefined ? [] : [element]), ...Object.values(members)].every(hasForm);
  };
}

/** One fault for all entries that use a type without a form in F´. */
function withoutForm(dictionary: ExportedDictionary) {
  const { commands, events, channels, params } = dictionary;
  const hasForm = formsIn(dictionary);
  const unfit = [
    ...[...commands, ...events].flatMap(({ name, args }) => args.map((arg) => ({ name, type: arg.type }))),
    ...[...channels, ...params],
  ].filter(({ type }) => !hasForm(type));
  if (unfit.length === 0) return undefined;
  const entries = unfit.map(({ name, type }) => `${name} (${type})`).join(', ');
  return fail('DICTIONARY_NO_FORM', { format: 'F´', entries }).error as Fault;
}

/** SET and SAVE of a parameter are kinds of their own in F´. */
function commandKind(
  { params }: ExportedDictionary,
  { instance, local }: ExportedEntry,
): Pick<FprimeCommand, 'commandKind' | 'queueFullBehavior'> {
  const of = (suffix: string) =>
    params.some((param) => param.instance === instance && `${param.local}${suffix}` === local);
  if (of('_PRM_SET')) return { commandKind: 'set' };
  if (of('_PRM_SAVE')) return { commandKind: 'save' };
  return { commandKind: 'async', queueFullBehavior: 'drop' };
}

/**
 * Our formats name their arguments (`{opcode}`), F´'s take them by position. A format that names each argument
 * once and in order becomes `{}`; any other keeps its words, with `<opcode>` in place of the field, and lists all
 * arguments behind them.
 */
export function positional(format: string, args: readonly ExportedArg[], types: FprimeTypes): string {
  const names = args.map(({ name }) => name);
  const field = /\{(\w+)(\.\d+f)?\}/g;
  const escaped = (text: string) => text.replace(/[{}]/g, '$&$&');
  const parts: string[] = [];
  const used: string[] = [];
  let words = '';
  let from = 0;
  for (const match of format.matchAll(field)) {
    const [whole, name, digits] = match;
    const type = args.find((arg) => arg.name === name)?.type;
    if (type === undefined) continue;
    const before = escaped(format.slice(from, match.index));
    parts.push(before, digits === undefined ? types.formatOf(type) : `{${digits}}`);
    words += `${before}<${name}>`;
    used.push(name);
    from = match.index + whole.length;
  }
  const tail = escaped(format.slice(from));
  if (used.join() === names.join()) return parts.join('') + tail;
  const list = args.map(({ name, type }) => `${name}: ${types.formatOf(type)}`).join(', ');
  return `${words}${tail} (${list})`;
}

function fprimeChannel(channel: ExportedChannel, types: FprimeTypes): FprimeChannel {
  const format = types.formatOf(channel.type);
  return {
    name: channel.name,
    type: types.describe(channel.type),
    id: channel.id,
    telemetryUpdate: channel.update === 'on-change' ? 'on change' : 'always',
    annotation: withUnit(channel),
    ...(format !== '{}' && { format }),
    ...(channel.limits && { limits: channel.limits as FprimeChannel['limits'] }),
  };
}

/** F´ has no place for units. */
function withUnit({ doc, unit }: { readonly doc: string; readonly unit?: string }): string {
  return unit === undefined ? doc : `${doc} [${unit}]`;
}

/** One set of all packets: with more than one, GDS would ask which. */
function packetSets({
  deployment,
  packets,
  channels,
}: ExportedDictionary): FprimeDictionary['telemetryPacketSets'] {
  if (packets.length === 0) return [];
  const sent = new Set(packets.flatMap((packet) => packet.channels));
  return [
    {
      name: `${deployment}.Packets`,
      members: packets.map(({ name, id, channels: members }) => ({
        name: name.slice(deployment.length + 1),
        id,
        group: 0,
        members,
      })),
      omitted: channels.map(({ name }) => name).filter((name) => !sent.has(name)),
    },
  ];
}
