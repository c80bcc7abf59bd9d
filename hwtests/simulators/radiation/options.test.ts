import { describe, expect, it } from 'vitest';
import { parseRadiation } from './options';

describe('what an operator says of radiation', () => {
  it('is a factor, and what is hit', () => {
    expect(parseRadiation(undefined, undefined)).toEqual({ ok: true, value: undefined });
    expect(parseRadiation('x10000', undefined)).toEqual({
      ok: true,
      value: { factor: 10_000, targets: ['store', 'golden', 'parameters'] },
    });
    expect(parseRadiation('x0.5', 'queues,runtime')).toMatchObject({
      value: { factor: 0.5, targets: ['queues', 'runtime'] },
    });
  });

  it.each([
    ['10000', undefined, 'RADIATION_FACTOR'],
    ['x', undefined, 'RADIATION_FACTOR'],
    ['x-3', undefined, 'RADIATION_FACTOR'],
    ['x1e9', undefined, 'RADIATION_FACTOR'],
    ['x9999999', undefined, 'RADIATION_FACTOR'],
    ['x10', 'stores', 'RADIATION_TARGETS'],
    ['x10', '', 'RADIATION_TARGETS'],
    ['x10', 'store,,golden', 'RADIATION_TARGETS'],
    [undefined, 'store', 'RADIATION_TARGETS'],
  ])('is refused: %s %s', (factor, targets, code) => {
    expect(parseRadiation(factor, targets)).toMatchObject({ ok: false, error: { code } });
  });
});
