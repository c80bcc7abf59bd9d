import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { projectRoot } from '../../fsw/root';
import { type Manifest, writeManifest } from './manifest';

const script = readFileSync(join(projectRoot, 'ground-tools/deploy/target.sh'), 'utf8');
const onLinux = process.platform === 'linux' ? describe : describe.skip;

interface Home {
  readonly home: string;
  readonly bin: string;
  readonly manifest: Manifest;
  /** Runs a verb of target.sh; a signal that ended it is its status. */
  ask(verb: string, ...args: string[]): { status: number | NodeJS.Signals | null; stdout: string };
  current(): string;
}

/** A board on which `old` flies after `older`, and to which a release has just been shipped. */
function home(): Home {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-target-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [at, bin] = [join(folder, 'home'), join(folder, 'bin')];
  mkdirSync(bin);
  const release = (path: string): Manifest => {
    mkdirSync(join(at, path, 'dist'), { recursive: true });
    writeFileSync(join(at, path, 'start.sh'), '#!/bin/sh\nexit 0\n');
    chmodSync(join(at, path, 'start.sh'), 0o755);
    writeFileSync(join(at, path, 'dist/a.js'), `// ${path}`);
    return writeManifest(join(at, path));
  };
  for (const path of ['releases/older', 'releases/old']) release(path);
  const manifest = release('incoming');
  symlinkSync('releases/old', join(at, 'current'));
  symlinkSync('releases/older', join(at, 'previous'));
  mkdirSync(join(at, 'data'));
  return {
    home: at,
    bin,
    manifest,
    ask(verb, ...args) {
      const { status, signal, stdout } = spawnSync('sh', ['-s', '--', verb, at, ...args], {
        input: script,
        encoding: 'utf8',
        env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
      });
      return { status: signal ?? status, stdout };
    },
    current: () => basename(readlinkSync(join(at, 'current'))),
  };
}

const activate = ({ ask, manifest }: Home) => ask('activate', 'new', manifest.sha256, String(manifest.files));

/** Whether the current release is there, whole, and can be started. */
function boots({ home: at }: Home): boolean {
  const { status } = spawnSync('sha256sum', ['-c', '--status', 'manifest.sha256'], {
    cwd: join(at, 'current'),
  });
  return status === 0 && existsSync(join(at, 'current/start.sh'));
}

onLinux('the board of a deployment', () => {
  it('puts a release that arrived whole on trial, and keeps the one before', () => {
    const board = home();
    const { status, stdout } = activate(board);
    expect(status).toBe(0);
    expect(stdout).toContain('current=new\nprevious=old\ntrial=new\n');
    expect(boots(board)).toBe(true);
    board.ask('stop');
    board.ask('prune');
    expect(readdirSync(join(board.home, 'releases')).sort()).toEqual(['new', 'old']);
  });

  it.each([
    [
      'a changed byte',
      (incoming: string) => writeFileSync(join(incoming, 'dist/a.js'), '// incominh'),
      'dist/a.js: FAILED',
    ],
    [
      'a missing file',
      (incoming: string) => rmSync(join(incoming, 'start.sh')),
      'start.sh: FAILED open or read',
    ],
    ['a file too many', (incoming: string) => writeFileSync(join(incoming, 'b.js'), ''), '4 files, not 3'],
    [
      'another manifest',
      (incoming: string) => writeFileSync(join(incoming, 'manifest.sha256'), ''),
      'manifest.sha256',
    ],
  ])('refuses %s, and changes nothing', (_, damage, why) => {
    const board = home();
    damage(join(board.home, 'incoming'));
    expect(activate(board)).toEqual({ status: 3, stdout: `corrupt=${why}\n` });
    expect(board.current()).toBe('old');
    expect(existsSync(join(board.home, 'trial'))).toBe(false);
  });

  it('boots the old release or the new one, whole, after a kill at any step', () => {
    // Each program that changes something is one step; the shell is killed before it, or right after.
    const seen = new Set<string>();
    for (const moment of ['before', 'after'])
      for (let step = 1, over = false; !over; step++) {
        const board = home();
        const counter = join(board.bin, 'steps');
        for (const name of ['mv', 'ln', 'rm', 'sync', 'setsid']) {
          const real = spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim();
          const kill = `[ "$(wc -l <${counter})" -ne ${step} ] || { ${moment === 'after' ? `${real} "$@"; ` : ''}kill -9 $PPID; exit 1; }`;
          writeFileSync(join(board.bin, name), `#!/bin/sh\necho >>${counter}\n${kill}\nexec ${real} "$@"\n`);
          chmodSync(join(board.bin, name), 0o755);
        }
        over = activate(board).status !== 'SIGKILL';
        expect(boots(board), `killed ${moment} step ${step}`).toBe(true);
        expect(['old', 'new']).toContain(board.current());
        seen.add(board.current());
        rmSync(board.bin, { recursive: true });
        mkdirSync(board.bin);
        board.ask('stop');
        // What had arrived and was not switched to still can be.
        if (!existsSync(join(board.home, 'incoming'))) continue;
        expect(activate(board).status).toBe(0);
        board.ask('stop');
      }
    expect([...seen].sort()).toEqual(['new', 'old']);
  });

  it('goes back to the previous release, and refuses where there is none', () => {
    const board = home();
    // Both releases end at once here: nobody is healthy.
    writeFileSync(join(board.bin, 'sleep'), '#!/bin/sh\nexit 0\n');
    chmodSync(join(board.bin, 'sleep'), 0o755);
    const { status, stdout } = board.ask('rollback', 'it is no good');
    board.ask('stop');
    expect(status).toBe(0);
    expect(stdout).toContain('current=older\nprevious=old\ntrial=\nrolledBack=old it is no good\n');
    expect(stdout).not.toContain('healthy');
    rmSync(join(board.home, 'previous'));
    expect(board.ask('rollback')).toEqual({ status: 4, stdout: 'none=yes\n' });
    expect(board.current()).toBe('older');
  });

  it('takes no last stroke of the release that it ends for the health of the one that it starts', async () => {
    const board = home();
    const incoming = join(board.home, 'incoming');
    const stroke = 'echo stroke >data/health.json';
    const flight = `trap '${stroke}; exit 0' TERM\n${stroke}\nwhile :; do /bin/sleep 0.02; done`;
    writeFileSync(join(incoming, 'start.sh'), `#!/bin/sh\n${flight}\n`);
    writeFileSync(join(board.bin, 'sleep'), '#!/bin/sh\nexec /bin/sleep 0.02\n');
    chmodSync(join(board.bin, 'sleep'), 0o755);
    expect(activate({ ...board, manifest: writeManifest(incoming) }).status).toBe(0);
    while (!existsSync(join(board.home, 'data/health.json')))
      await new Promise((wait) => setTimeout(wait, 20));
    const { status, stdout } = board.ask('rollback');
    board.ask('stop');
    expect(status).toBe(0);
    expect(stdout).toContain('current=old\n');
    expect(stdout).not.toContain('healthy');
  });

  it('leaves a program alone that has the number of a flight before the last boot', () => {
    const board = home();
    const other = spawn('sleep', ['100']);
    onTestFinished(() => void other.kill('SIGKILL'));
    writeFileSync(join(board.home, 'flight.pid'), `${other.pid}\n`);
    expect(board.ask('stop').status).toBe(0);
    // Asleep still, not ended and waiting for its parent.
    expect(readFileSync(`/proc/${other.pid}/stat`, 'utf8')).toMatch(/\) S /);
    expect(existsSync(join(board.home, 'flight.pid'))).toBe(false);
  });
});
