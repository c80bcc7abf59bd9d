/** Deploys a release to a board: pack, ship, verify there, switch, and wait until the board says that it stays. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import { Board, type BoardState, type Probe } from './board';
import { pack } from './pack';
import { platformOf } from './platform';
import type { Target } from './ssh';
import { transfer } from './transfer';

/** `engines.node` of package.json. */
const NODE_AT_LEAST = [20, 19] as const;
/** What a board may need beyond the deadline: three starts, and stopping what flew. */
const PATIENCE_S = 45;

export interface DeployOptions {
  /** The checkout, set up. */
  readonly root: string;
  readonly target: Target;
  /** Folder of the deployment on the board. */
  readonly dir: string;
  readonly mission: string;
  readonly boardFile?: string;
  readonly rig?: boolean;
  readonly withoutAddon?: boolean;
  /** Ship a Node though the board has one. */
  readonly withNode?: boolean;
  /** Install no systemd unit, start it with a plain script. */
  readonly systemd: boolean;
  /** Seconds in which the new release must be healthy. */
  readonly deadlineS: number;
}

/**
 * Resolves with the release that flies now, healthy. On every error the release that flew before flies on (or again),
 * unless the error says otherwise. `say` gets a line for each step. Errors: those of `Board`, `pack`, `transfer`,
 * DEPLOY_ARCH, DEPLOY_UNHEALTHY, DEPLOY_UNDECIDED.
 */
export async function deploy(options: DeployOptions, say: (line: string) => void): Promise<Result<string>> {
  const { root, target, dir, deadlineS } = options;
  const board = new Board(root, target, dir);
  const probed = await board.probe();
  if (!probed.ok) return probed;
  const probe = probed.value;
  const builds = join(root, 'build');
  mkdirSync(builds, { recursive: true });
  const folder = mkdtempSync(join(builds, 'release-'));
  try {
    const packed = packFor(options, probe, folder, say);
    if (!packed.ok) return packed;
    const manifest = packed.value;
    const release = `${stampOf(new Date())}-${manifest.sha256.slice(0, 8)}`;
    say(`packed   ${release}: ${manifest.files} files, ${megabytes(manifest.bytes)} MB`);

    const { home, freeKiB, current } = probe;
    const sent = await transfer({ from: folder, target, home, onto: current !== '', freeKiB });
    if (!sent.ok) return sent;
    const { sentBytes, newBytes } = sent.value;
    say(`shipped  ${sentBytes} bytes sent, for ${megabytes(newBytes)} MB that the board did not have`);

    const active = await board.activate(release, manifest);
    if (!active.ok) return active;
    say(`switched to it, every hash verified; it has ${deadlineS} s to be healthy`);
    const decided = await verdict(board, release, deadlineS);
    if (decided.ok) await board.prune();
    return decided;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function packFor(options: DeployOptions, probe: Probe, folder: string, say: (line: string) => void) {
  const platform = platformOf(probe.system, probe.machine);
  if (!platform.ok) return platform;
  const own = !options.withNode && isNewEnough(probe.nodeVersion) ? probe.node : undefined;
  say(
    `target   ${probe.system} ${probe.machine}, Node ${own ? `${probe.nodeVersion} of its own` : 'shipped'}`,
  );
  const service = options.systemd ? { home: probe.home, user: probe.user } : undefined;
  return pack({ ...options, platform: platform.value, node: own, service }, folder, say);
}

/** What the board decided of the release on trial; where it can't (its start script fails), it is rolled back from here. */
async function verdict(board: Board, release: string, deadlineS: number): Promise<Result<string>> {
  const target = board.target.destination;
  const decided = await board.decided(deadlineS + PATIENCE_S);
  if (!decided.ok)
    return fail('DEPLOY_UNDECIDED', {
      target,
      release,
      why: `${decided.error.text}; the board decides by itself`,
    });
  const { trial, current, rolledBack } = decided.value;
  if (trial === '' && rolledBack?.release !== release && current === release) return succeed(release);
  if (trial === '') return fail('DEPLOY_UNHEALTHY', { target, release, ...told(decided.value) });
  const why = 'it did not start';
  const back = await board.rollback(why);
  if (!back.ok) return fail('DEPLOY_UNDECIDED', { target, release, why: `${why}, and ${back.error.text}` });
  return fail('DEPLOY_UNHEALTHY', { target, release, flying: back.value.current, why });
}

function told({ current, rolledBack }: BoardState) {
  const alone = current === rolledBack?.release;
  return { flying: alone ? 'nothing else was there, it' : current, why: rolledBack?.why };
}

export function isNewEnough(version = ''): boolean {
  const [major, minor] = version.replace('v', '').split('.').map(Number);
  return major > NODE_AT_LEAST[0] || (major === NODE_AT_LEAST[0] && minor >= NODE_AT_LEAST[1]);
}

/** Sorts by time: 20261124T061500Z. */
function stampOf(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d+/g, '');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
