import { describe, expect, it } from 'vitest';
import { checkTopology } from '../../framework/checks';
import { BENCH_BASE_ID, bench } from '../../framework/testing';
import { encode, F32, string } from '../../framework/types';
import { instrument, Mode, Vector } from './instrument';
import { topology } from './topology';

const numbers = { u8: 1, u16: 2, u32: 3, u64: 4n, i8: -5, i16: -6, i32: -7, i64: -8n, f32: 9.5, f64: -10.25 };
const point = { mode: 'SAFE', gain: 0.25, taps: [7, 9], label: 'north' };

describe('the instrument of the link bench', () => {
  it('says back whatever it is told, by event and telemetry', async () => {
    const b = await bench(instrument);
    b.command('SAY', { text: 'hello' });
    b.command('SET_POINT', { mode: 'SAFE', vector: [1.5, 2.5, 3.5], point });
    b.command('SET_NUMBERS', { flag: true, numbers });
    b.command('SET_NAMES', { names: ['a', 'b'], trend: 'FALLING' });
    await b.settle();
    expect(b.events.map(({ text }) => text)).toEqual([
      'you said "hello"',
      'mode SAFE, vector [1.500, 2.500, 3.500], point { mode: SAFE, gain: 0.25, taps: [7, 9], label: north }',
      'flag true: { u8: 1, u16: 2, u32: 3, u64: 4, i8: -5, i16: -6, i32: -7, i64: -8, f32: 9.5, f64: -10.25 }',
      'names number 1, FALLING: [a, b]',
    ]);
    expect(b.telemetry).toMatchObject({
      LastText: 'hello',
      CurrentMode: 'SAFE',
      CurrentPoint: point,
      LastNumbers: numbers,
      Flag: true,
      CurrentTrend: 'FALLING',
      NamesSeen: ['a', 'b'],
    });
  });

  it('takes numbers as arguments of their own just as in a struct', async () => {
    const b = await bench(instrument);
    b.command('SET_ALL', numbers);
    await b.settle();
    expect(b.telemetry.LastNumbers).toEqual(numbers);
  });

  it('refuses on request, for the reason given', async () => {
    const b = await bench(instrument);
    b.command('REFUSE', { reason: 'no fuel' });
    await b.settle();
    expect(b.responses).toMatchObject([{ status: 'EXECUTION_ERROR', reason: 'no fuel' }]);
  });

  it('adds the parameter Offset, multiplies by Gain, and starts in StartMode under its Title', async () => {
    const saved = new Map([
      [BENCH_BASE_ID, encode(F32, 2)],
      [BENCH_BASE_ID + 1, encode(Mode, 'OFF')],
      [BENCH_BASE_ID + 2, encode(Vector, [1, 0, 0])],
      [BENCH_BASE_ID + 3, encode(string(20), 'trial')],
    ]);
    const b = await bench(instrument, { saved });
    await b.settle();
    expect(b.telemetry).toMatchObject({ CurrentMode: 'OFF', LastText: 'trial' });
    b.in.schedIn({ context: 0 });
    b.command('SET_POINT', { mode: 'SAFE', vector: [1, 2, 3], point });
    await b.settle();
    expect(b.telemetry).toMatchObject({ Counter: 1, Signal: -6, CurrentVector: [2, 2, 3] });
    b.command('Gain_PRM_SET', { val: 3 });
    await b.settle();
    expect(b.events.at(-1)?.text).toBe('gain is now 3.000');
  });
});

describe('the topology of the link bench', () => {
  it('has nothing wrong with it', () => {
    expect(checkTopology(topology)).toEqual([]);
  });
});
