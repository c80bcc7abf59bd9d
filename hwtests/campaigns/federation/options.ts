/** The command line of the experiment. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { type DriftName, drifts } from '../../datasets/drift';
import type { Split } from './shards';

export interface Options {
  readonly satellites: number;
  readonly days: number;
  readonly seed: number;
  readonly split: Split;
  readonly drift: DriftName;
  /** The Fleet API of a SuperLink that runs; one is started if absent. */
  readonly superlink?: string;
  /** False: our own mean instead of Flower's. */
  readonly flower: boolean;
  readonly out: string;
}

/** More would need other strings than of four, and more tiles than there are. */
const MAX_SATELLITES = 16;
const MAX_DAYS = 14;

export function command(): Command {
  return new Command('perigee federation')
    .description('Satellites that learn together through their passes, beside all other ways to learn.')
    .option('--satellites <n>', 'how many fly, 2 to 16', whole(2, MAX_SATELLITES), 8)
    .option('--days <n>', 'simulated days, 0.1 to 14', between(0.1, MAX_DAYS), 3)
    .option('--seed <n>', 'of who sees which tiles, and of the order of training', whole(0, 2 ** 31), 1)
    .addOption(
      new Option('--split <how>', 'who sees which tiles: unevenly by class, or by regions')
        .choices(['classes', 'regions'])
        .default('classes'),
    )
    .option(
      '--alpha <a>',
      'of the Dirichlet distribution by which classes are split',
      between(0.05, 1000),
      0.5,
    )
    .addOption(
      new Option('--drift <name>', 'what years did to the cameras')
        .choices(Object.keys(drifts))
        .default('aged'),
    )
    .option('--superlink <url>', 'Fleet API of a running SuperLink; one is started if none is given', url)
    .option('--no-flower', 'average by our own code instead of by Flower')
    .option('--out <dir>', 'folder for federation.json and federation.html', 'out');
}

export function optionsOf(argv: readonly string[]): Options {
  const { split, alpha, ...rest } = command()
    .parse([...argv], { from: 'user' })
    .opts<Omit<Options, 'split'> & { split: Split['kind']; alpha: number }>();
  return { ...rest, split: split === 'classes' ? { kind: split, alpha } : { kind: split } };
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

function between(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
  };
}

function url(text: string): string {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return text;
  throw new InvalidArgumentError('It must be a URL as http://127.0.0.1:9095.');
}
