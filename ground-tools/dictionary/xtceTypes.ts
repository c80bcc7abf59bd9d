/** XTCE types of F´ types, for telemetry (`Parameter`) and for commands (`Argument`). */
import type { FprimeChannel, FprimeDictionary, TypeDefinition, TypeDescriptor } from './fprimeModel';
import { type Element, element } from './xml';

export type Role = 'Parameter' | 'Argument';

const BIG_ENDIAN = { byteOrder: 'mostSignificantByteFirst' };
const BITS_OF_SIZE_TAG = 16;
/** Yamcs reads a text by its leading size alone when it meets this name where XTCE insists on a reference. */
const NO_REFERENCE = '_yamcs_ignore';

/** `Fw.Mode` under root `Perigee`: `/Perigee/Fw/Mode`. */
export type Refer = (name: string) => string;

export function typeNameOf(type: TypeDescriptor): string {
  return type.kind === 'string' ? `string${type.size}` : type.name;
}

function integerEncoding(sizeInBits: number, signed = false): Element {
  const encoding = signed ? 'twosComplement' : 'unsigned';
  return element('IntegerDataEncoding', { sizeInBits, encoding, ...BIG_ENDIAN });
}

/** A number, bool or text. `name` is the type's own; `more` goes behind its encoding. */
export function plainType(
  role: Role,
  type: TypeDescriptor,
  name = typeNameOf(type),
  ...more: Element[]
): Element {
  switch (type.kind) {
    case 'integer': {
      const { size: sizeInBits, signed } = type;
      return element(
        `Integer${role}Type`,
        { name, signed, sizeInBits },
        integerEncoding(sizeInBits, signed),
        ...more,
      );
    }
    case 'float': {
      const { size: sizeInBits } = type;
      const encoding = { sizeInBits, encoding: 'IEEE754_1985', ...BIG_ENDIAN };
      return element(
        `Float${role}Type`,
        { name, sizeInBits },
        element('FloatDataEncoding', encoding),
        ...more,
      );
    }
    case 'bool':
      return enumeratedType(role, name, 8, false, [
        { name: 'False', value: 0 },
        { name: 'True', value: 0xff },
      ]);
    default:
      return textType(role, name, type.kind === 'string' ? type.size : 0, BITS_OF_SIZE_TAG);
  }
}

function enumeratedType(
  role: Role,
  name: string,
  sizeInBits: number,
  signed: boolean,
  constants: readonly { readonly name: string; readonly value: number }[],
): Element {
  const list = constants.map(({ name: label, value }) => element('Enumeration', { value, label }));
  return element(
    `Enumerated${role}Type`,
    { name },
    integerEncoding(sizeInBits, signed),
    element('EnumerationList', {}, ...list),
  );
}

/** UTF-8 of at most `maxBytes` behind its length. */
export function textType(role: Role, name: string, maxBytes: number, sizeInBitsOfSizeTag: number): Element {
  const variable = element(
    'Variable',
    { maxSizeInBits: maxBytes * 8 + sizeInBitsOfSizeTag },
    element('DynamicValue', {}, element('ParameterInstanceRef', { parameterRef: NO_REFERENCE })),
    element('LeadingSize', { sizeInBitsOfSizeTag }),
  );
  return element(
    `String${role}Type`,
    { name },
    element('StringDataEncoding', { encoding: 'UTF-8' }, variable),
  );
}

/** A type definition; `name` is its last part, the system it stands in is the rest. */
export function definedType(role: Role, definition: TypeDefinition, name: string, refer: Refer): Element {
  const typeRef = (type: TypeDescriptor) => refer(typeNameOf(type));
  switch (definition.kind) {
    case 'alias':
      return plainType(role, definition.underlyingType, name);
    case 'enum': {
      const { representationType: wire, enumeratedConstants } = definition;
      const signed = wire.kind === 'integer' && wire.signed;
      return enumeratedType(role, name, sizeInBits([], wire), signed, enumeratedConstants);
    }
    case 'array': {
      const fixed = (tag: string, value: number) =>
        element(tag, {}, element('FixedValue', {}, String(value)));
      const dimension = element(
        'Dimension',
        {},
        fixed('StartingIndex', 0),
        fixed('EndingIndex', definition.size - 1),
      );
      const arrayTypeRef = typeRef(definition.elementType);
      return element(`Array${role}Type`, { name, arrayTypeRef }, element('DimensionList', {}, dimension));
    }
    case 'struct': {
      const members = Object.entries(definition.members).sort(([, a], [, b]) => a.index - b.index);
      const list = members.map(([member, { type }]) =>
        element('Member', { name: member, typeRef: typeRef(type) }),
      );
      return element(`Aggregate${role}Type`, { name }, element('MemberList', {}, ...list));
    }
  }
}

/** F´ colours as XTCE alarms: yellow warns, orange is distress, red is critical. */
export function alarmOf({ limits }: FprimeChannel): Element | undefined {
  if (limits === undefined) return undefined;
  const range = (tag: string, colour: string) => {
    const [minInclusive, maxInclusive] = [limits.low?.[colour], limits.high?.[colour]];
    if (minInclusive === undefined && maxInclusive === undefined) return undefined;
    return element(tag, { minInclusive, maxInclusive });
  };
  const ranges = [
    range('WarningRange', 'yellow'),
    range('DistressRange', 'orange'),
    range('CriticalRange', 'red'),
  ];
  return element('DefaultAlarm', {}, element('StaticAlarmRanges', {}, ...ranges));
}

type Definitions = FprimeDictionary['typeDefinitions'];

function definitionOf(definitions: Definitions, name: string): TypeDefinition | undefined {
  return definitions.find(({ qualifiedName }) => qualifiedName === name);
}

/** Bits on the wire, the most where that varies. */
export function sizeInBits(definitions: Definitions, type: TypeDescriptor): number {
  if (type.kind === 'string') return BITS_OF_SIZE_TAG + type.size * 8;
  if (type.kind !== 'qualifiedIdentifier') return type.size;
  const parts = partsOf(definitions, type.name);
  return parts.reduce((sum, part) => sum + sizeInBits(definitions, part), 0);
}

/** Whether a text is in it. */
export function isVariable(definitions: Definitions, type: TypeDescriptor): boolean {
  if (type.kind !== 'qualifiedIdentifier') return type.kind === 'string';
  return partsOf(definitions, type.name).some((part) => isVariable(definitions, part));
}

/** What a defined type is made of, in order. */
function partsOf(definitions: Definitions, name: string): readonly TypeDescriptor[] {
  const definition = definitionOf(definitions, name);
  switch (definition?.kind) {
    case 'alias':
      return [definition.underlyingType];
    case 'enum':
      return [definition.representationType];
    case 'array':
      return Array.from({ length: definition.size }, () => definition.elementType);
    case 'struct':
      return Object.values(definition.members).map(({ type }) => type);
    default:
      return [];
  }
}
