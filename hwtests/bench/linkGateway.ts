/** How many packets a second the gateway records and serves to ten clients, and what a stuck one does to the others. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dictionaryJson, dictionaryOf } from '../../fsw/framework/dictionary';
import { topology } from '../../fsw/missions/link-bench/topology';
import type { Seen } from './linkClients';
import { eventEncoder } from './linkCodec';
import type { Row } from './measure';

const RATE = 100_000;
const SECONDS = 10;
const CLIENTS = 10;
const PROMISE = 100_000;

/** Frames of at least `count` events; their number is a multiple of 256, so that they can be sent in a circle. */
function circle(count: number): { bytes: Buffer; packets: number } {
  const frames: Buffer[] = [];
  const { framer, add } = eventEncoder((frame) => void frames.push(Buffer.from(frame)));
  let packets = 0;
  for (; packets < count; packets++) add(packets);
  framer.flush();
  for (; frames.length % 256 !== 0; packets++) {
    add(packets);
    framer.flush();
  }
  return { bytes: Buffer.concat(frames), packets };
}

async function openSpacecraft(): Promise<{ port: number; socket: Promise<Socket>; close: () => void }> {
  let arrived: (socket: Socket) => void = () => undefined;
  const socket = new Promise<Socket>((resolve) => {
    arrived = resolve;
  });
  const server = createServer((one) => {
    one.on('error', () => undefined);
    arrived(one);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { port, socket, close: () => void server.close() };
}

async function startGateway(port: number, folder: string): Promise<{ child: ChildProcess; address: string }> {
  const dictionaryFile = join(folder, 'dictionary.json');
  writeFileSync(dictionaryFile, JSON.stringify(dictionaryJson(dictionaryOf(topology))));
  const main = join(__dirname, '../../ground-tools/cli/main.js');
  const words = [
    'gateway',
    '--link',
    `tcp-client:127.0.0.1:${port}`,
    '--dictionary',
    dictionaryFile,
    '--port',
    '0',
  ];
  const code = `require(${JSON.stringify(main)}).main(process.argv.slice(1))`;
  const child = spawn(
    process.execPath,
    ['-e', code, '--', ...words, '--record', join(folder, 'recording'), '--json'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data) => {
      const line = String(data).split('\n', 1)[0];
      resolve((JSON.parse(line) as { address: string }).address);
    });
    child.once('exit', () => reject(new Error('the gateway did not start')));
  });
  return { child, address };
}

/** A client that subscribes and never reads again. */
function stuckClient(address: string): Socket {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host, () => {
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    const ask = Buffer.from('{"type":"subscribe","ref":1,"format":"json"}');
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | ask.length, 0, 0, 0, 0]), ask]));
  });
  socket.on('error', () => undefined);
  return socket.pause();
}

interface Measured {
  readonly perSecond: number;
  readonly lost: number;
  readonly megabytesPerSecond: number;
}

async function measure(format: 'json' | 'packets', stuck: boolean): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'perigee-bench-'));
  const spacecraft = await openSpacecraft();
  const { child, address } = await startGateway(spacecraft.port, folder);
  const round = circle(RATE);
  const total = round.packets * SECONDS;
  const script = join(__dirname, 'linkClients.js');
  const clients = fork(script, [address, format, String(CLIENTS), String(total)]);
  try {
    let subscribed = 0;
    let finished: (seen: readonly Seen[]) => void = () => undefined;
    const all = new Promise<readonly Seen[]>((resolve) => {
      finished = resolve;
    });
    const ready = new Promise<void>((resolve) => {
      clients.on('message', (message) => {
        if (message === 'subscribed' && ++subscribed === CLIENTS) resolve();
        else if (Array.isArray(message)) finished(message as Seen[]);
      });
    });
    const stuckSocket = stuck ? stuckClient(address) : undefined;
    const socket = await spacecraft.socket;
    await ready;
    const start = performance.now();
    await send(socket, round, start);
    const seen = await Promise.race([
      all,
      new Promise<never>((_, late) => setTimeout(late, 60_000, new Error('the clients did not get all'))),
    ]);
    const seconds = (performance.now() - start) / 1000;
    stuckSocket?.destroy();
    const missed = seen.reduce(
      (sum, { packets, lost, outOfOrder }) => sum + lost + outOfOrder + Math.max(0, total - packets - lost),
      0,
    );
    const bytes = seen.reduce((sum, one) => sum + one.bytes, 0);
    return { perSecond: total / seconds, lost: missed, megabytesPerSecond: bytes / seconds / 1e6 };
  } finally {
    clients.kill();
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    await ended;
    spacecraft.close();
    rmSync(folder, { recursive: true });
  }
}

/** Sends the circle `SECONDS` times in steps of ten milliseconds, at `RATE` packets a second or as the link takes them. */
async function send(
  socket: Socket,
  { bytes, packets }: { bytes: Buffer; packets: number },
  start: number,
): Promise<void> {
  const total = bytes.length * SECONDS;
  const bytesPerMs = ((bytes.length / packets) * RATE) / 1000;
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.ceil((performance.now() - start + 10) * bytesPerMs));
    while (sent < due) {
      const at = sent % bytes.length;
      const end = Math.min(bytes.length, at + due - sent);
      sent += end - at;
      if (!socket.write(bytes.subarray(at, end))) await new Promise((done) => socket.once('drain', done));
    }
    await new Promise((done) => setTimeout(done, 10));
  }
}

export async function linkGateway(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [format, stuck] of [
    ['packets', false],
    ['json', false],
    ['json', true],
  ] as const) {
    const { perSecond, lost, megabytesPerSecond } = await measure(format, stuck);
    const served = format === 'json' ? 'decoded to JSON' : 'as binary packets';
    rows.push({
      what: `gateway: record and serve ${served} to ${CLIENTS} clients${stuck ? ', beside one that never reads' : ''}, ${RATE * SECONDS} packets`,
      value: `${Math.round(perSecond / 1000)} k packets/s, ${megabytesPerSecond.toFixed(0)} MB/s, ${lost} lost`,
      yardstick: 'sent for ten seconds',
      yardstickValue: `${RATE / 1000} k packets/s`,
      ratio: '',
      promise: `≥ ${PROMISE / 1000} k/s, none lost`,
      // Timed until the last client had the last packet, which is a moment after the last was sent.
      kept: lost === 0 && perSecond >= PROMISE * 0.98,
    });
  }
  return rows;
}
