import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { seededRandom } from '../../fsw/framework/random';
import { GatewayClient } from '../client/gatewayClient';
import { Gateway, type GatewayOptions } from './gateway';
import type { ServerMessage } from './messages';
import { packetsIn, segmentsOf } from './recording';
import { serveGateway } from './server';
import { TestSpacecraft, type TestSpacecraftOptions, testDictionary } from './testSpacecraft';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const temporary = () => {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-gateway-'));
  closers.push(() => rmSync(folder, { recursive: true }));
  return folder;
};
const { dictionary, text: dictionaryText } = testDictionary();

async function until(what: () => unknown): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (what()) return;
    await new Promise((done) => setTimeout(done, 5));
  }
  throw new Error(`never: ${what}`);
}

async function setUp(options: Partial<GatewayOptions> = {}, craft: Partial<TestSpacecraftOptions> = {}) {
  const spacecraft = await TestSpacecraft.start({ dictionary, ...craft });
  closers.push(() => spacecraft.close());
  const link = { kind: 'tcp-client', host: '127.0.0.1', port: spacecraft.port } as const;
  const gateway = await Gateway.open({ link, dictionary, dictionaryText, ...options });
  if (!gateway.ok) throw new Error(gateway.error.text);
  closers.push(() => gateway.value.close());
  const server = await serveGateway(gateway.value, 0);
  if (!server.ok) throw new Error(server.error.text);
  closers.push(() => server.value.close());
  await until(() => spacecraft.connected && gateway.value.status.link.up);
  return {
    spacecraft,
    gateway: gateway.value,
    server: server.value,
    address: `127.0.0.1:${server.value.port}`,
  };
}

async function client(address: string) {
  const connected = await GatewayClient.connect(address);
  if (!connected.ok) throw new Error(connected.error.text);
  closers.push(() => connected.value.close());
  const messages: ServerMessage[] = [];
  connected.value.onMessage((message) => messages.push(message));
  return { client: connected.value, messages };
}

describe('the gateway', () => {
  it('serves what came, decoded, to each client by what it asked for', async () => {
    const { spacecraft, address } = await setUp();
    const all = await client(address);
    const events = await client(address);
    const raw = await client(address);
    const entries: Uint8Array[] = [];
    raw.client.onEntry(({ bytes }) => entries.push(bytes));
    await all.client.subscribe('json');
    await events.client.subscribe('json', ['event']);
    await raw.client.subscribe('packets');
    spacecraft.event('Counted', { count: 7, long: 2n ** 60n });
    spacecraft.channel('Level', 9);
    spacecraft.packet(10, Uint8Array.of(1, 2, 3));
    spacecraft.flush();
    await until(() => all.messages.length === 3 && entries.length === 3 && events.messages.length === 1);
    expect(all.messages).toMatchObject([
      {
        type: 'event',
        n: 0,
        apid: 2,
        name: 'Test.craft.Counted',
        severity: 'diagnostic',
        text: 'counted 7',
        args: { count: 7, long: '1152921504606846976' },
      },
      { type: 'channels', n: 1, values: [{ name: 'Test.craft.Level', value: 9 }] },
      {
        type: 'packet',
        n: 2,
        apid: 10,
        hex: '000ac0000002010203',
        fault: { code: 'LINK_UNKNOWN_DESCRIPTOR' },
      },
    ]);
    expect(events.messages).toEqual([all.messages[0]]);
    expect(Buffer.from(entries[2]).toString('hex')).toBe('000ac0000002010203');
    const values = await events.client.values();
    expect(values.ok && values.value).toMatchObject([{ name: 'Test.craft.Level', value: 9 }]);
    const served = await events.client.dictionary();
    expect(served.ok && served.value.hash).toBe(dictionary.hash);
  });

  it('reports garbage on the link, and reads on behind it', async () => {
    const { spacecraft, address } = await setUp();
    const { client: one, messages } = await client(address);
    await one.subscribe('json');
    spacecraft.sendRaw(new Uint8Array(3000).fill(0x44));
    spacecraft.event('Said', { text: 'first' });
    spacecraft.flush();
    await until(() => messages.some(({ type }) => type === 'event'));
    expect(messages.filter(({ type }) => type !== 'link-fault')).toMatchObject([{ text: 'said first' }]);
  });

  it('comes back to the spacecraft after the link was cut, and says so', async () => {
    const { spacecraft, address, gateway } = await setUp();
    const { messages } = await client(address);
    spacecraft.cut();
    await until(() => messages.some((message) => message.type === 'status' && !message.link.up));
    const down = await gateway.command('craft.SAY', { text: 'x' });
    expect(down).toMatchObject({ outcome: 'link-down', status: 'LINK_DOWN', sent: 0 });
    await until(() => messages.some((message) => message.type === 'status' && message.link.up));
    expect(await gateway.command('craft.SAY', { text: 'x' })).toMatchObject({ outcome: 'completed' });
  });

  it('records every byte before it serves it, and what it sends', async () => {
    const record = temporary();
    const { spacecraft, address, gateway } = await setUp({ record, fsync: 'never' });
    const { client: one } = await client(address);
    let seen = 0;
    one.onEntry(() => void seen++);
    await one.subscribe('packets');
    for (let i = 0; i < 500; i++) spacecraft.event('Counted', { count: i, long: 0n });
    spacecraft.flush();
    await until(() => seen === 500);
    await gateway.command('craft.SAY', { text: 'up' });
    expect([...packetsIn(record, { apid: 2 })].length).toBeGreaterThanOrEqual(500);
    const segments = segmentsOf(record);
    expect(segments.ok && segments.value).toHaveLength(1);
    expect(gateway.status.recording).toBe(record);
  });

  it('refuses a browser page, nonsense, and says why', async () => {
    const { address } = await setUp();
    const page = new WebSocket(`ws://${address}`, { headers: { origin: 'http://evil.example' } });
    const refused = await new Promise<string>((done) => page.on('error', (error) => done(error.message)));
    expect(refused).toContain('401');
    const socket = new WebSocket(`ws://${address}`);
    const said: ServerMessage[] = [];
    socket.on('message', (data) => said.push(JSON.parse(String(data)) as ServerMessage));
    await new Promise((done) => socket.on('open', done));
    for (const bad of [
      '{',
      '7',
      'null',
      '{"ref":1}',
      '{"ref":1,"type":"subscribe","format":"xml"}',
      '{"ref":1,"type":"command","name":"x","args":[]}',
    ])
      socket.send(bad);
    socket.send(Uint8Array.of(1));
    await until(() => said.length === 8);
    expect(said[0].type).toBe('hello');
    expect(
      said.slice(1).every((message) => message.type === 'error' && message.code === 'GATEWAY_REQUEST'),
    ).toBe(true);
    socket.terminate();
  });
});

describe('a command through the gateway', () => {
  it('returns with its own outcome', async () => {
    const { spacecraft, address } = await setUp();
    const { client: one } = await client(address);
    spacecraft.boot();
    await until(() => one.status.spacecraft === 'match');
    const [said, failed, hung] = await Promise.all([
      one.command('craft.SAY', { text: 'hello' }),
      one.command('Test.craft.FAIL', {}),
      one.command('craft.HANG', {}, 300),
    ]);
    expect(said.ok && said.value).toMatchObject({ outcome: 'completed', sent: 1, spacecraft: 'match' });
    expect(failed.ok && failed.value).toMatchObject({
      outcome: 'failed',
      status: 'EXECUTION_ERROR',
      reason: 'as it must',
    });
    expect(hung.ok && hung.value).toMatchObject({ outcome: 'unknown', status: 'UNDER_WAY' });
  });

  it('is refused before anything is sent when its name or arguments are wrong', async () => {
    const { spacecraft, gateway } = await setUp();
    expect(await gateway.command('craft.SYA', {})).toMatchObject({
      outcome: 'refused',
      status: 'LINK_UNKNOWN_COMMAND',
    });
    const wrong = await gateway.command('craft.SET', { mode: 'SAFE', level: 256, long: 1 });
    expect(wrong).toMatchObject({ outcome: 'refused', status: 'TYPE_RANGE' });
    expect(spacecraft.framesHeard).toBe(0);
  });

  it('is repeated over a link that loses 3 frames in 10, executed once, and told truthfully', async () => {
    const random = seededRandom(7);
    const { spacecraft, gateway } = await setUp({ repeatMs: 20 }, { loses: () => random.next() < 0.3 });
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, i) => gateway.command('craft.SAY', { text: `${i}` }, 20_000)),
    );
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['completed']));
    expect(Math.max(...outcomes.map(({ sent }) => sent))).toBeGreaterThan(1);
    expect(spacecraft.executed.size).toBe(60);
    expect(new Set(spacecraft.executed.values())).toEqual(new Set([1]));
  });

  it('without any response is told as unknown, not as failed', async () => {
    const { gateway } = await setUp({ repeatMs: 50 }, { loses: () => true });
    const outcome = await gateway.command('craft.SAY', { text: 'x' }, 200);
    expect(outcome).toMatchObject({ outcome: 'unknown', status: 'NO_RESPONSE' });
    expect(outcome.sent).toBeGreaterThan(1);
  });

  it('is refused to a spacecraft of another dictionary, whose packets are shown raw', async () => {
    const other = testDictionary(0x4000).dictionary;
    const { spacecraft, address } = await setUp({}, { dictionary: other });
    const { client: one, messages } = await client(address);
    await one.subscribe('json');
    spacecraft.boot();
    spacecraft.event('Said', { text: 'who' });
    spacecraft.flush();
    await until(() => messages.filter(({ type }) => type === 'packet').length === 2);
    expect(one.status).toMatchObject({ spacecraft: 'mismatch', spacecraftDictionary: other.hash });
    const refused = await one.command('craft.SAY', { text: 'x' });
    expect(refused.ok && refused.value).toMatchObject({ outcome: 'refused', status: 'DICTIONARY_MISMATCH' });
    expect(spacecraft.framesHeard).toBe(0);
  });

  it('is refused by a strict gateway until the spacecraft has said what it flies', async () => {
    const { spacecraft, gateway } = await setUp({ strict: true });
    const early = await gateway.command('craft.SAY', { text: 'x' });
    expect(early).toMatchObject({ outcome: 'refused', status: 'DICTIONARY_UNVERIFIED' });
    spacecraft.boot();
    await until(() => gateway.status.spacecraft === 'match');
    expect(await gateway.command('craft.SAY', { text: 'x' })).toMatchObject({ outcome: 'completed' });
  });

  it('never repeats an identity over restarts of the gateway', async () => {
    const record = temporary();
    const sequences: number[] = [];
    for (let life = 0; life < 3; life++) {
      const { gateway } = await setUp({ record, sender: 9 });
      for (const text of ['a', 'b']) {
        const { id } = await gateway.command('craft.SAY', { text });
        const [sender, sequence] = id.split('.').map(Number);
        expect(sender).toBe(9);
        sequences.push(sequence);
      }
      await gateway.close();
    }
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
  });

  it('whose identity turns out to be used is told as unknown, and the next goes on behind it', async () => {
    const record = temporary();
    const { spacecraft, gateway } = await setUp({ record });
    expect(await gateway.command('craft.SAY', { text: 'x' })).toMatchObject({ outcome: 'completed' });
    await gateway.close();
    rmSync(join(record, 'sequence.json'));
    // The file is lost, and the clock stood still.
    const now = Date.now();
    const clock = vi.spyOn(Date, 'now').mockReturnValue(now - 60_000);
    const link = { kind: 'tcp-client', host: '127.0.0.1', port: spacecraft.port } as const;
    const again = await Gateway.open({ link, dictionary, dictionaryText, record });
    clock.mockRestore();
    if (!again.ok) throw new Error(again.error.text);
    closers.push(() => again.value.close());
    await until(() => again.value.status.link.up);
    const [, used] = ([...spacecraft.executed.keys()][0] ?? '').split('.').map(Number);
    let outcome = await again.value.command('craft.FAIL', {});
    // Ten sequences a second are counted: the used one comes within the minute's.
    while (outcome.status !== 'IDENTITY_USED' && Number(outcome.id.split('.')[1]) < used)
      outcome = await again.value.command('craft.FAIL', {});
    expect(outcome).toMatchObject({ outcome: 'unknown', status: 'IDENTITY_USED' });
    expect(await again.value.command('craft.SAY', { text: 'y' })).toMatchObject({ outcome: 'completed' });
  });
});

describe('a client that never reads', () => {
  it('is passed over and let go; the others get everything', async () => {
    const limits = { maxBuffered: 256 << 10, maxStalledMs: 300 };
    const { spacecraft, address, server } = await setUp({ limits });
    const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await until(() => server.clients === 1);
    socket.pause();
    // A masked text frame with a zero mask: the bytes stand as they are.
    const ask = Buffer.from('{"type":"subscribe","ref":1,"format":"json"}');
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | ask.length, 0, 0, 0, 0]), ask]));
    const good = await Promise.all([client(address), client(address)]);
    const counts: number[][] = [[], []];
    for (const [i, { client: one }] of good.entries()) {
      one.onMessage((message) => {
        if (message.type === 'event') counts[i].push(Number(message.args.count));
        if (message.type === 'gap') counts[i].push(-1);
      });
      await one.subscribe('json', ['event']);
    }
    const total = 60_000;
    for (let i = 0; i < total; i++) {
      spacecraft.event('Counted', { count: i, long: 0n });
      if (i % 2000 === 1999) {
        await spacecraft.drained();
        await until(() => counts.every((seen) => seen.length > i - 8000));
      }
    }
    spacecraft.flush();
    await until(() => counts.every((seen) => seen.length === total));
    expect(counts.every((seen) => seen.every((count, i) => count === i))).toBe(true);
    await until(() => {
      spacecraft.event('Counted', { count: 0, long: 0n });
      spacecraft.flush();
      return server.clients === 2;
    });
    socket.destroy();
  });
});
