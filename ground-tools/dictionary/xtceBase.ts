/**
 * What every F´ mission database holds: the CCSDS and F´ packet headers as parameters and containers, and the
 * command packet. Named as fprime-xtce names them, because the Yamcs plug-in of F´ goes by these names.
 */
import { Apid } from '../../fsw/protocols';
import { integer } from './fprimeModel';
import { type Element, element } from './xml';
import { plainType, type Role, textType } from './xtceTypes';

const U = (role: Role, name: string, sizeInBits: number): Element =>
  element(
    `Integer${role}Type`,
    { name, signed: false },
    element('UnitSet'),
    element('IntegerDataEncoding', { sizeInBits }),
  );

const flag = (role: Role, name: string, zeroStringValue: string, oneStringValue: string): Element =>
  element(
    `Boolean${role}Type`,
    { name, zeroStringValue, oneStringValue },
    element('UnitSet'),
    element('IntegerDataEncoding', { sizeInBits: 1 }),
  );

const aggregate = (role: Role, name: string, members: Readonly<Record<string, string>>): Element =>
  element(
    `Aggregate${role}Type`,
    { name },
    element(
      'MemberList',
      {},
      ...Object.entries(members).map(([member, typeRef]) => element('Member', { name: member, typeRef })),
    ),
  );

/** Numbers, bool, and the fields of a space packet header (CCSDS 133.0-B). */
export function baseTypes(role: Role): Element[] {
  const groupFlags = ['Continuation', 'First', 'Last', 'Standalone'].map((label, value) =>
    element('Enumeration', { value, label }),
  );
  return [
    ...['U8', 'U16', 'U32', 'U64', 'I8', 'I16', 'I32', 'I64'].map((name) => plainType(role, integer(name))),
    ...[32, 64].map((size) => plainType(role, { name: `F${size}`, kind: 'float', size })),
    plainType(role, { name: 'bool', kind: 'bool', size: 8 }),
    textType(role, 'FPrimeFilePathType', 255, 8),
    U(role, 'CCSDS_Version_Type', 3),
    flag(role, 'CCSDS_Type_Type', 'TM', 'TC'),
    flag(role, 'CCSDS_Sec_Hdr_Flag_Type', 'NotPresent', 'Present'),
    U(role, 'CCSDS_APID_Type', 11),
    aggregate(role, 'CCSDS_Packet_ID_Type', {
      Version: 'CCSDS_Version_Type',
      Type: 'CCSDS_Type_Type',
      SecHdrFlag: 'CCSDS_Sec_Hdr_Flag_Type',
      APID: 'CCSDS_APID_Type',
    }),
    element(
      `Enumerated${role}Type`,
      { name: 'CCSDS_Group_Flags_Type' },
      element('UnitSet'),
      element('IntegerDataEncoding', { sizeInBits: 2 }),
      element('EnumerationList', {}, ...groupFlags),
    ),
    U(role, 'CCSDS_Source_Sequence_Count_Type', 14),
    aggregate(role, 'CCSDS_Packet_Sequence_Type', {
      GroupFlags: 'CCSDS_Group_Flags_Type',
      Count: 'CCSDS_Source_Sequence_Count_Type',
    }),
    U(role, 'CCSDS_Packet_Length_Type', 16),
  ];
}

const parameterTypes = {
  FPrimePacketId: 'FwTlmPacketizeIdType',
  FPrimeEventId: 'FwEventIdType',
  FPrimeChannelId: 'FwChanIdType',
  FPrimeTime: 'Fw/TimeValue',
  DataDescType: 'FwPacketDescriptorType',
  CCSDS_Packet_ID: 'CCSDS_Packet_ID_Type',
  CCSDS_Packet_Sequence: 'CCSDS_Packet_Sequence_Type',
  CCSDS_Packet_Length: 'CCSDS_Packet_Length_Type',
  FPrimeFilePacketType: 'U8',
  FPrimeFilePacketSeqIndex: 'U32',
  FPrimeFilePacketFileSize: 'U32',
  FPrimeFilePacketByteOffset: 'U32',
  FPrimeFilePacketDataSize: 'U16',
  FPrimeFilePacketChecksum: 'U32',
  FPrimeFilePacketSourcePath: 'FPrimeFilePathType',
  FPrimeFilePacketDestinationPath: 'FPrimeFilePathType',
} as const;

export const baseParameters: readonly Element[] = Object.entries(parameterTypes).map(
  ([name, parameterTypeRef]) => element('Parameter', { name, parameterTypeRef }),
);

export interface ContainerParent {
  readonly container: string;
  /** Value by parameter: what tells this container from the parent's others. */
  readonly when: Readonly<Record<string, number>>;
}

export function container(
  attributes: { readonly name: string; readonly abstract?: boolean; readonly shortDescription?: string },
  entries: readonly Element[],
  parent?: ContainerParent,
): Element {
  const comparisons = Object.entries(parent?.when ?? {}).map(([parameterRef, value]) =>
    element('Comparison', { parameterRef, value }),
  );
  const base =
    parent &&
    element(
      'BaseContainer',
      { containerRef: parent.container },
      element('RestrictionCriteria', {}, element('ComparisonList', {}, ...comparisons)),
    );
  return element('SequenceContainer', attributes, element('EntryList', {}, ...entries), base);
}

export function parameterEntry(parameterRef: string): Element {
  return element('ParameterRefEntry', { parameterRef });
}

type HeaderField = keyof typeof parameterTypes;

/** Bits from the start of a space packet to the first value of a telemetry packet: 6 + 2 + 2 + 11 bytes. */
export const TELEMETRY_PACKET_HEAD_BITS = 21 * 8;

const ofApid = (name: string, apid: number, fields: readonly HeaderField[]): Element =>
  container({ name, abstract: true }, fields.map(parameterEntry), {
    container: 'CCSDSSpacePacket',
    when: { 'CCSDS_Packet_ID/Version': 0, 'CCSDS_Packet_ID/APID': apid },
  });

const filePacket = (kind: string, type: number, fields: readonly HeaderField[]): Element =>
  container({ name: `FPrimeFilePacket${kind}` }, fields.map(parameterEntry), {
    container: 'FPrimeFilePacket',
    when: { FPrimeFilePacketType: type },
  });

export const baseContainers: readonly Element[] = [
  container(
    { name: 'CCSDSSpacePacket', abstract: true },
    ['CCSDS_Packet_ID', 'CCSDS_Packet_Sequence', 'CCSDS_Packet_Length'].map(parameterEntry),
  ),
  ofApid('FPrimeTelemetryPacket', Apid.PACKETIZED_TLM, ['DataDescType', 'FPrimePacketId', 'FPrimeTime']),
  ofApid('FPrimeTelemetryChannel', Apid.TELEM, ['DataDescType', 'FPrimeChannelId', 'FPrimeTime']),
  ofApid('FPrimeEvent', Apid.LOG, ['DataDescType', 'FPrimeEventId', 'FPrimeTime']),
  ofApid('FPrimeFilePacket', Apid.FILE, ['DataDescType', 'FPrimeFilePacketType', 'FPrimeFilePacketSeqIndex']),
  filePacket('Start', 0, [
    'FPrimeFilePacketFileSize',
    'FPrimeFilePacketSourcePath',
    'FPrimeFilePacketDestinationPath',
  ]),
  filePacket('Data', 1, ['FPrimeFilePacketByteOffset', 'FPrimeFilePacketDataSize']),
  filePacket('End', 2, ['FPrimeFilePacketChecksum']),
  filePacket('Cancel', 3, []),
];

const zeros = (name: string, sizeInBits: number): Element =>
  element('FixedValueEntry', { name, binaryValue: '0000', sizeInBits });
const argumentEntry = (argumentRef: string): Element => element('ArgumentRefEntry', { argumentRef });

export interface MetaCommand {
  readonly name: string;
  readonly shortDescription?: string;
  readonly abstract?: boolean;
  /** Its arguments in order: name and type reference. */
  readonly args: readonly (readonly [string, string])[];
  readonly entries?: readonly Element[];
  readonly parent?: { readonly command: string; readonly assign: Readonly<Record<string, string | number>> };
}

export function metaCommand({ args, entries, parent, ...attributes }: MetaCommand): Element {
  const assignments = Object.entries(parent?.assign ?? {}).map(([argumentName, argumentValue]) =>
    element('ArgumentAssignment', { argumentName, argumentValue }),
  );
  const declared = args.map(([name, argumentTypeRef]) => element('Argument', { name, argumentTypeRef }));
  return element(
    'MetaCommand',
    attributes,
    parent &&
      element(
        'BaseMetaCommand',
        { metaCommandRef: parent.command },
        element('ArgumentAssignmentList', {}, ...assignments),
      ),
    declared.length === 0 ? undefined : element('ArgumentList', {}, ...declared),
    element(
      'CommandContainer',
      { name: attributes.name },
      element('EntryList', {}, ...(entries ?? args.map(([name]) => argumentEntry(name)))),
      parent && element('BaseContainer', { containerRef: parent.command }),
    ),
  );
}

const headerFields = ['Version', 'Type', 'Sec_Hdr_Flag', 'APID', 'Group_Flags'].map(
  (field) => [`CCSDS_${field}`, `CCSDS_${field}_Type`] as const,
);

/** Count and length of the space packet are filled in by the ground system's command postprocessor. */
export const baseCommands: readonly Element[] = [
  metaCommand({
    name: 'CCSDSPacket',
    abstract: true,
    args: headerFields,
    entries: [
      ...headerFields.map(([name]) => argumentEntry(name)),
      zeros('CCSDS_Source_Sequence_Count', 14),
      zeros('CCSDS_Packet_Length', 16),
    ],
  }),
  metaCommand({
    name: 'FPrimeCommand',
    abstract: true,
    args: [['OpCode', 'FwOpcodeType']],
    entries: [zeros('Fprime_FW_PACKET_COMMAND', 16), argumentEntry('OpCode')],
    parent: {
      command: 'CCSDSPacket',
      assign: {
        CCSDS_Version: 0,
        CCSDS_Type: 'TC',
        CCSDS_Sec_Hdr_Flag: 'NotPresent',
        CCSDS_APID: Apid.COMMAND,
        CCSDS_Group_Flags: 'Standalone',
      },
    },
  }),
];
