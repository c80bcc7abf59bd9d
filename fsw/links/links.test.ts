import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { SimulatedClock } from '../framework/simulatedClock';
import { type Link, type LinkSpec, linkText, openLink, parseLink } from '.';

const HOST = '127.0.0.1';
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(text: string, clock = new SimulatedClock(0)): Promise<Link> {
  const spec = parseLink(text);
  if (!spec.ok) throw new Error(spec.error.text);
  const opened = await openLink(spec.value, clock);
  if (!opened.ok) throw new Error(opened.error.text);
  closers.push(() => opened.value.close());
  return opened.value;
}

const portOf = (spec: LinkSpec) => ('port' in spec ? spec.port : 'rxPort' in spec ? spec.rxPort : 0);

/** Waits for what the host's network brings, one turn of the event loop after the other. */
async function until(done: () => boolean): Promise<void> {
  for (let turns = 0; !done(); turns++) {
    if (turns > 200_000) throw new Error('it did not come');
    await new Promise((turn) => setImmediate(turn));
  }
}

function dial(link: Link): Socket {
  const socket = connect(portOf(link.spec), HOST);
  socket.on('error', () => undefined);
  closers.push(() => socket.destroy());
  return socket;
}

async function listen(port: number, onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onSocket);
  server.listen(port, HOST);
  await once(server, 'listening');
  closers.push(() => new Promise((done) => server.close(done)));
  return server;
}

function hearing(source: { on(event: 'data', hear: (bytes: Buffer) => void): unknown }): number[] {
  const heard: number[] = [];
  source.on('data', (bytes) => heard.push(...bytes));
  return heard;
}

describe('parseLink', () => {
  it.each([
    'tcp-client:127.0.0.1:50000',
    'tcp-server:localhost:0',
    'tcp-server:[::1]:50000',
    'udp:10.0.0.7:50000:50001',
    'serial:/dev/ttyUSB0:115200',
    'serial:/dev/serial/by-id/a:b:9600',
  ])('reads %s, and writes it back', (text) => {
    const spec = parseLink(text);
    expect(spec.ok && linkText(spec.value)).toBe(text);
  });

  it.each([
    ['', 'there is no link kind ;'],
    ['tcp:127.0.0.1:5', 'there is no link kind tcp;'],
    ['tcp-client:5000', 'tcp-client needs HOST:PORT'],
    ['tcp-server::5000', 'tcp-server needs HOST:PORT'],
    ['tcp-client:h:0', 'port 0 is not a whole number, 1 to 65535'],
    ['tcp-client:h:65536', 'port 65536'],
    ['tcp-server:h:5e3', 'port 5e3'],
    ['tcp-server:::1:5', 'tcp-server needs HOST:PORT'],
    ['udp:h:5000', 'udp needs HOST:TX:RX'],
    ['udp:h:x:1', 'port x to send to'],
    ['udp:h:1:-1', 'port -1 to receive at'],
    ['serial:/dev/ttyS0', 'serial needs DEV:BAUD'],
    ['serial:/dev/ttyS0:fast', 'fast is not a rate'],
    ['serial:/dev/ttyS0:0', '0 is not a rate'],
  ])('says what is wrong with "%s"', (text, why) => {
    expect(parseLink(text)).toMatchObject({
      error: { code: 'LINK_FORM', text: expect.stringContaining(why) },
    });
  });
});

describe('a TCP link', () => {
  it('as a server carries bytes both ways, and tells when the far end comes and goes', async () => {
    const ours = await open('tcp-server:127.0.0.1:0');
    const changes: boolean[] = [];
    ours.onChange((connected) => changes.push(connected));
    const up: number[] = [];
    ours.onReceive((bytes) => up.push(...bytes));
    expect(() => ours.send(Uint8Array.of(1))).toThrow('nobody is connected');
    const ground = dial(ours);
    const down = hearing(ground);
    ground.write(Uint8Array.of(7, 8));
    await until(() => up.length === 2);
    ours.send(Uint8Array.of(1, 2, 3));
    await until(() => down.length === 3);
    expect([up, down]).toEqual([
      [7, 8],
      [1, 2, 3],
    ]);
    ground.destroy();
    await until(() => ours.connectedSinceUs === undefined);
    expect(changes).toEqual([true, false]);
  });

  it('lets the sender change its bytes as soon as they are sent', async () => {
    const ours = await open('tcp-server:127.0.0.1:0');
    const down = hearing(dial(ours));
    await until(() => ours.connectedSinceUs !== undefined);
    const frame = new Uint8Array(1024);
    for (let i = 1; i <= 200; i++) ours.send(frame.fill(i));
    await until(() => down.length === 200 * 1024);
    expect(new Set(down).size).toBe(200);
  });

  it('throws rather than hoard bytes for a far end that does not read', async () => {
    const ours = await open('tcp-server:127.0.0.1:0');
    dial(ours).pause();
    await until(() => ours.connectedSinceUs !== undefined);
    const frame = new Uint8Array(1 << 20);
    expect(() => {
      for (let i = 0; i < 1000; i++) ours.send(frame);
    }).toThrow('the far end does not keep up');
  });

  it('as a server takes a newer connection in place of the older', async () => {
    const ours = await open('tcp-server:127.0.0.1:0');
    const first = dial(ours);
    await until(() => ours.connectedSinceUs !== undefined);
    const firstClosed = once(first, 'close');
    const down = hearing(dial(ours));
    await firstClosed;
    ours.send(Uint8Array.of(5));
    await until(() => down.length === 1);
    expect(ours.connectedSinceUs).toBeDefined();
  });

  it('as a client tries again a second later until the far end listens, and after it has left', async () => {
    const clock = new SimulatedClock(0);
    const probe = await listen(0, () => undefined);
    const address = probe.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((done) => probe.close(done));

    const ours = await open(`tcp-client:127.0.0.1:${port}`, clock);
    const pass = async (seconds: number) => {
      await clock.run(clock.nowUs() + seconds * 1e6, () => undefined);
    };
    // Each refusal comes from the host; then the next wait runs in flight time.
    await until(() => ours.lastFailure !== undefined);
    await new Promise((turn) => setImmediate(turn));
    expect(() => ours.send(Uint8Array.of(1))).toThrow('ECONNREFUSED');
    const sockets: Socket[] = [];
    await listen(port, (socket) => sockets.push(socket.on('error', () => undefined)));
    await pass(0.9);
    await new Promise((turn) => setImmediate(turn));
    expect(sockets.length).toBe(0);
    await pass(0.2);
    await until(() => ours.connectedSinceUs !== undefined && sockets.length === 1);
    sockets[0].destroy();
    await until(() => ours.connectedSinceUs === undefined);
    await pass(1.1);
    await until(() => ours.connectedSinceUs !== undefined && sockets.length === 2);
    const down = hearing(sockets[1]);
    ours.send(Uint8Array.of(9));
    await until(() => down.length === 1);
    sockets[1].destroy();
  });

  it('names the port that it can not listen on', async () => {
    const first = await open('tcp-server:127.0.0.1:0');
    expect(await openLink(first.spec, new SimulatedClock(0))).toMatchObject({
      error: { code: 'RADIO_PORT', text: expect.stringContaining(`${HOST}:${portOf(first.spec)}`) },
    });
  });
});

describe('a UDP link', () => {
  it('sends each frame as one datagram and hears the far end', async () => {
    const far = createSocket('udp4');
    await new Promise<void>((bound) => far.bind(0, HOST, bound));
    closers.push(() => far.close());
    const ours = await open(`udp:127.0.0.1:${far.address().port}:0`);
    const down: number[] = [];
    far.on('message', (bytes) => down.push(bytes.length));
    const up: number[] = [];
    ours.onReceive((bytes) => up.push(...bytes));
    ours.send(new Uint8Array(1024));
    ours.send(new Uint8Array(100));
    far.send(Uint8Array.of(4, 5), portOf(ours.spec), HOST);
    await until(() => down.length === 2 && up.length === 2);
    expect([down, up, ours.connectedSinceUs]).toEqual([[1024, 100], [4, 5], 0]);
    expect(() => ours.send(new Uint8Array(70_000))).toThrow('no datagram');
  });

  it('names the port that it can not have', async () => {
    const first = await open('udp:127.0.0.1:9:0');
    expect(await openLink(first.spec, new SimulatedClock(0))).toMatchObject({
      error: { code: 'RADIO_PORT' },
    });
  });
});

const hasPty = spawnSync('python3', ['-c', 'import pty']).status === 0;

// In a process of its own: the native part of serialport does not live in a worker thread, as vitest's tests do.
describe('a serial link', () => {
  it.skipIf(!hasPty)(
    'carries bytes both ways, and tries a missing device again (skipped without python3)',
    () => {
      const program = join(__dirname, 'serialProbe.ts');
      const probe = spawnSync(process.execPath, ['-r', 'ts-node/register/transpile-only', program], {
        encoding: 'utf8',
        timeout: 20_000,
      });
      expect(JSON.parse(probe.stdout || probe.stderr)).toEqual({
        down: Array.from({ length: 1024 }, (_, i) => i % 256),
        up: [0, 3, 17, 19, 255],
        missing: expect.stringContaining('there-is-none'),
      });
    },
  );
});
