/**
 * The F´ (FPP) JSON dictionary, specification 1.0.0, and the definitions of F´ itself that ground systems
 * look for in it. Source: nasa/fprime docs/reference/fpp-json-dict.md; field names as F´ GDS 4.4.1 reads them.
 */
import { Apid, SPACECRAFT_ID, TimeBase, TM_FRAME_LENGTH } from '../../fsw/protocols';

export type TypeDescriptor =
  | { readonly name: string; readonly kind: 'integer'; readonly size: number; readonly signed: boolean }
  | { readonly name: string; readonly kind: 'float'; readonly size: number }
  | { readonly name: 'bool'; readonly kind: 'bool'; readonly size: 8 }
  | { readonly name: 'string'; readonly kind: 'string'; readonly size: number }
  | { readonly name: string; readonly kind: 'qualifiedIdentifier' };

interface Definition {
  readonly qualifiedName: string;
  readonly annotation?: string;
}
export interface AliasDefinition extends Definition {
  readonly kind: 'alias';
  readonly type: TypeDescriptor;
  /** What GDS reads. */
  readonly underlyingType: TypeDescriptor;
}
export interface EnumDefinition extends Definition {
  readonly kind: 'enum';
  readonly representationType: TypeDescriptor;
  readonly enumeratedConstants: readonly { readonly name: string; readonly value: number }[];
  /** Qualified: `Demo.Mode.OFF`. */
  readonly default: string;
}
export interface ArrayDefinition extends Definition {
  readonly kind: 'array';
  readonly size: number;
  readonly elementType: TypeDescriptor & { readonly format?: string };
  readonly default?: unknown;
}
export interface StructDefinition extends Definition {
  readonly kind: 'struct';
  readonly members: Readonly<
    Record<string, { readonly type: TypeDescriptor; readonly index: number; readonly format?: string }>
  >;
  readonly default?: unknown;
}
export type TypeDefinition = AliasDefinition | EnumDefinition | ArrayDefinition | StructDefinition;

export interface FormalParam {
  readonly name: string;
  readonly type: TypeDescriptor;
  readonly ref: false;
}

interface Entry {
  readonly name: string;
  readonly annotation: string;
}
export interface FprimeCommand extends Entry {
  readonly commandKind: 'async' | 'set' | 'save';
  readonly opcode: number;
  readonly formalParams: readonly FormalParam[];
  readonly queueFullBehavior?: 'drop';
}
export interface FprimeEvent extends Entry {
  readonly severity: string;
  readonly id: number;
  readonly formalParams: readonly FormalParam[];
  readonly format: string;
  readonly throttle?: number;
}
export interface FprimeChannel extends Entry {
  readonly type: TypeDescriptor;
  readonly id: number;
  readonly telemetryUpdate: 'always' | 'on change';
  readonly format?: string;
  /** The specification's text says `limit`; FPP writes and GDS reads `limits`. */
  readonly limits?: FprimeLimits;
}
export interface FprimeLimits {
  readonly low?: Readonly<Record<string, number>>;
  readonly high?: Readonly<Record<string, number>>;
}
export interface FprimeParameter extends Entry {
  readonly type: TypeDescriptor;
  readonly id: number;
  readonly default?: unknown;
}
export interface FprimePacket {
  readonly name: string;
  readonly id: number;
  readonly group: number;
  readonly members: readonly string[];
}

export interface FprimeDictionary {
  readonly metadata: {
    readonly deploymentName: string;
    readonly frameworkVersion: string;
    readonly projectVersion: string;
    readonly libraryVersions: readonly string[];
    readonly dictionarySpecVersion: '1.0.0';
  };
  readonly typeDefinitions: readonly TypeDefinition[];
  readonly constants: readonly (Definition & { readonly type: TypeDescriptor; readonly value: number })[];
  readonly commands: readonly FprimeCommand[];
  readonly events: readonly FprimeEvent[];
  readonly telemetryChannels: readonly FprimeChannel[];
  readonly parameters: readonly FprimeParameter[];
  readonly records: readonly (Entry & {
    readonly type: TypeDescriptor;
    readonly array: boolean;
    readonly id: number;
  })[];
  readonly containers: readonly (Entry & { readonly id: number; readonly defaultPriority: number })[];
  readonly telemetryPacketSets: readonly {
    readonly name: string;
    readonly members: readonly FprimePacket[];
    readonly omitted: readonly string[];
  }[];
}

export function integer(name: string): TypeDescriptor {
  return { name, kind: 'integer', size: Number(name.slice(1)), signed: name.startsWith('I') };
}

function alias(qualifiedName: string, name: string, annotation: string): AliasDefinition {
  return { kind: 'alias', qualifiedName, type: integer(name), underlyingType: integer(name), annotation };
}

function enumOf(
  qualifiedName: string,
  constants: Readonly<Record<string, number>>,
  first: string,
  annotation: string,
): EnumDefinition {
  return {
    kind: 'enum',
    qualifiedName,
    representationType: integer('U16'),
    enumeratedConstants: Object.entries(constants).map(([name, value]) => ({ name, value })),
    default: `${qualifiedName}.${first}`,
    annotation,
  };
}

const prefixed = (prefix: string, table: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(table).map(([name, value]) => [`${prefix}${name}`, value]));

const { SPP_IDLE_PACKET, INVALID_UNINITIALIZED, ...packetKinds } = Apid;

/** The types of our wire format under F´'s names: they say how wide ids, sizes and time tags are. */
export const frameworkTypes: readonly TypeDefinition[] = [
  alias('FwPacketDescriptorType', 'U16', 'The descriptor that every F´ packet starts with.'),
  alias('FwChanIdType', 'U32', 'A channel id.'),
  alias('FwEventIdType', 'U32', 'An event id.'),
  alias('FwOpcodeType', 'U32', 'A command opcode.'),
  alias('FwPrmIdType', 'U32', 'A parameter id.'),
  alias('FwTlmPacketizeIdType', 'U16', 'A telemetry packet id.'),
  alias('FwSizeStoreType', 'U16', 'The length before a text.'),
  alias('FwTimeContextStoreType', 'U8', 'The context of a time tag.'),
  alias('FwTimeBaseStoreType', 'U16', 'The base of a time tag.'),
  alias('FwDpIdType', 'U32', 'A data product id.'),
  alias('FwDpPriorityType', 'U32', 'A data product priority.'),
  enumOf(
    'TimeBase',
    {
      TB_NONE: TimeBase.NONE,
      TB_PROC_TIME: TimeBase.PROC_TIME,
      TB_WORKSTATION_TIME: TimeBase.WORKSTATION_TIME,
      TB_SC_TIME: TimeBase.SPACECRAFT_TIME,
      TB_FPGA_TIME: TimeBase.FPGA_TIME,
      TB_DONT_CARE: TimeBase.DONT_CARE,
    },
    'TB_NONE',
    'Which clock a time tag was taken from.',
  ),
  enumOf(
    'ComCfg.Apid',
    { ...prefixed('FW_PACKET_', packetKinds), SPP_IDLE_PACKET, INVALID_UNINITIALIZED },
    'INVALID_UNINITIALIZED',
    'What a packet is: its descriptor and its APID.',
  ),
  {
    kind: 'struct',
    qualifiedName: 'Fw.TimeValue',
    members: {
      timeBase: { type: { name: 'TimeBase', kind: 'qualifiedIdentifier' }, index: 0 },
      timeContext: { type: { name: 'FwTimeContextStoreType', kind: 'qualifiedIdentifier' }, index: 1 },
      seconds: { type: integer('U32'), index: 2 },
      useconds: { type: integer('U32'), index: 3 },
    },
    default: { timeBase: 'TimeBase.TB_NONE', timeContext: 0, seconds: 0, useconds: 0 },
    annotation: 'A time tag.',
  },
];

/** `tmFrameLength` is what the ground's deframer takes a frame to be. */
export function frameworkConstants(tmFrameLength = TM_FRAME_LENGTH): FprimeDictionary['constants'] {
  const constant = (qualifiedName: string, value: number, annotation: string) => ({
    qualifiedName,
    type: integer('U64'),
    value,
    annotation,
  });
  return [
    constant('ComCfg.SpacecraftId', SPACECRAFT_ID, 'Spacecraft id of all transfer frames.'),
    constant('ComCfg.TmFrameFixedSize', tmFrameLength, 'Bytes of a TM transfer frame.'),
    constant('FW_SERIALIZE_TRUE_VALUE', 0xff, 'A bool that is true.'),
    constant('FW_SERIALIZE_FALSE_VALUE', 0, 'A bool that is false.'),
  ];
}
