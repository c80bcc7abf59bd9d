/** The commands of an operator: the gateway, and all that talks to a spacecraft through it. */
import { existsSync, statSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type SeverityName, severities } from '../../fsw/framework/model';
import { linkForms, parseLink } from '../../fsw/links/linkSpec';
import { codingForms, parseCoding } from '../../fsw/protocols/codingSpec';
import { DEFAULT_STATE } from '../cfdp/state';
import { DEFAULT_GATEWAY } from '../client/gatewayClient';
import { labelsCommand } from '../labels/command';
import { type CfdpOptions, cfdpDownload, cfdpUpload } from './cfdp';
import { completionScript, completions, type Shell, shells } from './completion';
import type { Context } from './context';
import { type DecodeOptions, decode } from './decode';
import { type EventsOptions, events, type TelemetryOptions, telemetry } from './events';
import { type DownloadOptions, download, type FileOptions, upload } from './files';
import { type GatewayCommandOptions, gatewayCommand } from './gatewayCommand';
import { type ProductsOptions, products } from './products';
import { type RecordOptions, type ReplayOptions, record, replay } from './record';
import { type SendOptions, send } from './send';
import {
  type CompileOptions,
  compile,
  runSequence,
  type SequenceUploadOptions,
  uploadSequence,
} from './sequenceCommand';
import { type WatchOptions, watch } from './watch';

const exitCodes = `
Exit codes: 0 completed, 1 failed or refused, 2 wrong command line (nothing was
sent), 3 unknown: no response came, 4 the gateway or the link is down.`;

/** Adds the operator's commands; each hands its exit code to `ended`. */
export function addGroundCommands(program: Command, context: Context, ended: (code: number) => void): void {
  const json = () => new Option('--json', 'one JSON object a line');
  const gateway = () =>
    new Option('--gateway <host:port>', 'the gateway').default(
      process.env.PERIGEE_GATEWAY ?? DEFAULT_GATEWAY,
    );
  const seconds = () => new Option('--seconds <n>', 'end after this time').argParser(positive);

  const keys = (what: string) => new Option('--keys <dir>', what).argParser(folder);
  const readKeys = () => keys("the ground's keys, to open secured frames (they are only read)");
  const headerMask = () =>
    new Option('--header-mask <mask>', 'what the MAC covers of a header').choices(['standard', 'whole']);

  program
    .command('gateway')
    .description('keep the link to a spacecraft, record it, and serve it to the commands below')
    .requiredOption('--link <link>', `where the spacecraft is: ${linkForms}`, link)
    .requiredOption('--dictionary <file|mission>', 'what it speaks')
    .option('--port <port>', 'where clients connect, on 127.0.0.1; 0 takes any free one', port, 4470)
    .option('--record <dir>', 'folder of the recording', 'out/recording')
    .option('--no-record', 'record nothing')
    .addOption(
      new Option('--fsync <when>', 'force what is recorded to the disk')
        .choices(['always', 'second', 'never'])
        .default('second'),
    )
    .option('--strict', 'refuse commands until the spacecraft has said which dictionary it flies')
    .option('--sender <n>', 'who we are to the spacecraft; two gateways must differ', whole(0xffff), 1)
    .addOption(keys("the ground's keys: the link is secured (perigee keys make)"))
    .addOption(headerMask())
    .addOption(coding('how the downlink is coded'))
    .option('--frame-length <bytes>', 'of TM frames (default: 1024)', whole(2048))
    .addOption(json())
    .action(async (options: GatewayCommandOptions) => ended(await gatewayCommand(context, options)));

  program
    .command('send')
    .description('send a command and wait for its own response')
    .argument('<command>', 'instance.NAME')
    .argument('[args...]', 'name=value, or values in order; arrays and structs as JSON')
    .option('--timeout <seconds>', 'how long to wait for its response', positive, 30)
    .addOption(gateway())
    .addOption(json())
    .addHelpText('after', exitCodes)
    .action(async (name: string, words: string[], options: SendOptions) =>
      ended(await send(context, name, words, options)),
    );

  program
    .command('events')
    .description('follow the events of the spacecraft')
    .addOption(new Option('--severity <least>', 'this one and all above').choices(severities))
    .option('--name <pattern>', 'part of a name, or a pattern with *')
    .option('--all', 'telemetry, records and other packets, too')
    .option('--count <n>', 'end after so many', whole(1e9))
    .addOption(seconds())
    .addOption(gateway())
    .addOption(json())
    .action(async (options: EventsOptions & { severity?: SeverityName }) =>
      ended(await events(context, options)),
    );

  program
    .command('telemetry')
    .description('print the newest values of channels')
    .argument('[names...]', 'parts of names, or patterns with *')
    .option('--follow', 'go on as they change')
    .addOption(seconds())
    .addOption(gateway())
    .addOption(json())
    .action(async (names: string[], options: TelemetryOptions) =>
      ended(await telemetry(context, names, options)),
    );

  program
    .command('watch')
    .description('a table of the newest values and events, redrawn in place')
    .argument('[names...]', 'parts of names')
    .addOption(seconds())
    .addOption(gateway())
    .action(async (names: string[], options: WatchOptions) => ended(await watch(context, names, options)));

  program
    .command('products')
    .description('write the pictures and maps that come down, each better with every layer')
    .option('--out <dir>', 'folder that they come into', 'out/products')
    .addOption(seconds())
    .addOption(gateway())
    .addOption(json())
    .action(async (options: ProductsOptions) => ended(await products(context, options)));

  program
    .command('record')
    .description('record what a gateway receives into a folder of our own')
    .argument('<dir>')
    .addOption(seconds())
    .addOption(readKeys())
    .addOption(headerMask())
    .addOption(gateway())
    .addOption(json())
    .action(async (dir: string, options: RecordOptions) => ended(await record(context, dir, options)));

  program
    .command('replay')
    .description('print a recording as it was served')
    .argument('<dir>')
    .option('--speed <n>', 'times as fast as it came (default: as fast as it can be read)', positive)
    .option('--apid <n>', 'packets of this APID only', whole(0x7ff))
    .option('--from <time>', 'received at or after it (ISO 8601)', time)
    .option('--to <time>', 'received at or before it', time)
    .option('--dictionary <file|mission>', "another than the recording's own")
    .addOption(readKeys())
    .addOption(headerMask())
    .addOption(json())
    .action(async (dir: string, options: ReplayOptions) => ended(await replay(context, dir, options)));

  program
    .command('decode')
    .description('print the TM and TC frames of a raw or capture file, and what is in them')
    .argument('<file>')
    .option('--dictionary <file|mission>', 'to name what the packets say')
    .option('--spacecraft <id>', 'its SCID', whole(1023), 0x44)
    .option('--frame-length <bytes>', 'of TM frames', whole(2048), 1024)
    .addOption(readKeys())
    .addOption(headerMask())
    .addOption(json())
    .action(async (file: string, options: DecodeOptions) => ended(await decode(context, file, options)));

  const patience = () =>
    new Option('--timeout <seconds>', 'give up after so long without a word').argParser(positive).default(30);
  const byCfdp = (command: Command) =>
    command
      .option('--cfdp', 'by CFDP: run again after a loss of signal or a kill, it goes on')
      .addOption(
        new Option('--class <class>', 'CFDP: 2 sends again what is lost')
          .choices(['1', '2'])
          .default('2')
          .implies({ cfdp: true }),
      )
      .option('--state <dir>', 'CFDP: where what is under way is kept', DEFAULT_STATE)
      .option('--entity <id>', 'CFDP: who we are', whole(0xffffffff), 11)
      .option('--peer <id>', 'CFDP: the entity on board', whole(0xffffffff), 2)
      .option('--rate <bytes/s>', 'CFDP: the most that goes up', positive, 125_000);
  byCfdp(
    program
      .command('upload')
      .description('send a file up (F´ file packets, or CFDP) until the spacecraft confirms it')
      .argument('<file>')
      .argument('<path>', 'where it goes on board'),
  )
    .addOption(patience())
    .addOption(gateway())
    .addOption(json())
    .addHelpText('after', exitCodes)
    .action(async (file: string, path: string, options: CfdpOptions & { readonly cfdp?: boolean }) =>
      ended(await (options.cfdp ? cfdpUpload : upload)(context, file, path, options)),
    );

  byCfdp(
    program
      .command('download')
      .description('ask for a file on board (F´ file packets, or CFDP) and put it together')
      .argument('<path>', 'its path on board')
      .argument('[file]', 'CFDP: where it goes; else its name, in the folder of --out'),
  )
    .option('--out <dir>', 'folder that it comes into', 'out/downlink')
    .addOption(patience())
    .addOption(gateway())
    .addOption(json())
    .addHelpText('after', exitCodes)
    .action(
      async (
        path: string,
        file: string | undefined,
        options: DownloadOptions & CfdpOptions & { readonly cfdp?: boolean },
        command: Command,
      ) => {
        if (options.cfdp) return ended(await cfdpDownload(context, path, file, options));
        if (file !== undefined) command.error('error: a file to write to goes with --cfdp; else use --out');
        ended(await download(context, path, options));
      },
    );

  const sequence = program.command('sequence').description('compile, upload and run command sequences');
  sequence
    .command('compile')
    .description('check a sequence against a dictionary and write the file that flies')
    .argument('<file>', 'YAML, or a JavaScript module')
    .requiredOption('--dictionary <file|mission>', 'what its commands are checked against')
    .option('-o, --output <file>', 'default: its name with .seq')
    .addOption(json())
    .action(async (file: string, options: CompileOptions) => ended(await compile(context, file, options)));
  sequence
    .command('upload')
    .description('compile a sequence and send it up')
    .argument('<file>', 'YAML, or a JavaScript module')
    .option('--as <path>', 'its name on board')
    .option('--run', 'run it once it is on board')
    .addOption(patience())
    .addOption(gateway())
    .addOption(json())
    .action(async (file: string, options: SequenceUploadOptions) =>
      ended(await uploadSequence(context, file, options)),
    );
  sequence
    .command('run')
    .description('run a sequence that is on board')
    .argument('<path>', 'its path on board')
    .addOption(patience())
    .addOption(gateway())
    .addOption(json())
    .action(async (path: string, options: FileOptions) => ended(await runSequence(context, path, options)));

  labelsCommand(program, context, ended, { json, gateway, keys: readKeys, headerMask });

  const completion = program
    .command('completion')
    .description(`tab completion; for bash: eval "$(perigee completion bash)"`);
  for (const shell of shells)
    completion
      .command(shell)
      .description(`print the script for ${shell}`)
      .action(() => void context.out.write(completionScript(shell satisfies Shell)));
  completion
    .command('words', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      for (const word of await completions(context, program, words)) context.out.write(`${word}\n`);
    });
}

function link(text: string): string {
  const parsed = parseLink(text);
  if (parsed.ok) return text;
  throw new InvalidArgumentError(parsed.error.text);
}

export function coding(what: string): Option {
  return new Option('--coding <coding>', `${what}: ${codingForms}`).argParser((text) => {
    const parsed = parseCoding(text);
    if (parsed.ok) return text;
    throw new InvalidArgumentError(parsed.error.text);
  });
}

function folder(path: string): string {
  if (existsSync(path) && statSync(path).isDirectory()) return path;
  throw new InvalidArgumentError('There is no such folder.');
}

function port(value: string): number {
  return whole(65_535)(value);
}

function whole(max: number): (value: string) => number {
  return (value) => {
    const number = /^(\d+|0x[0-9a-f]+)$/i.test(value) ? Number(value) : Number.NaN;
    if (number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number, 0 to ${max}.`);
  };
}

function positive(value: string): number {
  if (Number(value) > 0 && Number.isFinite(Number(value))) return Number(value);
  throw new InvalidArgumentError('It must be a number above 0.');
}

function time(value: string): number {
  const ms = Date.parse(value);
  if (Number.isFinite(ms)) return ms;
  throw new InvalidArgumentError('It must be a time such as 2026-11-21T22:30:00Z.');
}
