import { type Command, InvalidArgumentError } from 'commander';
import type { Fault } from '../../fsw/errors';
import { type Context, exit } from '../cli/context';
import { Board } from './board';
import { type DeployOptions, deploy } from './deploy';
import { parseTarget, type Target } from './ssh';

interface DeployFlags extends Omit<DeployOptions, 'root' | 'target' | 'deadlineS'> {
  readonly target: Pick<Target, 'destination' | 'port'>;
  readonly identity?: string;
  readonly sshConfig?: string;
  readonly withRig?: true;
  readonly deadline: number;
  readonly list?: true;
  readonly rollback?: true;
}

/** Adds `deploy`; `ended` gets the exit code. */
export function deployCommand(program: Command, context: Context, ended: (code: number) => void): void {
  program
    .command('deploy')
    .description('ship a release to a board over ssh, and roll it back when it is not healthy')
    .requiredOption('--target <user@host[:port]>', 'the board', targetOf)
    .option('--mission <name>', 'what it flies', 'earth-watch')
    .option('--board-file <file>', "its cameras and link: takes the place of the mission's flightBoard.json")
    .option('--identity <file>', 'private key for ssh')
    .option('--ssh-config <file>', "in place of the user's ssh config")
    .option('--dir <dir>', 'folder on the board', absolute, '/opt/perigee')
    .option('--deadline <s>', 'seconds in which it must be healthy', seconds, 60)
    .option('--with-rig', 'the tools and the rig too, to test on the board')
    .option('--with-node', 'ship a Node though the board has one')
    .option('--without-addon', 'let TypeScript do the kernels’ work')
    .option('--no-systemd', 'start it with a plain script (containers)')
    .option('--list', 'say which releases the board has')
    .option('--rollback', 'go back to the previous release')
    .action(async (flags: DeployFlags) => ended(await run(context, flags)));
}

async function run({ root, out, err }: Context, flags: DeployFlags): Promise<number> {
  const { identity, sshConfig, dir, deadline } = flags;
  const target = { ...flags.target, identity, sshConfig };
  const board = new Board(root, target, dir);
  const failed = ({ code, text }: Fault) => {
    err.write(`failed  ${text}  [${code}]\n`);
    return exit.failed;
  };
  if (flags.list) {
    const state = await board.list();
    if (!state.ok) return failed(state.error);
    const { releases, current, previous, trial, rolledBack } = state.value;
    for (const release of releases) {
      const marks = [
        release === current && 'flies',
        release === previous && 'previous',
        release === trial && 'on trial',
        release === rolledBack?.release && `rolled back: ${rolledBack.why}`,
      ];
      out.write(`${release}  ${marks.filter(Boolean).join(', ')}`.trimEnd());
      out.write('\n');
    }
    return exit.ok;
  }
  if (flags.rollback) {
    const back = await board.rollback();
    if (!back.ok) return failed(back.error);
    out.write(`${back.value.current} flies again${back.value.healthy ? ', healthy' : ''}\n`);
    return back.value.healthy ? exit.ok : exit.failed;
  }
  const options = { ...flags, root, target, deadlineS: deadline, rig: flags.withRig };
  const done = await deploy(options, (line) => void out.write(`${line}\n`));
  if (!done.ok) return failed(done.error);
  out.write(`${done.value} flies, healthy\n`);
  return exit.ok;
}

function targetOf(text: string): Pick<Target, 'destination' | 'port'> {
  const target = parseTarget(text);
  if (target) return target;
  throw new InvalidArgumentError('It must be user@host or user@host:port.');
}

/** Without anything that a shell on the board would read otherwise. */
function absolute(dir: string): string {
  if (/^(\/[\w.-]+)+$/.test(dir)) return dir;
  throw new InvalidArgumentError('It must be an absolute path of letters, digits, _ . and -.');
}

function seconds(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('It must be a number of seconds, 1 to 9999.');
}
