import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { TransferLine } from './transferLine';

function shown(isTTY: boolean, steps: readonly [number, number | undefined][]) {
  const written: string[] = [];
  const line = new TransferLine({ isTTY, write: (text) => written.push(text) }, 'scenes');
  for (const [bytes, total] of steps) line.show(bytes, total);
  line.end();
  return written.map((text) => stripVTControlCharacters(text));
}

describe('the line of a download', () => {
  it('is redrawn on a terminal, and taken away at the end', () => {
    expect(
      shown(true, [
        [5e6, 10e6],
        [7e6, undefined],
      ]),
    ).toEqual([`\rscenes  ${'━'.repeat(10)}${'─'.repeat(10)} 5.0 of 10.0 MB`, '\rscenes   7.0 MB', '\r']);
  });

  it('is a line for each fifth elsewhere', () => {
    const steps = [1, 2, 3, 4, 5, 6, 10].map((mb): [number, number] => [mb * 1e6, 10e6]);
    expect(shown(false, steps)).toEqual([
      'scenes  2.0 of 10.0 MB\n',
      'scenes  4.0 of 10.0 MB\n',
      'scenes  6.0 of 10.0 MB\n',
      'scenes  10.0 of 10.0 MB\n',
    ]);
    expect(shown(false, [[5, undefined]])).toEqual([]);
  });
});
