/** Ships a packed release with rsync over ssh, as what differs from the release that flies. */
import { fail, type Result, succeed } from '../../fsw/errors';
import { lastSaid, quoted, run, sshCommand, type Target } from './ssh';

const MARGIN_MIB = 16;

export interface Transfer {
  readonly from: string;
  readonly target: Target;
  /** Folder of the deployment on the board. */
  readonly home: string;
  /** Whether a release flies there, whose files are taken where they are the same. */
  readonly onto: boolean;
  readonly freeKiB: number;
}

export interface Sent {
  /** Bytes that went over the link. */
  readonly sentBytes: number;
  /** Bytes of files that the board did not have. */
  readonly newBytes: number;
}

/**
 * Fills `<home>/incoming`. What an interrupted try left there is taken. Files that the current release has are linked,
 * by content, never by time. Errors: DEPLOY_SPACE, DEPLOY_TRANSFER.
 */
export async function transfer(asked: Transfer): Promise<Result<Sent>> {
  const { target, home, freeKiB } = asked;
  const planned = await rsync(asked, ['--dry-run']);
  if (!planned.ok) return planned;
  const needed = Math.ceil(planned.value.newBytes / 2 ** 20) + MARGIN_MIB;
  const free = Math.floor(freeKiB / 1024);
  if (needed > free) return fail('DEPLOY_SPACE', { target: target.destination, dir: home, needed, free });
  return rsync(asked, []);
}

async function rsync(
  { from, target, home, onto }: Transfer,
  options: readonly string[],
): Promise<Result<Sent>> {
  const ended = await run('rsync', [
    '--archive',
    '--checksum',
    '--compress',
    ...['--no-times', '--no-owner', '--no-group', '--delete', '--partial', '--stats', '--no-human-readable'],
    ...(onto ? ['--link-dest=../current/'] : []),
    ...options,
    ...['--rsh', sshCommand(target).map(quoted).join(' ')],
    `${from}/`,
    `${target.destination}:${home}/incoming/`,
  ]);
  if (ended.status !== 0)
    return fail('DEPLOY_TRANSFER', {
      target: target.destination,
      why: firstReason(ended.stderr) ?? lastSaid(ended),
    });
  const figure = (name: string) => Number(new RegExp(`${name}: (\\d+)`).exec(ended.stdout)?.[1] ?? 0);
  return succeed({
    sentBytes: figure('Total bytes sent'),
    newBytes: figure('Total transferred file size'),
  });
}

/** The line that names the cause, before rsync's own about its exit code. */
function firstReason(stderr: string): string | undefined {
  return stderr.split('\n').find((line) => line.trim() !== '' && !line.startsWith('rsync error'));
}
