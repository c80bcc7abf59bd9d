import { spawn } from 'node:child_process';
import { fail, type Result, succeed } from '../../fsw/errors';

/** A board as ssh reaches it. */
export interface Target {
  /** `user@host`, or a name of the ssh config. */
  readonly destination: string;
  readonly port?: number;
  /** File of the private key. */
  readonly identity?: string;
  /** An ssh config file in place of the user's. */
  readonly sshConfig?: string;
}

export interface Ended {
  /** undefined when it could not be started. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** `user@host`, `host`, either with `:port`; undefined when it is none of them. (IPv6: by a name of the ssh config.) */
export function parseTarget(text: string): Pick<Target, 'destination' | 'port'> | undefined {
  const [, destination, port] = /^((?:\w[\w.-]*@)?\w[\w.-]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (destination === undefined || Number(port ?? 1) > 65_535) return undefined;
  return { destination, port: port === undefined ? undefined : Number(port) };
}

/** The ssh command without the destination; host keys are checked as the user's ssh is told to, and nothing is asked. */
export function sshCommand({ port, identity, sshConfig }: Target): string[] {
  return [
    'ssh',
    ...(sshConfig === undefined ? [] : ['-F', sshConfig]),
    ...['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10', '-o', 'ServerAliveInterval=10'],
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(identity === undefined ? [] : ['-i', identity, '-o', 'IdentitiesOnly=yes']),
  ];
}

/**
 * Runs a shell script on the target; its arguments are quoted. `status` is the script's own. Errors:
 * DEPLOY_UNREACHABLE (ssh's own failures: host, key, connection).
 */
export async function onTarget(
  target: Target,
  script: string,
  args: readonly string[],
): Promise<Result<Ended>> {
  const [program, ...options] = sshCommand(target);
  const remote = ['sh', '-s', '--', ...args.map(quoted)].join(' ');
  const ended = await run(program, [...options, '--', target.destination, remote], script);
  if (ended.status !== undefined && ended.status !== 255) return succeed(ended);
  return fail('DEPLOY_UNREACHABLE', { target: target.destination, why: lastSaid(ended) });
}

/** Runs a program to its end, with `input` on its standard input. Never throws. */
export function run(program: string, args: readonly string[], input = ''): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', ({ message }) => resolve({ status: undefined, stdout, stderr: message }));
    child.on('close', (status) => resolve({ status: status ?? 1, stdout, stderr }));
    // Who ends before it has read everything says why in its own words.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

export function lastSaid({ stderr, status }: Ended): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.at(-1)?.trim() ?? `exit code ${status}`;
}

/** One word of a POSIX shell. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
