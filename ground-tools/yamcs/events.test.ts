import { runInNewContext } from 'node:vm';
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
  F64,
  I16,
  I64,
  instance,
  string,
  struct,
  U8,
  U16,
  U64,
} from '../../fsw/framework';
import { dictionaryJson, dictionaryOf } from '../../fsw/framework/dictionary';
import { encode, type Type } from '../../fsw/framework/types';
import type { ExportedDictionary } from '../dictionary/exported';
import { eventReader } from './eventReader';
import { eventDatabase, eventTable } from './events';

const Mode = enumeration('Test.Mode', { OFF: 0, NOMINAL: 3 }, { represent: U16 });
const Point = struct('Test.Point', { mode: Mode, taps: array(I16, 2) });
const args = {
  text: string(20),
  point: Point,
  small: F32,
  large: F64,
  count: U64,
  deficit: I64,
  on: bool,
  raw: bytes(4),
  n: U8.with({ max: 9 }),
};
const format = '{text} {point} {small.2f} {large} {count} {deficit} {on} {raw} {n} {unknown}';
const speaker = component(
  defineComponent({
    kind: 'passive',
    doc: 'Says everything.',
    events: {
      Said: { id: 0, severity: 'warning-high', args, format, doc: 'All.' },
      Bare: { id: 1, severity: 'command', format: 'no arguments ]]>', doc: 'None.' },
    },
  }),
  {},
);
const dictionary = dictionaryJson(
  dictionaryOf(
    defineTopology({
      name: 'Test',
      instances: [instance('it', speaker, { baseId: 0x100 })],
      connections: [],
      patterns: {},
    }),
  ),
) as ExportedDictionary;

/** Runs the algorithm as Yamcs does, on a packet from its event id on, and returns what it publishes. */
function publish(packet: readonly number[]): Record<string, unknown> {
  const published: Record<string, unknown>[] = [];
  const level = (name: string) => (event: object) => published.push({ level: name, ...event });
  const names = ['info', 'watch', 'warning', 'distress', 'critical'];
  const EventLog = Object.fromEntries(names.map((name) => [name, level(name)]));
  // A Java byte array: its bytes are signed.
  const value = new Int8Array(packet);
  runInNewContext(eventReader, { packet: { value }, table: eventTable(dictionary), EventLog });
  expect(published).toHaveLength(1);
  return published[0];
}

/** Id, time tag 2026-11-21T19:22:27.256Z, arguments. */
function eventBytes(id: number, values: readonly (readonly [Type<never>, unknown])[] = []): number[] {
  const head = [0, 0, id >> 8, id & 0xff, 0, 2, 0, 0x6b, 0x02, 0x0e, 0x73, 0, 3, 0xe8, 0];
  return [...head, ...values.flatMap(([type, value]) => [...encode(type, value as never)])];
}

function said(values: { readonly [K in keyof typeof args]: unknown }): number[] {
  return eventBytes(
    0x100,
    Object.entries(args).map(
      ([name, type]) => [type as Type<never>, values[name as keyof typeof args]] as const,
    ),
  );
}

const whole = {
  text: 'ünï ✓',
  point: { mode: 'NOMINAL', taps: [-2, 300] },
  small: 1.256,
  large: -1.5e-300,
  count: 2n ** 64n - 1n,
  deficit: -(2n ** 63n),
  on: true,
  raw: Uint8Array.of(0xbe, 0xef),
  n: 7,
};

describe('events for Yamcs', () => {
  it('reads each type and fills in the format, as our own ground does', () => {
    expect(publish(said(whole))).toEqual({
      level: 'distress',
      source: 'spacecraft',
      type: 'Test.it.Said',
      message:
        'ünï ✓ { mode: NOMINAL, taps: [-2, 300] } 1.26 -1.5e-300 18446744073709551615 -9223372036854775808 true beef 7 {unknown}',
      time: new Date(0x6b020e73 * 1000 + 256).toISOString(),
    });
  });

  it.each([
    [0n, 0n],
    [2n ** 53n + 1n, -1n],
    [10n ** 19n, -(2n ** 32n)],
    [2n ** 32n, 2n ** 63n - 1n],
  ])('keeps all digits of 64-bit integers: %s and %s', (count, deficit) => {
    expect(publish(said({ ...whole, count, deficit })).message).toContain(` ${count} ${deficit} `);
  });

  it.each([0, -0.5, 2 ** -1074, Number.MAX_VALUE, 1 / 3, Infinity, -Infinity, NaN])(
    'reads the float %s exactly',
    (large) => {
      expect(publish(said({ ...whole, large })).message).toContain(` ${large} `);
    },
  );

  it('takes an event without arguments', () => {
    expect(publish(eventBytes(0x101))).toMatchObject({ level: 'info', message: 'no arguments ]]>' });
  });

  it('warns of a packet that is cut off, or of another dictionary', () => {
    const cut = said(whole).slice(0, -4);
    expect(publish(cut)).toMatchObject({ level: 'warning', type: 'UnreadableEvent' });
    expect(publish(eventBytes(0x777)).message).toBe('no event has the id 1911: another dictionary?');
    expect(publish([]).message).toBe('the packet ends within its arguments');
  });

  it('writes a database whose script stays inside its CDATA section', () => {
    const xml = eventDatabase(dictionary, 'M');
    expect(xml.match(/<!\[CDATA\[/g)).toHaveLength(xml.match(/\]\]>/g)?.length ?? 0);
    expect(xml).toContain('containerRef="/M/FPrimeEvent"');
  });
});
