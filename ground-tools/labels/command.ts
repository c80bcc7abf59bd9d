/** `perigee labels propose | review | approve | uplink`: labels for tiles that stay on board. */
import { existsSync, statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from '../cli/context';
import { exit } from '../cli/context';
import { complain, type KeysOptions, readerOf } from '../cli/ground';
import { jsonText } from '../gateway/lines';
import { approve } from './approve';
import type { Book } from './book';
import { findBook, readBook, writeBook } from './bookFile';
import { readContext } from './context';
import { type Downlinked, readRecording } from './downlinked';
import { ledgerLines, ledgerOf } from './ledger';
import { proposals } from './propose';
import { wantedOf } from './review';
import { type ReviewOptions, review } from './reviewCommand';
import { type UplinkOptions, uplink } from './uplinkCommand';

interface ProposeOptions extends KeysOptions {
  readonly recording: readonly string[];
  readonly context: string;
  readonly sure: number;
  readonly json?: boolean;
}

interface ApproveOptions {
  readonly by: string;
  readonly note: string;
  readonly tile: readonly string[];
  readonly reject: readonly string[];
  readonly class?: string;
  readonly confidence?: number;
  readonly referenceShare: number;
  readonly json?: boolean;
}

/** What the commander shares between these commands and the operator's others. */
export interface GroundOptionMakers {
  readonly json: () => Option;
  readonly gateway: () => Option;
  readonly keys: () => Option;
  readonly headerMask: () => Option;
}

const RECORDING = 'out/recording';

export function labelsCommand(
  program: Command,
  context: Context,
  ended: (code: number) => void,
  options: GroundOptionMakers,
): void {
  const labels = program
    .command('labels')
    .description('label tiles that stay on board: from their records, Earth context, and a few pictures');
  const recordings = () =>
    new Option('--recording <dirs...>', 'recordings of the gateway').default([RECORDING], RECORDING);

  labels
    .command('propose')
    .description('join the records of tiles with Earth context: a class for each, how sure, and why')
    .argument('<book>', 'the label book (JSON): made, or brought up to date')
    .requiredOption('--context <file>', 'which sources there are and what they weigh', file)
    .addOption(recordings())
    .option('--sure <p>', 'from this confidence on no picture is wanted', share, 0.9)
    .addOption(options.keys())
    .addOption(options.headerMask())
    .addOption(options.json())
    .action(async (book: string, given: ProposeOptions) => ended(await proposeBook(context, book, given)));

  labels
    .command('review')
    .description('ask for pictures of what is weak or contradicted, and show all in a table and a page')
    .argument('<book>', 'the label book', file)
    .option('--quality <n>', 'of the pictures, 1 to 100', count(1, 100), 40)
    .option('--most <n>', 'pictures that are asked for', count(0, 10_000), 20)
    .option('--rows <n>', 'rows of the table', count(0, 1e6), 30)
    .option('--page <file>', 'where the page goes (default: the name of the book with .html)')
    .option('--sequence <file>', 'without a link: where the commands go (default: they are printed)')
    .option('--seconds <n>', 'how long to wait for the pictures', count(0, 86_400), 30)
    .option('--recording <dirs...>', 'take the pictures that came from these, too')
    .addOption(options.keys())
    .addOption(options.headerMask())
    .addOption(options.gateway())
    .addOption(options.json())
    .action(async (book: string, given: ReviewOptions) => ended(await review(context, book, given)));

  labels
    .command('approve')
    .description('decide: tiles one by one, or all clear proposals of a class from a confidence on')
    .argument('<book>', 'the label book', file)
    .requiredOption('--by <name>', 'who decides')
    .option('--note <text>', 'why', '')
    .option('--tile <ids...>', 'as proposed, or ID=CLASS', [])
    .option('--reject <ids...>', 'tiles that get no label', [])
    .option('--class <name>', 'clear proposals of this class alone')
    .option('--confidence <p>', 'clear proposals that are at least this sure', share)
    .option('--reference-share <p>', 'of each class, held out on board to measure by', share, 0.2)
    .addOption(options.json())
    .action((book: string, given: ApproveOptions) => ended(approveBook(context, book, given)));

  labels
    .command('uplink')
    .description('pack what was approved, send it up, have it taken, and say what it cost')
    .argument('<book>', 'the label book', file)
    .option('--name <name>', 'of the file (default: the name of the book)')
    .option('--all', 'all labels, not only those since the last file that was taken')
    .option('--write <file>', 'write the file that would go up, and send nothing')
    .option('--timeout <seconds>', 'give up after so long without a word', count(1, 86_400), 30)
    .addOption(options.gateway())
    .addOption(options.json())
    .action(async (book: string, given: UplinkOptions) => {
      const name = given.name ?? basename(book, extname(book));
      ended(await uplink(context, book, { ...given, name }));
    });
}

async function proposeBook(context: Context, path: string, options: ProposeOptions): Promise<number> {
  const failed = (error: Parameters<typeof complain>[1], code: number = exit.failed) => {
    complain(context, error, options.json);
    return code;
  };
  const open = readerOf(options);
  if (!open.ok) return failed(open.error, exit.usage);
  const earth = readContext(options.context);
  if (!earth.ok) return failed(earth.error, exit.usage);
  const before = findBook(path);
  if (!before.ok) return failed(before.error, exit.usage);
  const recordings: { folder: string; content: Downlinked }[] = [];
  for (const folder of options.recording) {
    const content = readRecording(folder, open.value);
    if (!content.ok) return failed(content.error, exit.usage);
    recordings.push({ folder, content: content.value });
  }
  const made = await proposals({
    recordings,
    context: earth.value,
    sure: options.sure,
    book: before.value,
    file: path,
  });
  if (!made.ok) return failed(made.error);
  writeBook(path, made.value);
  tell(context, path, made.value, options.json);
  return exit.ok;
}

function approveBook(context: Context, path: string, options: ApproveOptions): number {
  const { tile: tiles, reject: rejected, by, note, confidence, referenceShare, json } = options;
  const isMany = confidence !== undefined || options.class !== undefined;
  const from = isMany ? { class: options.class, confidence: confidence ?? 0 } : undefined;
  const at = new Date().toISOString();
  const book = readBook(path);
  const made = book.ok ? approve(book.value, { tiles, rejected, from, by, note, at, referenceShare }) : book;
  if (!made.ok) {
    complain(context, made.error, json);
    return exit.usage;
  }
  const { decisions } = made.value;
  writeBook(path, made.value.book);
  const labels = decisions.filter((one) => one.class !== null);
  const reference = labels.filter(({ use }) => use === 'reference').length;
  const without = decisions.length - labels.length;
  if (json)
    context.out.write(`${jsonText({ type: 'approved', labels: labels.length, reference, without })}\n`);
  else
    context.out.write(
      `${labels.length} labels (${reference} for reference), ${without} tiles without, by ${by}\n`,
    );
  return exit.ok;
}

/** What is in the book now, in a few lines. */
function tell({ out }: Context, path: string, book: Book, json = false): void {
  const of = (state: string) => book.proposals.filter((one) => one.state === state).length;
  const counts = { tiles: book.tiles.length, clear: of('clear'), weak: of('weak'), conflict: of('conflict') };
  const wanted = wantedOf(book).length;
  if (json) {
    out.write(`${jsonText({ type: 'proposed', book: path, ...counts, wanted, ledger: ledgerOf(book) })}\n`);
    return;
  }
  const { tiles, clear, weak, conflict } = counts;
  out.write(
    `${path}: ${tiles} tiles: ${clear} clear, ${weak} weak, ${conflict} contradicted; pictures wanted: ${wanted}\n`,
  );
  for (const line of ledgerLines(ledgerOf(book))) out.write(`${line}\n`);
}

function file(path: string): string {
  if (existsSync(path) && statSync(path).isFile()) return path;
  throw new InvalidArgumentError('There is no such file.');
}

function share(value: string): number {
  if (Number(value) >= 0 && Number(value) <= 1 && value.trim() !== '') return Number(value);
  throw new InvalidArgumentError('It must be a number of 0 to 1.');
}

function count(min: number, max: number): (value: string) => number {
  return (value) => {
    if (/^\d+$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value);
    throw new InvalidArgumentError(`It must be a whole number of ${min} to ${max}.`);
  };
}
