import { describe, expect, it } from 'vitest';
import { channelWriters, limitState } from './channels';
import { unconnectedServices } from './services';
import { SimulatedClock } from './simulatedClock';
import { array, F32, string, U8, U32 } from './types';

const telemetry = {
  Always: { id: 1, type: U32, doc: 'x' },
  Changed: { id: 2, type: F32, update: 'on-change', doc: 'x' },
  Words: { id: 3, type: string(4), update: 'on-change', doc: 'x' },
  List: { id: 4, type: array(U8, 2), update: 'on-change', doc: 'x' },
} as const;

function onBench() {
  const sent: string[] = [];
  const services = unconnectedServices();
  services.tlm = ({ id, value }) =>
    void sent.push(`${id.toString(16)} ${Buffer.from(value).toString('hex')}`);
  const home = { name: 'bus', baseId: 0x400, clock: new SimulatedClock(), services };
  return { sent, tlm: channelWriters(home, telemetry) };
}

describe('channels', () => {
  it('go out at every write, or only when the value has changed', () => {
    const { sent, tlm } = onBench();
    for (const value of [5, 5]) tlm.Always(value);
    for (const value of [1.5, 1.5, 2, 1.5]) tlm.Changed(value);
    expect(sent).toEqual([
      ...['401 00000005', '401 00000005'],
      ...['402 3fc00000', '402 40000000', '402 3fc00000'],
    ]);
  });

  it('compare what is sent, not what was given', () => {
    const { sent, tlm } = onBench();
    for (const value of ['abcd', 'abcde', 'abcdf', 'x']) tlm.Words(value);
    const list = [1, 2];
    tlm.List(list);
    tlm.List([1, 2]);
    list[0] = 3;
    tlm.List(list);
    for (const value of [Number.NaN, Number.NaN]) tlm.Changed(value);
    expect(sent).toEqual(['403 000461626364', '403 000178', '404 0102', '404 0302', '402 7fc00000']);
  });
});

describe('limits', () => {
  it('give the worst band that a value has crossed', () => {
    const limits = { low: { red: 0, orange: 5, yellow: 10 }, high: { yellow: 90, red: 100 } };
    const states = [-1, 0, 4, 5, 9, 10, 50, 90, 91, 100, 101].map((value) => limitState(limits, value));
    expect(states).toEqual([
      ...['red', 'orange', 'orange', 'yellow', 'yellow', 'nominal'],
      ...['nominal', 'nominal', 'yellow', 'yellow', 'red'],
    ]);
  });

  it('without any are always nominal', () => {
    expect(limitState(undefined, 1e9)).toBe('nominal');
  });

  it('that overlap give the worse of both', () => {
    expect(limitState({ low: { red: 10 }, high: { yellow: 5 } }, 7)).toBe('red');
    expect(limitState({ low: { yellow: 10 }, high: { orange: 5 } }, 7)).toBe('orange');
  });
});
