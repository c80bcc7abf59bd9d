import { describe, expect, it } from 'vitest';
import { fprimeDictionary } from './fprime';
import { demo } from './testDictionary';
import { element, xmlDocument } from './xml';
import { xtce } from './xtce';

const converted = fprimeDictionary(demo, '1.2.3');
const database = converted.ok ? xtce(converted.value) : '';
/** The element that starts with `head`, to its end, without line breaks. */
function part(head: string): string {
  const from = database.indexOf(head);
  const tag = head.match(/^<(\w+)/)?.[1];
  const indent = database.slice(database.lastIndexOf('\n', from) + 1, from);
  const end = database.indexOf(`\n${indent}</${tag}>`, from);
  return database.slice(from, end).replace(/\n\s*/g, '');
}

// Whether it is valid and agrees with fprime-xtce's is tested in hwtests/interop/xtce.
describe('the XTCE mission database', () => {
  it('nests space systems by qualified name', () => {
    expect(database).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<SpaceSystem xmlns="[^"]*" .*name="Perigee">/,
    );
    expect(database).toContain('  <SpaceSystem name="Fw">');
    expect(database).toMatch(/ {2}<SpaceSystem name="Demo">(?:.|\n)*\n {4}<SpaceSystem name="probe">/);
  });

  it('describes enumerations by their wire type, and aggregates by reference', () => {
    expect(part('<EnumeratedParameterType name="Mode"')).toContain(
      '<IntegerDataEncoding sizeInBits="16" encoding="twosComplement" byteOrder="mostSignificantByteFirst"/>',
    );
    expect(part('<AggregateArgumentType name="Point"')).toBe(
      '<AggregateArgumentType name="Point"><MemberList>' +
        '<Member name="mode" typeRef="/Perigee/Demo/Mode"/>' +
        '<Member name="gain" typeRef="/Perigee/F32"/>' +
        '<Member name="note" typeRef="/Perigee/string5"/></MemberList>',
    );
    expect(part('<ArrayParameterType name="Vector"')).toContain('<FixedValue>2</FixedValue>');
  });

  it('gives a channel with limits a type with alarms', () => {
    expect(part('<FloatParameterType name="Speed_Type"')).toContain(
      '<StaticAlarmRanges><WarningRange maxInclusive="5"/><DistressRange maxInclusive="6"/>' +
        '<CriticalRange minInclusive="-2" maxInclusive="7"/></StaticAlarmRanges>',
    );
    expect(database).toContain('<Parameter name="Speed" parameterTypeRef="Speed_Type"');
    expect(database).toContain('<Parameter name="Label" parameterTypeRef="/Perigee/string5"');
  });

  it('tells channels apart by id', () => {
    expect(part('<SequenceContainer name="Speed"')).toContain(
      '<Comparison parameterRef="/Perigee/FPrimeChannelId" value="256"/>',
    );
  });

  it('puts what stands behind a padded text in a packet at its fixed place', () => {
    // 6 + 15 bytes of headers, 8 of Total, 2 + 5 of Label.
    const bits = (6 + 15 + 8 + 7) * 8;
    expect(part('<SequenceContainer name="Hk"')).toContain(
      '<EntryList><ParameterRefEntry parameterRef="/Perigee/Demo/probe/Total"/>' +
        '<ParameterRefEntry parameterRef="/Perigee/Demo/probe/Label"/>' +
        '<ParameterRefEntry parameterRef="/Perigee/Demo/probe/Speed">' +
        '<LocationInContainerInBits referenceLocation="containerStart">' +
        `<FixedValue>${bits}</FixedValue></LocationInContainerInBits></ParameterRefEntry>` +
        '<ParameterRefEntry parameterRef="/Perigee/Demo/probe/Lit"/></EntryList>',
    );
  });

  it('assigns a command its opcode, and lists its arguments', () => {
    const go = part('<MetaCommand name="GO"');
    expect(go).toContain('<ArgumentAssignment argumentName="OpCode" argumentValue="256"/>');
    expect(go).toContain('<Argument name="text" argumentTypeRef="/Perigee/string40"/>');
    expect(part('<MetaCommand name="STOP"')).not.toContain('ArgumentList');
  });
});

describe('XML', () => {
  it('escapes what would be markup, and leaves out undefined attributes and children', () => {
    expect(
      xmlDocument(element('a', { b: '"<&>"', c: undefined }, undefined, element('d', {}, 'x < y'))),
    ).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<a b="&#34;&#60;&#38;&#62;&#34;">\n  <d>x &#60; y</d>\n</a>\n',
    );
  });
});
