import { describe, expect, it } from 'vitest';
import { U8 } from '../../fsw/framework/types';
import type { ExportedDictionary } from './exported';
import { convertDictionary } from './formats';
import { fprimeDictionary, fprimeJson } from './fprime';
import type { FprimeDictionary } from './fprimeModel';
import { demo, rawBytes, withChannel } from './testDictionary';

function exported(dictionary = demo): FprimeDictionary {
  const converted = fprimeDictionary(dictionary, '1.2.3');
  if (!converted.ok) throw new Error(converted.error.text);
  return converted.value;
}
const found = <T extends { name: string }>(entries: readonly T[], name: string) =>
  entries.find((entry) => entry.name === `Demo.probe.${name}`);
const definition = (name: string) =>
  exported().typeDefinitions.find(({ qualifiedName }) => qualifiedName === name);

describe('the F´ dictionary', () => {
  it('says its specification, and the hash of ours', () => {
    expect(exported().metadata).toEqual({
      deploymentName: 'Perigee',
      frameworkVersion: '1.2.3',
      projectVersion: `1.2.3+${demo.hash}`,
      libraryVersions: [],
      dictionarySpecVersion: '1.0.0',
    });
  });

  it('defines what ground systems look for in F´ itself: widths, time tag, spacecraft id, frame length', () => {
    expect(definition('FwPacketDescriptorType')).toMatchObject({
      kind: 'alias',
      underlyingType: { name: 'U16', kind: 'integer', size: 16, signed: false },
    });
    expect(definition('Fw.TimeValue')).toMatchObject({ kind: 'struct', members: { useconds: { index: 3 } } });
    expect(definition('ComCfg.Apid')).toMatchObject({
      enumeratedConstants: expect.arrayContaining([
        { name: 'FW_PACKET_FILE', value: 3 },
        { name: 'SPP_IDLE_PACKET', value: 0x7ff },
      ]),
    });
    const constants = exported().constants.map(({ qualifiedName, value }) => [qualifiedName, value]);
    expect(constants).toEqual(
      expect.arrayContaining([
        ['ComCfg.SpacecraftId', 0x44],
        ['ComCfg.TmFrameFixedSize', 1024],
      ]),
    );
  });

  it('describes enumerations, arrays and structs, their names and defaults as FPP has them', () => {
    expect(definition('Demo.Mode')).toEqual({
      kind: 'enum',
      qualifiedName: 'Demo.Mode',
      representationType: { name: 'I16', kind: 'integer', size: 16, signed: true },
      enumeratedConstants: [
        { name: 'OFF', value: 0 },
        { name: 'half_on', value: -3 },
        { name: 'ON', value: 2 },
      ],
      default: 'Demo.Mode.ON',
    });
    expect(definition('Demo.Vector')).toMatchObject({
      size: 3,
      elementType: { name: 'F32', kind: 'float', size: 32, format: '{.1f}' },
      default: [0, 0, 0],
    });
    expect(definition('Demo.Point')).toMatchObject({
      members: {
        mode: { type: { name: 'Demo.Mode', kind: 'qualifiedIdentifier' }, index: 0 },
        gain: { type: { name: 'F32' }, index: 1, format: '{.2f}' },
        note: { type: { name: 'string', kind: 'string', size: 5 }, index: 2 },
      },
      default: { mode: 'Demo.Mode.ON', gain: 0, note: '' },
    });
    expect(definition('U16_2')).toMatchObject({ kind: 'array', size: 2 });
  });

  it('has a command with absolute opcode, and those of a parameter as kinds of their own', () => {
    const { commands } = exported();
    expect(found(commands, 'GO')).toMatchObject({ commandKind: 'async', opcode: 0x100 });
    expect(found(commands, 'GO')?.formalParams.map(({ name, type }) => [name, type.kind])).toEqual([
      ['mode', 'qualifiedIdentifier'],
      ['vector', 'qualifiedIdentifier'],
      ['point', 'qualifiedIdentifier'],
      ['text', 'string'],
    ]);
    expect(found(commands, 'Limit_PRM_SET')).toMatchObject({ commandKind: 'set', opcode: 0x180 });
    expect(found(commands, 'Limit_PRM_SAVE')).toMatchObject({ commandKind: 'save', formalParams: [] });
  });

  it('turns named fields of an event into fields by position', () => {
    const gone = found(exported().events, 'Gone');
    expect(gone).toMatchObject({ severity: 'ACTIVITY_HI', format: 'gone in {} at {.3f} of {.2f}' });
  });

  it('lists the arguments behind words that take them out of order, and escapes braces that are no field', () => {
    const { events } = exported();
    expect(found(events, 'Turned')).toMatchObject({
      severity: 'WARNING_LO',
      throttle: 3,
      format: 'to <to> from <from> & {{{{ no field }}}} (from: {}, to: {})',
    });
    expect(found(events, 'Silent')).toMatchObject({ severity: 'FATAL', format: 'silent (code: {})' });
  });

  it('gives channels their limits, format and unit', () => {
    const { telemetryChannels } = exported();
    expect(found(telemetryChannels, 'Speed')).toEqual({
      name: 'Demo.probe.Speed',
      type: { name: 'F32', kind: 'float', size: 32 },
      id: 0x100,
      telemetryUpdate: 'on change',
      annotation: 'How fast. [m/s]',
      format: '{.1f}',
      limits: { low: { red: -2 }, high: { yellow: 5, orange: 6, red: 7 } },
    });
    expect(found(telemetryChannels, 'Label')?.telemetryUpdate).toBe('always');
  });

  it('has parameters with their defaults, records, and one packet set with what it omits', () => {
    const { parameters, records, telemetryPacketSets } = exported();
    expect(found(parameters, 'Start')?.default).toEqual({ mode: 'Demo.Mode.half_on', gain: 1.5, note: 'a' });
    expect(found(records, 'Sample')).toMatchObject({ id: 0x100, array: true });
    expect(telemetryPacketSets).toHaveLength(1);
    const [{ members, omitted }] = telemetryPacketSets;
    expect(members).toEqual([
      {
        name: 'Hk',
        id: 7,
        group: 0,
        members: ['Total', 'Label', 'Speed', 'Lit'].map((name) => `Demo.probe.${name}`),
      },
    ]);
    expect(omitted).toContain('Demo.probe.Where');
    expect(omitted).not.toContain('Demo.probe.Total');
    expect(exported(withChannel(U8)).telemetryPacketSets).toEqual([]);
  });

  it('writes 64-bit integers exactly', () => {
    expect(fprimeJson(exported())).toContain(`"default": ${2n ** 63n}\n`);
    expect(JSON.parse(fprimeJson(exported())).metadata.deploymentName).toBe('Perigee');
  });

  it('refuses a dictionary with raw bytes of variable length, and names the entry', () => {
    expect(fprimeDictionary(withChannel(rawBytes), '1')).toMatchObject({
      error: {
        code: 'DICTIONARY_NO_FORM',
        text: 'F´ has no form for the types of Odd.odd.Odd (Odd.Struct)',
      },
    });
    expect(convertDictionary(JSON.stringify(withChannel(rawBytes)), 'xtce', '1').ok).toBe(false);
    expect(convertDictionary('as it is', 'perigee', '1')).toEqual({ ok: true, value: 'as it is' });
  });

  it('leaves out a record with raw bytes, and its type, and nothing else', () => {
    const chunk = { kind: 'struct', members: { at: 'U32', data: 'bytes[8]' }, default: {} } as const;
    const record = {
      ...demo.records[0],
      id: 0x101,
      name: 'Demo.probe.Chunk',
      local: 'Chunk',
      type: 'Demo.Chunk',
    };
    const types = {
      ...demo.types,
      'Demo.Chunk': chunk,
      'bytes[8]': { kind: 'bytes' as const, max: 8, default: [] },
    };
    const more = { ...demo, types, records: [...demo.records, record] } as ExportedDictionary;
    expect(exported(more)).toEqual(exported());
  });
});
