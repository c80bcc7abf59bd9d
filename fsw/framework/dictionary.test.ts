import { describe, expect, it } from 'vitest';
import { component } from './component';
import { dictionaryJson, dictionaryOf } from './dictionary';
import { defineComponent } from './model';
import { defineTopology, instance } from './topology';
import { array, bool, bytes, enumeration, F32, I64, string, struct, U8, U16 } from './types';

const Mode = enumeration('Test.Mode', { OFF: 0, ON: 1 });
const Point = struct('Test.Point', { x: F32, tags: array(struct('Test.Tag', { id: U16 }), 2) });

interface Twists {
  opcode?: number;
  limit?: number;
  constants?: Record<string, number>;
  deployment?: string;
  baseId?: number;
  packet?: string[];
  rate?: number;
  doc?: string;
}

/** A small deployment, with one thing at a time twisted. */
function dictionary({
  opcode = 3,
  limit = 9,
  constants,
  deployment = 'Dep',
  baseId = 0x200,
  packet,
  rate,
  doc = 'Goes.',
}: Twists = {}) {
  const Colour = enumeration('Test.Colour', constants ?? { RED: 1 });
  const thing = component(
    defineComponent({
      kind: 'passive',
      doc: 'x',
      commands: {
        GO: { id: opcode, args: { to: Point, mode: Mode, much: U8.with({ max: 5 }) }, doc },
      },
      events: {
        Went: { id: 1, severity: 'activity-low', args: { far: I64, by: Colour }, format: '{far}', doc: 'x' },
      },
      telemetry: { Much: { id: 2, type: U8, limits: { high: { red: limit } }, doc: 'x' } },
      params: { Rate: { id: 0, type: I64, default: 4n, doc: 'x' } },
      records: {
        Found: {
          id: 5,
          type: struct('Test.Found', { raw: bytes(4), sure: bool, label: string(6) }),
          doc: 'x',
        },
      },
    }),
    { commands: () => ({ GO: () => ({ status: 'OK', reason: '' }) }) },
  );
  const params = rate === undefined ? {} : { params: { Rate: BigInt(rate) } };
  return dictionaryOf(
    defineTopology({
      name: deployment,
      instances: [instance('thing', thing, { baseId, ...params })],
      connections: [],
      patterns: {},
      packets: [{ name: 'Pack', id: 1, channels: packet ?? ['thing.Much', 'thing.Faults'] }],
    }),
  );
}

describe('the dictionary', () => {
  it('names everything `deployment.instance.NAME` and gives it its absolute id', () => {
    const { commands, events, channels, params, records, packets } = dictionary();
    const all = [commands, events, channels, params, records].flat();
    expect(all.map(({ name, id }) => `${id.toString(16)} ${name}`)).toEqual([
      ...['203 Dep.thing.GO', '280 Dep.thing.Rate_PRM_SET', '281 Dep.thing.Rate_PRM_SAVE'],
      ...['201 Dep.thing.Went', '2f0 Dep.thing.ComponentFault', '2f1 Dep.thing.QueueOverflow'],
      ...['2f2 Dep.thing.ParamInvalid', '2f3 Dep.thing.ComponentFatal'],
      ...['202 Dep.thing.Much', '2f0 Dep.thing.Faults', '2f1 Dep.thing.QueueDrops'],
      ...['200 Dep.thing.Rate', '205 Dep.thing.Found'],
    ]);
    expect(packets).toMatchObject([
      { name: 'Dep.Pack', id: 1, channels: [{ local: 'Much', instance: 'thing' }, { local: 'Faults' }] },
    ]);
  });

  it('has a hash that stays, and that every change of the contract changes', () => {
    const { hash } = dictionary();
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(dictionary().hash).toBe(hash);
    const twists: Twists[] = [
      { opcode: 4 },
      { limit: 10 },
      { constants: { RED: 2 } },
      { constants: { RED: 1, BLUE: 2 } },
      { deployment: 'Other' },
      { baseId: 0x300 },
      { packet: ['thing.Faults', 'thing.Much'] },
      { rate: 5 },
    ];
    const hashes = twists.map((twist) => dictionary(twist).hash);
    expect(new Set([hash, ...hashes]).size).toBe(twists.length + 1);
  });

  it('keeps its hash when only a sentence of the documentation is mended', () => {
    expect(dictionary({ doc: 'Goes there, if it can.' }).hash).toBe(dictionary().hash);
  });

  it('is plain data as JSON, with every type that it names, also inside others', () => {
    const json = dictionaryJson(dictionary()) as {
      types: Record<string, Record<string, unknown>>;
      commands: { local: string; args: { name: string; type: string }[] }[];
      params: { default: unknown; type: string }[];
      packets: { channels: string[] }[];
    };
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    const { types } = json;
    expect(types['Test.Mode']).toEqual({
      kind: 'enum',
      default: 'OFF',
      representation: 'U8',
      constants: { OFF: 0, ON: 1 },
    });
    expect(types['Test.Point']).toMatchObject({ kind: 'struct', members: { x: 'F32', tags: 'Test.Tag[2]' } });
    expect(types['Test.Tag[2]']).toMatchObject({ kind: 'array', element: 'Test.Tag', length: 2 });
    expect(types['Test.Tag']).toMatchObject({ members: { id: 'U16' } });
    expect(Object.keys(types)).toEqual(
      expect.arrayContaining(['bytes(4)', 'bool', 'string(6)', 'I64', 'U32']),
    );
    expect(json.params).toMatchObject([{ default: '4', type: 'I64' }]);
    expect(json.packets[0].channels).toEqual(['Dep.thing.Much', 'Dep.thing.Faults']);
  });

  it('tells a narrowed type from its namesake', () => {
    const { commands, channels, types } = dictionaryJson(dictionary()) as {
      commands: { args: { type: string }[] }[];
      channels: { type: string }[];
      types: Record<string, { max?: number }>;
    };
    const [narrowed, plain] = [commands[0].args[2].type, channels[0].type];
    expect([types[narrowed].max, types[plain].max]).toEqual([5, undefined]);
    expect([narrowed, plain]).toEqual(['U8', 'U8#2']);
  });
});
