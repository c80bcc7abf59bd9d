import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { dictionaryJson, dictionaryOf } from '../../../fsw/framework/dictionary';
import { topology } from '../../../fsw/missions/link-bench/topology';
import type { ExportedDictionary } from '../../../ground-tools/dictionary/exported';
import { startGds } from '../../../ground-tools/gds/gds';
import { describeWith, venv } from '../python';
import { flySpacecraft } from '../spacecraft';

const dictionary = JSON.parse(JSON.stringify(dictionaryJson(dictionaryOf(topology)))) as ExportedDictionary;

/** What F´'s own command line says of the first channel that it hears from this GDS. */
async function oneChannel(cli: string, dir: string): Promise<string> {
  const { stdout } = await promisify(execFile)(cli, [
    ...['channels', '-t', '60', '--dictionary', join(dir, 'dictionary.json')],
    ...['--zmq-transport', `ipc://${join(dir, 'in.sock')}`, `ipc://${join(dir, 'out.sock')}`],
    ...['--file-storage-directory', join(dir, 'files'), '-l', join(dir, 'cli')],
  ]);
  return stdout;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((bound) => server.listen(0, '127.0.0.1', bound));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what}: not within a minute`);
    await sleep(200);
  }
}

describeWith(venv('gds', ['fprime-gds==4.4.1']), 'perigee gds', ({ bin }) => {
  it('starts F´ GDS 4.4.1 on our dictionary, takes the spacecraft, and leaves no process behind', async () => {
    const port = await freePort();
    const program = join(bin, 'fprime-gds');
    const started = await startGds(
      { program, link: { kind: 'tcp-server', host: '127.0.0.1', port } },
      dictionary,
      '0.1.0',
    );
    if (!started.ok) throw new Error(started.error.text);
    const { dir, done, stop } = started.value;
    try {
      await until('GDS listens', () => answers(port));
      const spacecraft = await flySpacecraft(topology, { link: `tcp-client:127.0.0.1:${port}` });
      expect(await oneChannel(join(bin, 'fprime-cli'), dir)).toContain('LinkBench.');
      await spacecraft.stop();
    } finally {
      stop();
      await done;
    }
    await until('nobody listens', async () => !(await answers(port)));
    expect(existsSync(dir)).toBe(false);
  });
});
