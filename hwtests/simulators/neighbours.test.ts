import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../fsw/framework/simulatedClock';
import { NeighbourLinks } from './neighbours';

const S = 1e6;

function world() {
  const clock = new SimulatedClock(0);
  const links = new NeighbourLinks(
    clock,
    [
      { a: 'alpha', b: 'beta', startUs: 10 * S, endUs: 20 * S },
      { a: 'beta', b: 'alpha', startUs: 20 * S, endUs: 30 * S },
      { a: 'beta', b: 'gamma', startUs: 15 * S, endUs: 40 * S },
    ],
    100,
  );
  const heard: string[] = [];
  const boards = Object.fromEntries(
    ['alpha', 'beta', 'gamma'].map((name) => {
      const neighbours = links.join(name);
      neighbours.onReceive((from, bytes) =>
        heard.push(`${from}>${name} ${bytes[0]} at ${clock.nowUs() / S}`),
      );
      return [name, neighbours];
    }),
  );
  return { clock, links, boards, heard, to: (seconds: number) => clock.run(seconds * S, () => undefined) };
}

describe('links between spacecraft', () => {
  it('stand while they see each other, and say whom one sees', async () => {
    const { boards, to } = world();
    expect(boards.beta.inView()).toEqual([]);
    expect(boards.alpha.send('beta', Uint8Array.of(1))).toMatchObject({
      error: { code: 'NEIGHBOUR_UNSEEN' },
    });
    await to(16);
    expect(boards.beta.inView()).toEqual(['alpha', 'gamma']);
    expect(boards.alpha.send('gamma', Uint8Array.of(1))).toMatchObject({
      error: { code: 'NEIGHBOUR_UNSEEN' },
    });
    await to(35);
    expect(boards.beta.inView()).toEqual(['gamma']);
  });

  it('carry one message after the other at their rate, both ways at once', async () => {
    const { boards, heard, to } = world();
    await to(10);
    const message = (mark: number) => new Uint8Array(100).fill(mark);
    for (const mark of [1, 2]) boards.alpha.send('beta', message(mark));
    boards.beta.send('alpha', message(3));
    await to(13);
    expect(heard).toEqual(['alpha>beta 1 at 11', 'beta>alpha 3 at 11', 'alpha>beta 2 at 12']);
  });

  it('lose what is not through when the view ends, and what is cut; views that follow on each other are one', async () => {
    const { boards, heard, links, to } = world();
    await to(18);
    boards.alpha.send('beta', new Uint8Array(500).fill(1));
    await to(28);
    boards.alpha.send('beta', new Uint8Array(500).fill(2));
    links.cut((from) => from === 'gamma');
    boards.gamma.send('beta', new Uint8Array(10).fill(3));
    await to(40);
    expect(heard).toEqual(['alpha>beta 1 at 23']);
    expect(links.counts.map(({ from, arrived }) => [from, arrived])).toEqual([
      ['alpha', true],
      ['gamma', false],
      ['alpha', false],
    ]);
  });
});
