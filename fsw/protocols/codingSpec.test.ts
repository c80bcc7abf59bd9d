import { describe, expect, it } from 'vitest';
import { parseCoding } from './codingSpec';

describe('a coding by its name', () => {
  it('is a code, an interleave, and whether it is randomised', () => {
    expect(parseCoding('rs255-223:5,randomise')).toEqual({
      ok: true,
      value: { reedSolomon: { correctable: 16, interleave: 5 }, randomise: true },
    });
    expect(parseCoding('rs255-239')).toEqual({
      ok: true,
      value: { reedSolomon: { correctable: 8, interleave: 1 }, randomise: false },
    });
  });

  it.each([
    ['turbo', 'there is no code turbo; a coding is rs255-223:I'],
    ['toString:1', 'there is no code toString'],
    ['rs255-223:6', '1 to 5'],
    ['rs255-223:1:2', '1 to 5'],
    ['rs255-223:1,random', 'there is no option random'],
  ])('%s is refused and told why', (text, why) => {
    const parsed = parseCoding(text);
    expect(parsed).toMatchObject({ ok: false, error: { code: 'CODING_FORM' } });
    expect(parsed.ok || parsed.error.text).toContain(why);
  });
});
