import { describe, expect, it } from 'vitest';
import { command, optionsOf } from './options';

function refusal(...argv: string[]): string {
  const said: string[] = [];
  const program = command()
    .exitOverride()
    .configureOutput({ writeErr: (text) => said.push(text) });
  expect(() => program.parse(argv, { from: 'user' })).toThrow();
  return said.join('');
}

describe('the options of the experiment', () => {
  it('have the issue’s numbers unless told', () => {
    expect(optionsOf([])).toEqual({
      satellites: 8,
      days: 3,
      seed: 1,
      split: { kind: 'classes', alpha: 0.5 },
      drift: 'aged',
      flower: true,
      out: 'out',
    });
    expect(optionsOf(['--split', 'regions', '--no-flower'])).toMatchObject({
      split: { kind: 'regions' },
      flower: false,
    });
  });

  it.each([
    [['--satellites', '1'], 'from 2 to 16'],
    [['--satellites', '17'], 'from 2 to 16'],
    [['--satellites', 'eight'], 'from 2 to 16'],
    [['--days', '0'], 'from 0.1 to 14'],
    [['--days', '15'], 'from 0.1 to 14'],
    [['--seed', '-1'], 'whole number'],
    [['--alpha', '0'], 'from 0.05'],
    [['--superlink', 'localhost:9095'], 'http://127.0.0.1'],
    [['--drift', 'rust'], 'aged'],
  ])('out of range, are refused in one line: %j', (argv, why) => {
    const said = refusal(...argv);
    expect(said).toContain(why);
    expect(said.trim().split('\n')).toHaveLength(1);
  });
});
