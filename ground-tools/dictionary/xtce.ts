import type {
  FormalParam,
  FprimeChannel,
  FprimeDictionary,
  FprimePacket,
  TypeDescriptor,
} from './fprimeModel';
import { type Element, element, listOf, xmlDocument } from './xml';
import {
  baseCommands,
  baseContainers,
  baseParameters,
  baseTypes,
  container,
  metaCommand,
  parameterEntry,
  TELEMETRY_PACKET_HEAD_BITS,
} from './xtceBase';
import {
  alarmOf,
  definedType,
  isVariable,
  plainType,
  type Refer,
  type Role,
  sizeInBits,
  typeNameOf,
} from './xtceTypes';

/** A space system: what stands directly in it, and those inside it. */
interface System {
  readonly name: string;
  readonly types: Readonly<Record<Role, Element[]>>;
  readonly parameters: Element[];
  readonly containers: Element[];
  readonly commands: Element[];
  readonly inner: Map<string, System>;
}

function system(name: string): System {
  return {
    name,
    types: { Parameter: [], Argument: [] },
    parameters: [],
    containers: [],
    commands: [],
    inner: new Map(),
  };
}

/**
 * An F´ dictionary as an XTCE 1.2 mission database (OMG XTCE, schema of 2018-02-04): telemetry channels and
 * packets, and commands. Events are not in it; the F´ plug-ins of Yamcs read those by the F´ dictionary.
 *
 * Paths and header names are fprime-xtce's. Beyond it: limits are alarms, texts in telemetry are as long as
 * their length says (so that a channel sent by itself is read), and in a telemetry packet, where they are padded,
 * the entry behind one stands at its fixed place.
 */
export function xtce(dictionary: FprimeDictionary): string {
  const root = system(dictionary.metadata.deploymentName.replaceAll('.', '_'));
  const refer: Refer = (name) => `/${root.name}/${name.replaceAll('.', '/')}`;
  const systemOf = (name: string) => {
    const path = name.split('.');
    const last = path.pop() ?? name;
    return { at: path.reduce(innerSystem, root), last };
  };

  for (const role of ['Parameter', 'Argument'] as const) {
    root.types[role].push(...baseTypes(role), ...texts(dictionary).map((text) => plainType(role, text)));
    for (const definition of dictionary.typeDefinitions) {
      const { at, last } = systemOf(definition.qualifiedName);
      at.types[role].push(definedType(role, definition, last, refer));
    }
  }

  root.parameters.push(...baseParameters);
  root.containers.push(...baseContainers);
  for (const channel of dictionary.telemetryChannels) addChannel(channel, systemOf(channel.name), refer);
  for (const { members } of dictionary.telemetryPacketSets)
    for (const packet of members) root.containers.push(packetContainer(packet, dictionary, refer));

  root.commands.push(...baseCommands);
  for (const { name, annotation, opcode, formalParams } of dictionary.commands) {
    const { at, last } = systemOf(name);
    at.commands.push(
      metaCommand({
        name: last,
        shortDescription: annotation,
        args: formalParams.map((arg) => [arg.name, refer(typeNameOf(arg.type))]),
        parent: { command: refer('FPrimeCommand'), assign: { OpCode: opcode } },
      }),
    );
  }

  const namespace = 'http://www.omg.org/spec/XTCE/20180204';
  return xmlDocument(
    systemElement(root, {
      xmlns: namespace,
      'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
      'xsi:schemaLocation': `${namespace} https://www.omg.org/spec/XTCE/20180204/SpaceSystem.xsd`,
    }),
  );
}

function innerSystem(outer: System, name: string): System {
  const inner = outer.inner.get(name) ?? system(name);
  outer.inner.set(name, inner);
  return inner;
}

/** Every length of text that is used anywhere, once. */
function texts({ typeDefinitions, telemetryChannels, commands }: FprimeDictionary): TypeDescriptor[] {
  const used = [
    ...telemetryChannels.map(({ type }) => type),
    ...commands.flatMap(({ formalParams }) => formalParams.map(({ type }: FormalParam) => type)),
    ...typeDefinitions.flatMap((definition) => {
      if (definition.kind === 'array') return [definition.elementType];
      return definition.kind === 'struct' ? Object.values(definition.members).map(({ type }) => type) : [];
    }),
  ].filter(({ kind }) => kind === 'string');
  return [...new Map(used.map((type) => [typeNameOf(type), type])).values()];
}

/** A channel with limits gets a type of its own to hold them. */
function addChannel(channel: FprimeChannel, { at, last }: { at: System; last: string }, refer: Refer): void {
  const { name, type, id, annotation } = channel;
  const numeric = type.kind === 'integer' || type.kind === 'float';
  const alarm = numeric ? alarmOf(channel) : undefined;
  const ownType = `${last}_Type`;
  if (alarm !== undefined) at.types.Parameter.push(plainType('Parameter', type, ownType, alarm));
  const parameterTypeRef = alarm === undefined ? refer(typeNameOf(type)) : ownType;
  at.parameters.push(element('Parameter', { name: last, parameterTypeRef, shortDescription: annotation }));
  at.containers.push(
    container({ name: last }, [parameterEntry(refer(name))], {
      container: refer('FPrimeTelemetryChannel'),
      when: { [refer('FPrimeChannelId')]: id },
    }),
  );
}

function packetContainer(
  { name, id, members }: FprimePacket,
  { telemetryChannels, typeDefinitions }: FprimeDictionary,
  refer: Refer,
): Element {
  let at = TELEMETRY_PACKET_HEAD_BITS;
  let behindText = false;
  const entries = members.map((member) => {
    const type = telemetryChannels.find((channel) => channel.name === member)?.type;
    const entry = behindText ? entryAt(refer(member), at) : parameterEntry(refer(member));
    if (type !== undefined) {
      at += sizeInBits(typeDefinitions, type);
      behindText = isVariable(typeDefinitions, type);
    }
    return entry;
  });
  return container({ name }, entries, {
    container: 'FPrimeTelemetryPacket',
    when: { FPrimePacketId: id },
  });
}

function entryAt(parameterRef: string, bits: number): Element {
  const location = element(
    'LocationInContainerInBits',
    { referenceLocation: 'containerStart' },
    element('FixedValue', {}, String(bits)),
  );
  return element('ParameterRefEntry', { parameterRef }, location);
}

function systemElement(
  { name, types, parameters, containers, commands, inner }: System,
  namespaces: Element['attributes'] = {},
): Element {
  const telemetry = [
    listOf('ParameterTypeSet', types.Parameter),
    listOf('ParameterSet', parameters),
    listOf('ContainerSet', containers),
  ].filter((part) => part !== undefined);
  const commanding = [listOf('ArgumentTypeSet', types.Argument), listOf('MetaCommandSet', commands)].filter(
    (part) => part !== undefined,
  );
  return element(
    'SpaceSystem',
    { ...namespaces, name },
    listOf('TelemetryMetaData', telemetry),
    listOf('CommandMetaData', commanding),
    ...[...inner.values()].map((part) => systemElement(part)),
  );
}
