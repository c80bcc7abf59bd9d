import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../../fsw/root';
import { GatewayClient } from '../client/gatewayClient';
import { packetsIn } from './recording';
import { TestSpacecraft, testDictionary } from './testSpacecraft';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const { dictionary } = testDictionary();

async function startGateway(spacecraftPort: number, folder: string) {
  const script = join(__dirname, 'testGateway.ts');
  const child: ChildProcess = spawn(
    process.execPath,
    ['-r', 'ts-node/register/transpile-only', script, String(spacecraftPort), folder],
    { cwd: projectRoot, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise((done) => child.on('close', done));
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  closers.push(kill);
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (data) => resolve(String(data).trim()));
    child.once('exit', () => reject(new Error('the gateway did not start')));
  });
  return { address: `127.0.0.1:${port}`, kill };
}

/** Collects the packets that a client was given, by their first bytes. */
async function listen(address: string) {
  const connected = await GatewayClient.connect(address);
  if (!connected.ok) throw new Error(connected.error.text);
  const seen: string[] = [];
  connected.value.onEntry(({ bytes }) => seen.push(Buffer.from(bytes).toString('hex')));
  const subscribed = await connected.value.subscribe('packets');
  if (!subscribed.ok) throw new Error(subscribed.error.text);
  return { client: connected.value, seen };
}

/** Sends events without a pause until told to stop. */
function load(spacecraft: TestSpacecraft): () => number {
  let count = 0;
  let going = true;
  const more = async () => {
    while (going) {
      for (let i = 0; i < 500; i++) spacecraft.event('Counted', { count: count++, long: 0n });
      await spacecraft.drained();
      await new Promise((done) => setImmediate(done));
    }
  };
  void more();
  return () => {
    going = false;
    return count;
  };
}

describe('killed without a warning', () => {
  it('a gateway has recorded every packet that it had served, and the next one records on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'perigee-kill-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    const spacecraft = await TestSpacecraft.start({ dictionary });
    closers.push(() => spacecraft.close());
    const stopLoad = load(spacecraft);
    closers.push(stopLoad);
    let served: string[] = [];
    for (let life = 0; life < 3; life++) {
      const gateway = await startGateway(spacecraft.port, folder);
      const { client, seen } = await listen(gateway.address);
      while (seen.length < 5000 + 3000 * life) await new Promise((done) => setTimeout(done, 5));
      await gateway.kill();
      await client.closed;
      served = served.concat(seen);
    }
    stopLoad();
    const recorded = new Set([...packetsIn(folder)].map(({ packet }) => Buffer.from(packet).toString('hex')));
    expect(served.length).toBeGreaterThan(20_000);
    expect(served.filter((packet) => !recorded.has(packet))).toEqual([]);
  });

  it('clients take nothing from the recording nor from each other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'perigee-kill-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    const spacecraft = await TestSpacecraft.start({ dictionary });
    closers.push(() => spacecraft.close());
    const gateway = await startGateway(spacecraft.port, folder);
    const keeper = await listen(gateway.address);
    while (!spacecraft.connected) await new Promise((done) => setTimeout(done, 5));
    const stopLoad = load(spacecraft);
    closers.push(stopLoad);
    for (let i = 0; i < 8; i++) {
      const victim = await listen(gateway.address);
      while (victim.seen.length < 500) await new Promise((done) => setTimeout(done, 2));
      victim.client.terminate();
    }
    const total = stopLoad();
    spacecraft.flush();
    for (let i = 0; i < 1000 && keeper.seen.length < total; i++)
      await new Promise((done) => setTimeout(done, 10));
    keeper.client.close();
    expect(keeper.seen).toHaveLength(total);
    expect(new Set(keeper.seen.map((packet) => packet.slice(46, 54))).size).toBe(total);
    expect([...packetsIn(folder)]).toHaveLength(total);
  });
});
