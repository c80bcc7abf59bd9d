import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
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

const onLinux = process.platform === 'linux' ? describe : describe.skip;

/** What the flight software of a release does here, in place of Node. */
const flights = {
  healthy: 'echo $$ >data/health.json; echo healthy >>flown; exec /bin/sleep 100',
  silent: 'echo silent >>flown; exec /bin/sleep 100',
  ending: 'echo ending >>flown; exit 7',
};

/** A board whose current release `new` flies in one way and its previous one, `old`, in another. */
function board(current: keyof typeof flights, previous?: keyof typeof flights) {
  const home = mkdtempSync(join(tmpdir(), 'perigee-start-'));
  const release = (name: string, flight: keyof typeof flights) => {
    const folder = join(home, 'releases', name);
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(projectRoot, 'ground-tools/deploy/start.sh'), join(folder, 'start.sh'));
    writeFileSync(join(folder, 'node'), `#!/bin/sh\n${flights[flight]}\n`);
    for (const script of ['start.sh', 'node']) chmodSync(join(folder, script), 0o755);
    writeFileSync(join(folder, 'release.env'), "MISSION='m'\nNODE='node'\nDEADLINE_S=20\n");
  };
  release('new', current);
  symlinkSync('releases/new', join(home, 'current'));
  if (previous) {
    release('old', previous);
    symlinkSync('releases/old', join(home, 'previous'));
  }
  writeFileSync(join(home, 'trial'), 'new\n');
  // The board's second is short.
  const bin = join(home, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'sleep'), '#!/bin/sh\nexec /bin/sleep 0.02\n');
  chmodSync(join(bin, 'sleep'), 0o755);
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const child: ChildProcess = spawn('current/start.sh', ['respawn'], { cwd: home, env, detached: true });
  const ended = new Promise((done) => child.once('exit', done));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(home, { recursive: true });
  });
  const read = (name: string) => (existsSync(join(home, name)) ? readFileSync(join(home, name), 'utf8') : '');
  return {
    child,
    ended,
    read,
    current: () => basename(readlinkSync(join(home, 'current'))),
    flown: () => read('flown').trim().split('\n'),
    /** Until the trial is decided and something flies. */
    async decided(flying: string) {
      while (read('trial') !== '' || !read('flown').endsWith(`${flying}\n`))
        await new Promise((wait) => setTimeout(wait, 20));
    },
  };
}

onLinux('the start of a release', () => {
  it('keeps a release on trial once it is healthy', async () => {
    const { decided, current, flown, read } = board('healthy', 'ending');
    await decided('healthy');
    expect(current()).toBe('new');
    expect(flown()).toEqual(['healthy']);
    expect(read('rolled-back')).toBe('');
    expect(read('starts')).toBe('');
  });

  it('takes the previous release when the new one is not healthy at its deadline', async () => {
    const { decided, current, flown, read } = board('silent', 'healthy');
    await decided('healthy');
    expect(current()).toBe('old');
    expect(flown()).toEqual(['silent', 'healthy']);
    expect(read('rolled-back')).toBe('new it was not healthy after 20 s\n');
  });

  it('takes the previous release when the new one ended three times', async () => {
    const { decided, current, flown, read } = board('ending', 'healthy');
    await decided('healthy');
    expect(current()).toBe('old');
    expect(flown()).toEqual(['ending', 'ending', 'ending', 'healthy']);
    expect(read('rolled-back')).toBe('new it ended 3 times before it was healthy\n');
  });

  it('starts the only release again and again: there is nothing to go back to', async () => {
    const { decided, current, flown, read } = board('ending');
    await decided('ending');
    expect(current()).toBe('new');
    expect(flown().length).toBeGreaterThan(2);
    expect(read('rolled-back')).toBe('new it ended 3 times before it was healthy\n');
  });

  it('ends the flight software when it is ended', async () => {
    const { child, decided, ended, read } = board('healthy');
    await decided('healthy');
    const flight = Number(read('data/health.json'));
    expect(() => process.kill(flight, 0)).not.toThrow();
    child.kill('SIGTERM');
    await ended;
    expect(() => process.kill(flight, 0)).toThrow('ESRCH');
  });
});
