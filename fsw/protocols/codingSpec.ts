/** A link coding as `--coding` names it. */
import { fail, type Result, succeed } from '../errors';
import type { LinkCoding } from './codedLink';

export const codingForms = 'rs255-223:I or rs255-239:I, I = 1 to 5, with ,randomise if the radio does not';

/** Bytes of a codeword of 255 that hold data, and how many wrong ones it can have. */
const codes: Readonly<Record<string, 8 | 16>> = { 'rs255-223': 16, 'rs255-239': 8 };

/** Reads `rs255-223:5,randomise`. Error: CODING_FORM, which says what is wrong. */
export function parseCoding(text: string): Result<LinkCoding> {
  const wrong = (why: string) => fail('CODING_FORM', { text, why });
  const [code, ...options] = text.split(',');
  const [name, depth = '1', ...more] = code.split(':');
  if (!Object.hasOwn(codes, name)) return wrong(`there is no code ${name}; a coding is ${codingForms}`);
  if (more.length > 0 || !/^[1-5]$/.test(depth)) return wrong('the interleave is a whole number, 1 to 5');
  const other = options.find((option) => option !== 'randomise');
  if (other !== undefined) return wrong(`there is no option ${other}; randomise is the only one`);
  const interleave = Number(depth) as 1 | 2 | 3 | 4 | 5;
  return succeed({
    reedSolomon: { correctable: codes[name], interleave },
    randomise: options.length > 0,
  });
}
