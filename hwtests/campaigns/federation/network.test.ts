import { describe, expect, it } from 'vitest';
import { Network, type Rates } from './network';
import type { Window } from './windows';

const rates: Rates = {
  up: { bytesPerS: 10, budgetBytes: 1000 },
  down: { bytesPerS: 100, budgetBytes: 1000 },
  crosslink: { bytesPerS: 50, budgetBytes: 1000 },
};
const GROUND = 2;
const pass = (a: number, startS: number, endS: number): Window => ({
  kind: 'ground',
  a,
  b: GROUND,
  station: 'Svalbard',
  startUs: startS * 1e6,
  endUs: endS * 1e6,
});
const crosslink = (startS: number, endS: number): Window => ({
  kind: 'crosslink',
  a: 0,
  b: 1,
  startUs: startS * 1e6,
  endUs: endS * 1e6,
});

describe('Network', () => {
  it('waits for the window, and takes the time that the bytes need', () => {
    const network = new Network(2, [pass(0, 60, 90)], rates);
    expect(network.send(0, GROUND, 500, 0, true)).toBe(65e6);
    expect(network.send(GROUND, 0, 100, 0, true)).toBe(70e6);
    expect(network.hops.map(({ direction, bytes }) => [direction, bytes])).toEqual([
      ['down', 500],
      ['up', 100],
    ]);
  });

  it('sends one message after the other, and no more than fits into the window or its budget', () => {
    const network = new Network(2, [pass(0, 0, 8), pass(0, 100, 200)], rates);
    expect(network.send(0, GROUND, 500, 0, true)).toBe(5e6);
    expect(network.send(0, GROUND, 400, 0, true)).toBe(104e6);
    expect(network.send(0, GROUND, 200, 0, true)).toBe(7e6);
    expect(network.send(0, GROUND, 700, 0, true)).toBeUndefined();
  });

  it('goes by a neighbour where that is sooner, if it may', () => {
    const windows = [pass(0, 1000, 1100), crosslink(10, 50), pass(1, 100, 130)];
    const relayed = new Network(2, windows, rates);
    expect(relayed.send(0, GROUND, 500, 0, true)).toBe(105e6);
    expect(relayed.hops.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [1, GROUND],
    ]);
    expect(new Network(2, windows, rates).send(0, GROUND, 500, 0, false)).toBe(1005e6);
  });

  it('knows when there is no way', () => {
    expect(new Network(2, [pass(0, 0, 10)], rates).send(1, GROUND, 1, 0, true)).toBeUndefined();
    expect(new Network(2, [pass(0, 0, 10)], rates).send(0, GROUND, 1, 11e6, true)).toBeUndefined();
  });
});
