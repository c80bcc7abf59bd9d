import { describe, expect, it } from 'vitest';
import {
  array,
  bool,
  bytes,
  component,
  defineComponent,
  defineTopology,
  enumeration,
  F32,
  I64,
  instance,
  string,
  struct,
  U8,
  U16,
  U64,
} from '../../fsw/framework';
import { dictionaryJson, dictionaryOf } from '../../fsw/framework/dictionary';
import { dictionaryFromJson } from './dictionaryFile';

const Mode = enumeration('Test.Mode', { OFF: 3, ON: 300 }, { represent: U16, default: 'ON' });
const Inner = struct('Test.Inner', { gain: F32.with({ unit: 'dB', format: '{.2f}' }), on: bool });
const everything = component(
  defineComponent({
    kind: 'passive',
    doc: 'Has a member of each type.',
    commands: {
      ALL: {
        id: 0,
        args: { mode: Mode, inner: array(Inner, 2), text: string(9), raw: bytes(4), long: U64, other: I64 },
        doc: 'All.',
      },
    },
    events: {
      Seen: { id: 0, severity: 'activity-low', args: { mode: Mode }, format: '{mode}', doc: 'Seen.' },
    },
    telemetry: {
      Wide: { id: 0, type: U8, doc: 'Wide.' },
      Narrow: { id: 1, type: U8.with({ min: 1, max: 5 }), doc: 'Narrow.' },
    },
    params: { Level: { id: 0, type: U8, default: 3, max: 7, doc: 'Level.' } },
  }),
  { commands: () => ({ ALL: () => ({ status: 'OK', reason: '' }) }) },
);
const topology = defineTopology({
  name: 'Test',
  instances: [instance('all', everything, { baseId: 0x100 })],
  connections: [],
  patterns: {},
  packets: [{ name: 'Both', id: 1, channels: ['all.Narrow', 'all.Wide'] }],
});
const original = dictionaryOf(topology);
const text = JSON.stringify(dictionaryJson(original), null, 2);

describe('a dictionary read from its file', () => {
  it('is the one that was written: same hash, and written again the same JSON', () => {
    const read = dictionaryFromJson(text);
    expect(read.ok && JSON.stringify(dictionaryJson(read.value), null, 2)).toBe(text);
  });

  it('is refused when it was edited, cut off, or is something else', () => {
    for (const bad of [text.replace('"OFF": 3', '"OFF": 4'), text.slice(0, 400), '{}', '7', 'null', ''])
      expect(dictionaryFromJson(bad, 'x.json')).toMatchObject({
        ok: false,
        error: { code: 'DICTIONARY_FILE' },
      });
  });
});
