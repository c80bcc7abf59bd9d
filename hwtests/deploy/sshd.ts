/** A board of its own on this machine: sshd on 127.0.0.1 with keys of its own, and a folder to deploy into. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find(existsSync);

/** Why there can be no such board here, or undefined. */
export function sshdMissing(): string | undefined {
  if (process.platform !== 'linux') return `this is ${process.platform}`;
  if (SSHD === undefined) return 'sshd is not here (apt install openssh-server)';
  for (const tool of ['ssh', 'ssh-keygen', 'rsync', 'setsid'])
    if (spawnSync(tool, ['-V']).error) return `${tool} is not here (apt install openssh-client rsync)`;
  return undefined;
}

export interface TestBoard {
  /** `user@127.0.0.1:port`. */
  readonly target: string;
  readonly home: string;
  readonly identity: string;
  /** A key that the board does not know. */
  readonly stranger: string;
  readonly sshConfig: string;
  /** First on the PATH of whoever logs in. */
  readonly bin: string;
  /** The whole temporary folder. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** Throws when it can't be started: this is for tests. */
export async function testBoard(): Promise<TestBoard> {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-board-'));
  const at = (name: string) => join(folder, name);
  for (const key of ['host', 'user', 'stranger']) makeKey(at(key));
  for (const name of ['home', 'bin']) mkdirSync(at(name));
  writeFileSync(at('authorized'), readFileSync(at('user.pub')));
  chmodSync(at('authorized'), 0o600);
  const port = await freePort();
  writeFileSync(
    at('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${at('host')}`,
      `AuthorizedKeysFile ${at('authorized')}`,
      'PidFile none',
      'UsePAM no',
      'StrictModes no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      `SetEnv PATH=${at('bin')}:${process.env.PATH}`,
      '',
    ].join('\n'),
  );
  writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${readFileSync(at('host.pub'), 'utf8')}`);
  writeFileSync(at('ssh_config'), `UserKnownHostsFile ${at('known_hosts')}\nStrictHostKeyChecking yes\n`);
  // Where sshd, started by root, wants it; others need none.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const sshd = spawn(SSHD ?? 'sshd', ['-D', '-e', '-f', at('sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: string[] = [];
  sshd.stderr.on('data', (text: Buffer) => said.push(String(text)));
  await answering(port, sshd, said);
  return {
    target: `${userInfo().username}@127.0.0.1:${port}`,
    home: at('home'),
    identity: at('user'),
    stranger: at('stranger'),
    sshConfig: at('ssh_config'),
    bin: at('bin'),
    folder,
    async stop() {
      sshd.kill('SIGTERM');
      await new Promise((done) => (sshd.exitCode === null ? sshd.once('exit', done) : done(undefined)));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function makeKey(file: string): void {
  const { status, stderr } = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Resolves once something listens there. */
async function answering(port: number, sshd: ChildProcess, said: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (sshd.exitCode !== null) throw new Error(`sshd ended: ${said.join('')}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((wait) => setTimeout(wait, 50));
  }
  throw new Error(`sshd does not answer: ${said.join('')}`);
}
