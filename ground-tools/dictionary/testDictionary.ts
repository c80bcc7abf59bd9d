/** For tests: the dictionary of a small deployment with every kind of type, exported as the launcher does. */
import { component, defineComponent, defineTopology, instance, ok } from '../../fsw/framework';
import { dictionaryJson, dictionaryOf } from '../../fsw/framework/dictionary';
import {
  array,
  bool,
  bytes,
  enumeration,
  F32,
  F64,
  I16,
  string,
  struct,
  type Type,
  U8,
  U16,
  U32,
  U64,
} from '../../fsw/framework/types';
import type { ExportedDictionary } from './exported';

const Mode = enumeration('Demo.Mode', { OFF: 0, 'half-on': -3, ON: 2 }, { represent: I16, default: 'ON' });
const Vector = array(F32.with({ format: '{.1f}' }), 3, 'Demo.Vector');
const Point = struct('Demo.Point', { mode: Mode, gain: F32.with({ format: '{.2f}' }), note: string(5) });

const model = defineComponent({
  kind: 'active',
  doc: 'A probe.',
  commands: {
    GO: { id: 0, args: { mode: Mode, vector: Vector, point: Point, text: string(40) }, doc: 'Go.' },
    STOP: { id: 1, doc: 'Stop.' },
  },
  events: {
    Gone: {
      id: 0,
      severity: 'activity-high',
      args: { mode: Mode, ratio: F64, level: F32.with({ format: '{.2f}' }) },
      format: 'gone in {mode} at {ratio.3f} of {level}',
      doc: 'It went.',
    },
    Turned: {
      id: 1,
      severity: 'warning-low',
      args: { from: U8, to: U8 },
      format: 'to {to} from {from} & {{ no field }}',
      throttle: 3,
      doc: 'It turned.',
    },
    Silent: { id: 2, severity: 'fatal', args: { code: U8 }, format: 'silent', doc: 'It says nothing.' },
  },
  telemetry: {
    Speed: {
      id: 0,
      type: F32.with({ format: '{.1f}' }),
      update: 'on-change',
      unit: 'm/s',
      limits: { low: { red: -2 }, high: { yellow: 5, orange: 6, red: 7 } },
      doc: 'How fast.',
    },
    Label: { id: 1, type: string(5), doc: 'Its label.' },
    Where: { id: 2, type: Point, doc: 'Where to.' },
    Total: { id: 3, type: U64, doc: 'In all.' },
    Raw: { id: 4, type: array(U16, 2), doc: 'Two words.' },
    Lit: { id: 5, type: bool, doc: 'Is it?' },
  },
  params: {
    Limit: { id: 0, type: U64, default: 2n ** 63n, unit: 'B', doc: 'The most.' },
    Start: { id: 1, type: Point, default: { mode: 'half-on', gain: 1.5, note: 'a' }, doc: 'From where.' },
  },
  records: { Sample: { id: 0, type: U32, doc: 'One sample.' } },
});

export function exportOf(topology: Parameters<typeof defineTopology>[0]): ExportedDictionary {
  return dictionaryJson(dictionaryOf(defineTopology(topology))) as ExportedDictionary;
}

export const demo: ExportedDictionary = exportOf({
  name: 'Demo',
  instances: [
    instance('probe', component(model, { commands: () => ({ GO: () => ok, STOP: () => ok }) }), {
      baseId: 0x100,
    }),
  ],
  connections: [],
  patterns: {},
  packets: [{ name: 'Hk', id: 7, channels: ['probe.Total', 'probe.Label', 'probe.Speed', 'probe.Lit'] }],
});

/** A deployment with one channel, of the type given. */
export function withChannel(type: Type<unknown>): ExportedDictionary {
  const odd = defineComponent({
    kind: 'passive',
    doc: 'Odd.',
    telemetry: { Odd: { id: 0, type, doc: 'Odd.' } },
  });
  return exportOf({
    name: 'Odd',
    instances: [instance('odd', component(odd, {}), { baseId: 0x100 })],
    connections: [],
    patterns: {},
  });
}

export const rawBytes = struct('Odd.Struct', { data: array(bytes(4), 2) });
