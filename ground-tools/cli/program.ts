import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type Result, succeed } from '../../fsw/errors';
import { nearest } from '../../fsw/framework/settings';
import type { LaunchOptions } from '../../fsw/launch';
import { linkForms, parseLink } from '../../fsw/links/linkSpec';
import { assetsCommand } from '../assets/command';
import { deployCommand } from '../deploy/command';
import { convertDictionary, type DictionaryFormat, dictionaryFormats } from '../dictionary/formats';
import { type GdsCommandOptions, gds } from '../gds/command';
import { keysCommand } from '../keys/command';
import { modelCommand } from '../models/command';
import { newComponent } from '../newComponent/newComponent';
import { type YamcsInitOptions, yamcsInit } from '../yamcs/command';
import { CAMPAIGNS, campaign } from './campaign';
import { type Context, exit } from './context';
import { doctor } from './doctor';
import { federationCommand } from './federation';
import { fly } from './fly';
import { addGroundCommands, coding } from './groundProgram';
import { launch } from './launcher';

/** Runs one command line, without the program's name; returns the exit code. */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  let code: number = exit.ok;
  const program = new Command('perigee')
    .description('Flight software for AI payload computers: fly a mission, look at it, extend it.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.out.write(text),
      writeErr: (text) => void context.err.write(text),
      getOutHelpWidth: () => Math.min(80, context.out.columns ?? 80),
      getErrHelpWidth: () => Math.min(80, context.err.columns ?? 80),
    });

  program
    .command('fly')
    .description('fly a mission and write its report')
    .argument('<mission>', missionsHelp(context), missionOf(context))
    .option('--orbits <n>', 'how long to fly', positive)
    .option('--start <time>', 'boards sim and live: when the flight begins, ISO 8601 as 2022-03-03T16:36Z')
    .option(
      '--sensor <effects>',
      'boards sim and live, what the high-resolution imager does: noise, smear, dead, hits, shift, saturation, blank',
    )
    .option(
      '--drift <name>',
      'boards sim and live, what years did to the imager of tiles: none, aged, swapped',
    )
    .option('--seed <n>', 'seed of everything random: same seed, same report', whole)
    .option('--board <name>', 'what to fly on: sim, live or flight (default: sim, with --link live)')
    .option('--link <link>', `how the ground is reached: ${linkForms}`, link)
    .option('--profile <name>', 'a profile of the mission: flight (default), gds (in clear) or yamcs')
    .option('--always-in-view', 'board live: a connected ground is in contact all the time (default)')
    .option('--no-always-in-view', 'board live: contact in real passes only')
    .option('--out <dir>', 'folder for the report', 'out')
    .addOption(coding('board live or flight: code the downlink'))
    .option('--config <file>', 'JSON file of config entries to change, by instance', jsonFile)
    .option('--radiation <xN>', 'board sim: upsets at N times the published LEO rate, as x10000')
    .option(
      '--radiation-targets <names>',
      'what is hit: store, golden, parameters (default: these), queues, runtime; comma separated',
    )
    .action(async (mission: string, options: FlyOptions) => {
      const board = options.board ?? (options.link === undefined ? 'sim' : 'live');
      code = await fly(context, mission, { ...options, board, out: resolve(options.out) });
    });

  program
    .command('topology')
    .description("draw a mission's components and their connections (Mermaid)")
    .argument('<mission>', missionsHelp(context), missionOf(context))
    .option('--svg <file>', 'write a picture')
    .option('--mermaid <file>', 'write Mermaid to a file')
    .option('--only <names>', 'draw these instances alone, comma separated')
    .action(
      async (mission: string, { svg, mermaid, only }: { svg?: string; mermaid?: string; only?: string }) => {
        if (svg !== undefined) code = await text(context, 'topology', mission, svg, { format: 'svg', only });
        if (mermaid !== undefined || svg === undefined)
          code ||= await text(context, 'topology', mission, mermaid, { format: 'mermaid', only });
      },
    );

  program
    .command('dictionary')
    .description('export what ground and spacecraft agree on: commands, events, channels, parameters')
    .argument('<mission>', missionsHelp(context), missionOf(context))
    .addOption(
      new Option('--format <name>', 'ours (JSON), for F´ GDS (JSON), or for Yamcs (XTCE)')
        .choices(dictionaryFormats)
        .default('perigee'),
    )
    .option('-o, --output <file>', 'write to a file')
    .action(async (mission: string, { format, output }: { format: DictionaryFormat; output?: string }) => {
      const convert = (body: string) => convertDictionary(body, format, versionOf(context.root));
      code = await text(context, 'dictionary', mission, output, {}, convert);
    });

  program
    .command('yamcs')
    .description('Yamcs 5.12 as the ground system')
    .command('init')
    .description('write a whole instance for a mission: links, database, events, files')
    .argument('<dir>', 'folder; written again, it keeps what Yamcs has stored')
    .requiredOption('--mission <name>', missionsHelp(context), missionOf(context))
    .option('--instance <name>', "its name (default: the mission's)", instanceName)
    .option('--http-port <port>', 'web page and API, on 127.0.0.1 (default: 8090)', port)
    .option('--tm-port <port>', 'UDP port at which it hears TM frames (default: 50000)', port)
    .option('--tc-port <port>', 'UDP port to which it sends TC frames (default: 50001)', port)
    .option('--tc-host <host>', 'host to which it sends TC frames (default: 127.0.0.1)')
    .option('--keys <dir>', 'link security with the key files in this folder (tc-0.key, tm-0.key …)')
    .addOption(
      new Option('--header-mask <name>', "what of a frame's header the key covers; as on board")
        .choices(['standard', 'whole'])
        .default('standard'),
    )
    .option('--onboard-time', "packets have the spacecraft's time (needs the fprime-yamcs plugin)")
    .action(async (dir: string, options: YamcsInitOptions) => {
      code = await yamcsInit(context, dir, options, versionOf(context.root));
    });

  program
    .command('gds')
    .description("start F´ GDS with a mission's dictionary, and end all of it")
    .argument('<mission>', missionsHelp(context), missionOf(context))
    .option('--link <link>', `the ground's end: ${linkForms}`, link, 'tcp-server:127.0.0.1:50000')
    .option('--gui <port>', 'with its web page at this port of 127.0.0.1', port)
    .option('--keep <dir>', 'folder for logs and received files (default: removed at the end)')
    .option('--program <file>', 'what to start', 'fprime-gds')
    .action(async (mission: string, options: GdsCommandOptions) => {
      code = await gds(context, mission, options, versionOf(context.root));
    });

  program
    .command('new')
    .description('start something new')
    .command('component')
    .description('write a passing skeleton: components/<room>/<name>/')
    .argument('<room/name>', 'lowerCamel, e.g. payload/starTracker')
    .action((path: string) => {
      const made = newComponent(context.root, path);
      if (made.ok) context.out.write(made.value);
      else {
        context.err.write(`error: ${made.error.text}\n`);
        code = exit.usage;
      }
    });

  program
    .command('doctor')
    .description('say what this machine has, and what falls back')
    .action(async () => {
      code = await doctor(context);
    });

  deployCommand(program, context, (ended) => {
    code = ended;
  });
  const campaigns = program.command('campaign').description('fly the same again and again, and compare');
  for (const [name, description] of Object.entries(CAMPAIGNS))
    campaigns
      .command(name)
      .description(`${description}; its own --help has the options`)
      .argument('[options...]')
      .allowUnknownOption()
      .helpOption(false)
      .action(async (options: string[]) => {
        code = await campaign(context, name, options);
      });

  addGroundCommands(program, context, (ended) => {
    code = ended;
  });

  keysCommand(program, context, (ended) => {
    code = ended;
  });

  modelCommand(program, context, (ended) => {
    code = ended;
  });

  assetsCommand(program, context, (ended) => {
    code = ended;
  });

  federationCommand(program, context, (ended) => {
    code = ended;
  });

  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exit.ok : exit.usage;
  }
}

interface FlyOptions {
  readonly orbits?: number;
  readonly seed?: number;
  readonly board?: string;
  readonly profile?: string;
  readonly out: string;
  readonly config?: string;
  readonly link?: string;
  readonly alwaysInView?: boolean;
  readonly coding?: string;
  readonly radiation?: string;
  readonly radiationTargets?: string;
}

/** Asks the launcher for one text, converts it, and prints it, or writes it to `file`. */
async function text(
  { launcher, out, err }: Context,
  verb: 'topology' | 'dictionary',
  mission: string,
  file: string | undefined,
  options: Pick<LaunchOptions, 'format' | 'only'>,
  convert: (body: string) => Result<string> = succeed,
): Promise<number> {
  let body: string | undefined;
  const started = launch(launcher, verb, mission, options, (message) => {
    if (message.type === 'failed') for (const { text } of message.faults) err.write(`error: ${text}\n`);
    if (message.type === 'text') body = message.text;
  });
  if ((await started.done) !== 0 || body === undefined) return exit.failed;
  const converted = convert(body);
  if (!converted.ok) {
    err.write(`error: ${converted.error.text}\n`);
    return exit.failed;
  }
  body = converted.value.endsWith('\n') ? converted.value : `${converted.value}\n`;
  if (file === undefined) {
    out.write(body);
    return exit.ok;
  }
  try {
    writeFileSync(file, body);
  } catch (error) {
    err.write(`error: ${(error as Error).message}\n`);
    return exit.failed;
  }
  out.write(`${file} written\n`);
  return exit.ok;
}

function versionOf(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

/** A mission is a folder beside the launcher that has a topology. */
function missionNames({ launcher }: Context): string[] {
  const missions = join(dirname(launcher), 'missions');
  if (!existsSync(missions)) return [];
  return readdirSync(missions).filter((name) => existsSync(join(missions, name, 'topology.js')));
}

function missionsHelp(context: Context): string {
  return `one of: ${missionNames(context).join(', ')}`;
}

function missionOf(context: Context): (name: string) => string {
  return (name) => {
    const known = missionNames(context);
    if (known.includes(name)) return name;
    throw new InvalidArgumentError(`There is no such mission. Did you mean ${nearest(name, known)}?`);
  };
}

function whole(value: string): number {
  if (/^\d+$/.test(value) && Number(value) <= 0xffff_ffff) return Number(value);
  throw new InvalidArgumentError('It must be a whole number, 0 to 4294967295.');
}

function port(value: string): number {
  if (/^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= 65_535) return Number(value);
  throw new InvalidArgumentError('It must be a port, 1 to 65535.');
}

/** A part of file names and of addresses in the API. */
function instanceName(value: string): string {
  if (/^[A-Za-z0-9][\w-]*$/.test(value)) return value;
  throw new InvalidArgumentError('It must be letters, digits, _ and -.');
}

function positive(value: string): number {
  if (Number(value) > 0 && Number.isFinite(Number(value))) return Number(value);
  throw new InvalidArgumentError('It must be a number above 0.');
}

function link(text: string): string {
  const spec = parseLink(text);
  if (spec.ok) return text;
  throw new InvalidArgumentError(spec.error.text);
}

/** The file's absolute path, once it is known to hold JSON: a slip is said before anything starts. */
function jsonFile(file: string): string {
  try {
    JSON.parse(readFileSync(file, 'utf8'));
    return resolve(file);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
