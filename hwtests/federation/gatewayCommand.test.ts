/** `perigee federation gateway`, with a spacecraft in flight on a real link and its ground gateway; the SuperLink is in memory. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileStorage } from '../../components/platform/fileStorage';
import { idOf, sealTask } from '../../fsw/federation';
import { dictionaryJson, dictionaryOf } from '../../fsw/framework/dictionary';
import { ownKeyOf, provideOwnKey, publicHex } from '../../fsw/models';
import { projectRoot } from '../../fsw/root';
import { run } from '../../ground-tools/cli/program';
import { dictionaryFromJson } from '../../ground-tools/client/dictionaryFile';
import { FakeSuperLink } from '../../ground-tools/federation/fakeSuperLink';
import { GroundLink } from '../../ground-tools/federation/groundLink';
import { taskOf } from '../../ground-tools/federation/orders';
import type { Metadata } from '../../ground-tools/federation/schema';
import { orderOf, testArrays } from '../../ground-tools/federation/testSatellites';
import { Gateway } from '../../ground-tools/gateway/gateway';
import { type GatewayServer, serveGateway } from '../../ground-tools/gateway/server';
import { flySpacecraft, type Spacecraft } from '../interop/spacecraft';
import { EXAMPLES, NODE, topology } from './craft';

const emptyMetadata: Metadata = {
  run_id: '7',
  message_id: 'ef'.repeat(32),
  src_node_id: '1',
  dst_node_id: '2',
  reply_to_message_id: '',
  group_id: '',
  ttl: 3600,
  message_type: 'train',
  created_at: 0,
};
const folder = mkdtempSync(join(tmpdir(), 'perigee-federation-'));
const groundKey = generateKeyPairSync('ed25519');
const ownSecret = new Uint8Array(32).fill(7);
const superlink = new FakeSuperLink();
let http: Server;
let craft: Spacecraft;
let gateway: Gateway;
let server: GatewayServer;
let superlinkUrl: string;

function need<T>(result: { ok: true; value: T } | { ok: false; error: { text: string } }): T {
  if (!result.ok) throw new Error(result.error.text);
  return result.value;
}

async function until(what: string, done: () => boolean): Promise<void> {
  for (let i = 0; i < 6000 && !done(); i++) await new Promise((next) => setTimeout(next, 5));
  if (!done()) throw new Error(`never: ${what}`);
}

/** What federationNode keeps in the storage of the board: its own key, and that of the ground. */
function provideKeys(storageFolder: string): void {
  mkdirSync(storageFolder, { recursive: true });
  const storage = need(fileStorage(storageFolder));
  need(provideOwnKey(storage, () => ownSecret));
  need(storage.write('federation-keys', Buffer.from(`ground ${publicHex(groundKey.privateKey)}\n`)));
}

beforeAll(async () => {
  http = createServer((asked, answer) => {
    const parts: Buffer[] = [];
    asked.on('data', (part: Buffer) => parts.push(part));
    asked.on('end', () => {
      superlink.nowMs = Date.now();
      const { method, headers } = asked;
      const init = { method, headers: headers as Record<string, string>, body: Buffer.concat(parts) };
      void superlink.fetch(`http://superlink${asked.url}`, init).then(async (given) => {
        answer.writeHead(given.status, { date: given.headers.get('date') ?? '' });
        answer.end(Buffer.from(await given.arrayBuffer()));
      });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  superlinkUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  provideKeys(join(folder, 'craft/storage'));
  craft = await flySpacecraft(topology, { link: 'tcp-server:127.0.0.1:0', folder: join(folder, 'craft') });
  const dictionaryText = JSON.stringify(dictionaryJson(dictionaryOf(topology)));
  const dictionary = need(dictionaryFromJson(dictionaryText, 'craft'));
  const port = craft.link.kind === 'tcp-server' ? craft.link.port : 0;
  const link = { kind: 'tcp-client', host: '127.0.0.1', port } as const;
  gateway = need(await Gateway.open({ link, dictionary, dictionaryText }));
  server = need(await serveGateway(gateway, 0));
  await until('a link', () => gateway.status.link.up);
});
afterAll(async () => {
  await server?.close();
  await gateway?.close();
  await craft?.stop();
  http?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function perigee(argv: readonly string[], stop?: AbortSignal) {
  const said: string[] = [];
  const write = (text: string) => said.push(text);
  const context = { root: projectRoot, launcher: '/nowhere', out: { write }, err: { write }, stop };
  return { said, code: run(['federation', 'gateway', ...argv], context) };
}

function argumentsOf(fleet: unknown): string[] {
  writeFileSync(join(folder, 'fleet.json'), JSON.stringify(fleet));
  const pem = groundKey.privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(join(folder, 'ground.pem'), pem);
  const files = ['--fleet', join(folder, 'fleet.json'), '--key', join(folder, 'ground.pem')];
  return ['--superlink', superlinkUrl, ...files, '--state', join(folder, 'state'), '--every', '0.05'];
}

describe('perigee federation gateway', () => {
  it('takes orders of Flower up to a spacecraft, what it learned down again, and tells it so', async () => {
    const publicKey = publicHex(ownKeyOf(ownSecret));
    const fleet = [{ name: NODE, gateway: `127.0.0.1:${server.port}`, publicKey }];
    const stop = new AbortController();
    const { said, code } = await perigee([...argumentsOf(fleet), '--json'], stop.signal);
    await until('a node', () => superlink.nodes.size === 1);
    const [nodeId] = superlink.nodes.keys();
    superlink.nowMs = Date.now();
    const messages = [1, 2].map((round) => superlink.send(nodeId, orderOf(testArrays, round)));
    await until('the replies', () => messages.every((message) => superlink.reply(message) !== undefined));
    const other = superlink.send(nodeId, orderOf(testArrays, 3, { model: 'another' }));
    await until('a refusal', () => superlink.reply(other) !== undefined);
    const refusal = superlink.reply(other)?.body;
    expect(refusal?.kind === 'error' && refusal.error.reason).toContain('no model another');
    const updates = join(craft.folder, 'files/federation/updates');
    await until('the updates are acknowledged', () => readdirSync(updates).length === 0);
    stop.abort();
    expect(await code).toBe(0);

    for (const message of messages) {
      const body = superlink.reply(message)?.body;
      if (body?.kind !== 'content') throw new Error(`no content: ${said.join('')}`);
      const arrays = body.records.get('arrays');
      if (arrays?.kind !== 'arrays') throw new Error('no arrays');
      for (const [name, { dims, data }] of testArrays) {
        expect(arrays.arrays.get(name)?.dims).toEqual(dims);
        const found = [...(arrays.arrays.get(name)?.data ?? [])];
        found.forEach((value, i) => {
          // int8 with a scale a block; all that was learned is 1.
          expect(value).toBeCloseTo(data[i] + 1, 2);
        });
      }
      expect(body.records.get('metrics')).toMatchObject({
        values: new Map<string, unknown>([
          ['num-examples', BigInt(EXAMPLES)],
          ['loss', 0.5],
          ['accuracy-before', 0.5],
          ['accuracy-after', 0.75],
        ]),
      });
    }
    const told = said.map((line) => (JSON.parse(line) as { type: string }).type);
    expect(told.filter((what) => what === 'pushed')).toHaveLength(2);
    expect(told).not.toContain('fault');
  }, 60_000);

  it('hands a task over once, and tells why a spacecraft refuses one', async () => {
    const order = orderOf(testArrays, 9);
    const metadata = { ...emptyMetadata, created_at: Date.now() / 1000 };
    const task = need(taskOf({ metadata, body: { kind: 'content', records: order } }, NODE));
    const good = sealTask(task, groundKey.privateKey);
    const forged = sealTask(task, generateKeyPairSync('ed25519').privateKey);
    const handedOver = async (bytes: Uint8Array) => {
      // Each as after a restart, with nothing in memory.
      const link = new GroundLink({ gateways: new Map([[NODE, `127.0.0.1:${server.port}`]]), folder });
      for (;;) {
        const done = await link.deliver(NODE, idOf(bytes), bytes);
        if (!done.ok || done.value === 'delivered') return done;
        await new Promise((next) => setTimeout(next, 20));
      }
    };
    expect(await handedOver(good)).toEqual({ ok: true, value: 'delivered' });
    expect(await handedOver(good)).toEqual({ ok: true, value: 'delivered' });
    expect(await handedOver(forged)).toMatchObject({
      ok: false,
      error: { code: 'FED_TASK_REFUSED', text: expect.stringContaining('FED_KEY') },
    });
  }, 60_000);

  it.each([
    ['{}', 'it lists no satellite'],
    [[{ name: '../x', gateway: 'a:1', publicKey: 'ab'.repeat(32) }], '../x is no name'],
    [[{ name: 'a', gateway: 'nowhere', publicKey: 'ab'.repeat(32) }], 'its gateway is no host:port'],
    [[{ name: 'a', gateway: 'a:1', publicKey: 'abc' }], 'not 64 hex digits'],
  ])('starts with no fleet of the form %j', async (fleet, why) => {
    const { said, code } = await perigee(argumentsOf(fleet));
    expect(await code).toBe(2);
    expect(said.join('')).toContain(why);
    expect(said.join('')).toContain('FLOWER_FLEET');
  });
});
