import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { demo } from '../dictionary/testDictionary';
import { gdsArguments } from './arguments';
import { startGds } from './gds';

const link = { kind: 'tcp-server', host: '127.0.0.1', port: 50_000 } as const;

/** A program in place of fprime-gds: writes what it was told, starts a child as GDS does, and waits. */
function standIn(rest: string): { program: string; told: string } {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-gds-test-'));
  const program = join(folder, 'gds.sh');
  const told = join(folder, 'told');
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" > ${told}\n${rest}\n`);
  chmodSync(program, 0o755);
  return { program, told };
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((soon) => setTimeout(soon, 10));
}

describe('arguments of fprime-gds', () => {
  const base = { store: '/s', sockets: '/t', dictionary: '/d.json' };

  it('keep its files and sockets to itself, and its page on this host', () => {
    const args = gdsArguments({ ...base, link, guiPort: 5000 }).join(' ');
    expect(args).toContain('--zmq-transport ipc:///t/in.sock ipc:///t/out.sock');
    expect(args).toContain('--file-storage-directory /s/files --logs /s/logs');
    expect(args).toContain('--gui-addr 127.0.0.1 --gui-port 5000');
    expect(gdsArguments({ ...base, link })).toContain('none');
  });

  it.each([
    [link, '--communication-selection tcp-fast-server --tcp-fast-address 127.0.0.1 --tcp-fast-port 50000'],
    [
      { kind: 'tcp-client', host: 'sat', port: 7 },
      '--communication-selection tcp-fast-client --tcp-fast-address sat --tcp-fast-port 7',
    ],
    [
      { kind: 'udp', host: 'sat', txPort: 1, rxPort: 2 },
      'udp-fast --udp-fast-address sat --udp-fast-send-port 1 --udp-fast-recv-port 2',
    ],
    [{ kind: 'serial', device: '/dev/ttyS1', baud: 9600 }, 'uart --uart-device /dev/ttyS1 --uart-baud 9600'],
  ] as const)('choose the adapter for a link', (spec, expected) => {
    expect(gdsArguments({ ...base, link: spec }).join(' ')).toContain(expected);
  });
});

describe('fprime-gds as a process', () => {
  it('gets the dictionary of the mission in a file, and hands on its exit code', async () => {
    const { program, told } = standIn('grep -q Demo.probe.STOP "$3" && exit 7');
    const started = await startGds({ program, link }, demo, '0');
    expect(started.ok && (await started.value.done)).toBe(7);
    expect(readFileSync(told, 'utf8')).toContain('--dictionary\n');
    expect(started.ok && existsSync(started.value.dir)).toBe(false);
  });

  it('is ended with the children that it would leave behind', async () => {
    const { program, told } = standIn('sleep 1000 & echo $! > "$0.child"; trap "exit 0" TERM; wait');
    const started = await startGds({ program, link }, demo, '0');
    if (!started.ok) throw new Error(started.error.text);
    await until(() => existsSync(`${program}.child`) && existsSync(told));
    const child = Number(readFileSync(`${program}.child`, 'utf8'));
    expect(alive(child)).toBe(true);
    started.value.stop();
    expect(await started.value.done).toBe(0);
    await until(() => !alive(child));
  });

  it('keeps logs and files in a folder that was told', async () => {
    const keep = join(mkdtempSync(join(tmpdir(), 'perigee-gds-test-')), 'kept');
    const started = await startGds({ program: standIn('').program, link, keep }, demo, '0');
    expect(started.ok && (await started.value.done)).toBe(0);
    expect(existsSync(join(keep, 'dictionary.json'))).toBe(true);
  });

  it('that cannot be started is a coded error', async () => {
    const started = await startGds({ program: '/nowhere/fprime-gds', link }, demo, '0');
    expect(started).toMatchObject({ ok: false, error: { code: 'GDS_MISSING' } });
  });
});
