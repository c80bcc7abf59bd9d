import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../fsw/framework/simulatedClock';
import { type TcpRadio, tcpRadio } from './tcpRadio';

const HOST = '127.0.0.1';
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function radio(
  role: 'server' | 'client',
  port: number,
  clock = new SimulatedClock(0),
): Promise<TcpRadio> {
  const opened = await tcpRadio({ role, port, clock });
  if (!opened.ok) throw new Error(opened.error.text);
  closers.push(() => opened.value.close());
  return opened.value;
}

/** Waits for what the host's network brings, one turn of the event loop after the other. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((turn) => setImmediate(turn));
}

function dial(port: number): Socket {
  const socket = connect(port, HOST);
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

function hearing(socket: Socket): number[] {
  const heard: number[] = [];
  socket.on('data', (bytes) => heard.push(...bytes));
  return heard;
}

describe('tcpRadio', () => {
  it('PGE-DRV-009: as a server carries frames down and bytes up', async () => {
    const ours = await radio('server', 0);
    const up: number[] = [];
    ours.onReceive((bytes) => up.push(...bytes));
    const ground = dial(ours.port);
    const down = hearing(ground);
    ground.write(Uint8Array.of(7, 8));
    await until(() => up.length === 2);
    ours.send(Uint8Array.of(1, 2, 3));
    await until(() => down.length === 3);
    expect([up, down]).toEqual([
      [7, 8],
      [1, 2, 3],
    ]);
  });

  it('PGE-DRV-009: the frame may change as soon as it is sent', async () => {
    const ours = await radio('server', 0);
    const down = hearing(dial(ours.port));
    await until(() => ours.connectedSinceUs !== undefined);
    const frame = new Uint8Array(1024).fill(1);
    for (let i = 1; i <= 200; i++) ours.send(frame.fill(i));
    await until(() => down.length === 200 * 1024);
    expect(new Set(down).size).toBe(200);
  });

  it('PGE-DRV-010: throws while no ground is connected, so that the loss is counted', async () => {
    const ours = await radio('server', 0);
    expect(() => ours.send(Uint8Array.of(1))).toThrow('no ground is connected');
    expect(ours.connectedSinceUs).toBeUndefined();
  });

  it('PGE-DRV-010: throws rather than hoard frames for a ground that does not read', async () => {
    const ours = await radio('server', 0);
    const ground = dial(ours.port);
    ground.pause();
    await until(() => ours.connectedSinceUs !== undefined);
    const frame = new Uint8Array(1 << 20);
    expect(() => {
      for (let i = 0; i < 1000; i++) ours.send(frame);
    }).toThrow('the ground does not keep up');
  });

  it('PGE-DRV-011: a newer connection takes the place of the older', async () => {
    const ours = await radio('server', 0);
    const first = dial(ours.port);
    await until(() => ours.connectedSinceUs !== undefined);
    const firstClosed = once(first, 'close');
    const down = hearing(dial(ours.port));
    await firstClosed;
    ours.send(Uint8Array.of(5));
    await until(() => down.length === 1);
    expect(ours.connectedSinceUs).toBeDefined();
  });

  it('PGE-DRV-011: as a client tries again each second until a ground listens, and after it has left', async () => {
    const clock = new SimulatedClock(0);
    const sockets: Socket[] = [];
    const accept = (socket: Socket) => {
      socket.on('error', () => undefined);
      sockets.push(socket);
    };
    const probe = await listen(0, accept);
    const address = probe.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((done) => probe.close(done));

    const ours = await radio('client', port, clock);
    // Flight time passes; the refusals come from the host between the seconds.
    const pass = async () => {
      await clock.run(clock.nowUs() + 1e6, () => undefined);
      await new Promise((turn) => setImmediate(turn));
    };
    for (let i = 0; i < 5; i++) await pass();
    await listen(port, accept);
    while (sockets.length === 0) await pass();
    await until(() => ours.connectedSinceUs !== undefined);
    sockets[0].destroy();
    await until(() => ours.connectedSinceUs === undefined);
    while (sockets.length === 1) await pass();
    const down = hearing(sockets[1]);
    await until(() => ours.connectedSinceUs !== undefined);
    ours.send(Uint8Array.of(9));
    await until(() => down.length === 1);
    expect(down).toEqual([9]);
    sockets[1].destroy();
  });

  it('PGE-DRV-012: names the port that it can not listen on', async () => {
    const first = await radio('server', 0);
    expect(await tcpRadio({ role: 'server', port: first.port, clock: new SimulatedClock(0) })).toMatchObject({
      error: { code: 'RADIO_PORT', text: expect.stringContaining(`${HOST}:${first.port}`) },
    });
  });
});
