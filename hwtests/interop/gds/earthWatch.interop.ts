/** The reference mission as a user flies it, live and in the `gds` profile, under the stock GDS. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dictionaryJson, dictionaryOf } from '../../../fsw/framework/dictionary';
import type { LaunchOptions, Message } from '../../../fsw/launch';
import { topology } from '../../../fsw/missions/earth-watch/topology';
import { projectRoot } from '../../../fsw/root';
import { convertDictionary } from '../../../ground-tools/dictionary/formats';
import { describeWith, venv } from '../python';
import { type Gds, type GdsEvent, startGds } from './gds';

const environment = venv('gds', ['fprime-gds==4.4.1']);

/** The launcher in a process of its own; resolves with the port that its link is bound to. */
async function flyLive(out: string): Promise<{ port: number; child: ChildProcess }> {
  const options: LaunchOptions = { board: 'live', profile: 'gds', link: 'tcp-server:127.0.0.1:0', out };
  const child = fork(join(projectRoot, 'fsw/launch.ts'), ['fly', 'earth-watch', JSON.stringify(options)], {
    execArgv: ['-r', 'ts-node/register/transpile-only'],
    env: { ...process.env, TS_NODE_PROJECT: join(projectRoot, 'tsconfig.json') },
  });
  const port = await new Promise<number>((found, lost) => {
    child.on('exit', (code) => lost(new Error(`the launcher ended with ${code}`)));
    child.on('message', (message: Message) => {
      const bound = message.type === 'text' && /^link tcp-server:127\.0\.0\.1:(\d+)$/m.exec(message.text);
      if (bound) found(Number(bound[1]));
    });
  });
  return { port, child };
}

describeWith(environment, 'F´ GDS 4.4.1 and the reference mission, live in the gds profile', (python) => {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-gds-watch-'));
  let child: ChildProcess | undefined;
  let gds: Gds;

  beforeAll(async () => {
    const exported = JSON.stringify(dictionaryJson(dictionaryOf(topology)));
    const converted = convertDictionary(exported, 'fprime', '0.1.0');
    if (!converted.ok) throw new Error(converted.error.text);
    const dictionary = join(folder, 'dictionary.json');
    writeFileSync(dictionary, converted.value);
    const flight = await flyLive(join(folder, 'out'));
    child = flight.child;
    gds = await startGds(python, dictionary, join(folder, 'gds'), { role: 'client', port: flight.port });
    await gds.call('assert_telemetry', ['EarthWatch.inference.LoadedModels'], { timeout: 60 });
  });
  afterAll(async () => {
    await gds?.stop();
    if (child?.exitCode === null) {
      const ended = new Promise((done) => child?.once('exit', done));
      child.kill('SIGINT');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('an operator commands a capture, and hears what the networks on board make of it', async () => {
    const events = await gds.call<GdsEvent[]>('send_and_assert_event', ['EarthWatch.camera.CAPTURE', []], {
      events: [
        'EarthWatch.commandDispatcher.OpCodeDispatched',
        'EarthWatch.commandDispatcher.OpCodeCompleted',
      ],
      timeout: 30,
    });
    expect(events).toHaveLength(2);
    // Screened by the network on board, and told as a channel of its own.
    await gds.call('assert_telemetry', ['EarthWatch.cloudScreener.CloudedShare'], { timeout: 60 });
  });
});
