/** The byte stream to and from the spacecraft, over whatever carries it; it comes back by itself after a loss. */
import { createSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { SerialPort } from 'serialport';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { LinkSpec } from './linkSpec';

/** First wait before trying again; it doubles up to the last. */
const RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** More than this on its way up means that the spacecraft does not take it. */
const MAX_UNSENT_BYTES = 1 << 20;

export interface TransportEvents {
  /** Received bytes, in any chunking: the receiver may keep them. */
  readonly onBytes: (bytes: Uint8Array) => void;
  /** The link came up or went down, and why. */
  readonly onState: (up: boolean, why: string) => void;
}

export interface Transport {
  readonly up: boolean;
  /** The port that a server or a datagram socket listens on; 0 for others. */
  readonly port: number;
  /** Sends bytes up. Errors: LINK_DOWN. */
  send(bytes: Uint8Array): Result<void>;
  close(): Promise<void>;
}

/** Opens the link and keeps it. Errors: LINK_OPEN, when a port that we must listen on can't be had. */
export async function openTransport(spec: LinkSpec, events: TransportEvents): Promise<Result<Transport>> {
  switch (spec.kind) {
    case 'tcp-client':
      return succeed(tcpClient(spec, events));
    case 'tcp-server':
      return tcpServer(spec, events);
    case 'udp':
      return datagrams(spec, events);
    case 'serial':
      return succeed(serialLine(spec, events));
  }
}

const down = (why: string) => fail('LINK_DOWN', { why });
const full = down('bytes sent before have not left yet');

/** Calls `dial` until the link is up, again whenever it was lost, at growing intervals. */
function redial(dial: () => void) {
  let timer: NodeJS.Timeout | undefined;
  let waitMs = RETRY_MS;
  let closed = false;
  return {
    succeeded() {
      waitMs = RETRY_MS;
    },
    lost() {
      if (closed || timer) return;
      timer = setTimeout(() => {
        timer = undefined;
        dial();
      }, waitMs);
      waitMs = Math.min(2 * waitMs, MAX_RETRY_MS);
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function tcpClient({ host, port }: Extract<LinkSpec, { kind: 'tcp-client' }>, events: TransportEvents) {
  let socket: Socket | undefined;
  let up = false;
  let why = 'not connected yet';
  const dial = () => {
    const attempt = connect({ host, port, noDelay: true });
    socket = attempt;
    attempt.on('connect', () => {
      up = true;
      retry.succeeded();
      events.onState(true, `connected to ${host}:${port}`);
    });
    attempt.on('data', events.onBytes);
    attempt.on('error', (error) => {
      why = error.message;
    });
    attempt.on('close', () => {
      if (up) events.onState(false, (why = 'the connection was closed'));
      up = false;
      retry.lost();
    });
  };
  const retry = redial(dial);
  dial();
  return {
    get up() {
      return up;
    },
    port: 0,
    send(bytes: Uint8Array): Result<void> {
      if (!up || socket === undefined) return down(why);
      if (socket.writableLength > MAX_UNSENT_BYTES) return full;
      socket.write(bytes);
      return succeed(undefined);
    },
    async close() {
      retry.close();
      socket?.destroy();
    },
  };
}

/** One connection at a time: a newer one takes the place of the older. */
async function tcpServer(
  { host, port }: Extract<LinkSpec, { kind: 'tcp-server' }>,
  events: TransportEvents,
): Promise<Result<Transport>> {
  let current: Socket | undefined;
  const server = createServer({ noDelay: true }, (socket) => {
    const before = current;
    current = socket;
    before?.destroy();
    socket.on('data', events.onBytes);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (current !== socket) return;
      current = undefined;
      events.onState(false, 'the connection was closed');
    });
    events.onState(true, `connected from ${socket.remoteAddress}:${socket.remotePort}`);
  });
  const failure = await new Promise<Error | undefined>((done) => {
    server.once('error', done);
    server.listen(port, host, () => done(undefined));
  });
  if (failure) return fail('LINK_OPEN', { spec: `tcp-server:${host}:${port}`, why: failure.message });
  const address = server.address();
  return succeed({
    get up() {
      return current !== undefined;
    },
    port: typeof address === 'object' && address !== null ? address.port : port,
    send(bytes: Uint8Array): Result<void> {
      if (current === undefined) return down('no spacecraft has connected');
      if (current.writableLength > MAX_UNSENT_BYTES) return full;
      current.write(bytes);
      return succeed(undefined);
    },
    close() {
      current?.destroy();
      return new Promise<void>((done) => server.close(() => done()));
    },
  });
}

/** Datagrams have no connection: the link counts as up as long as the socket is open. */
async function datagrams(
  { host, txPort, rxPort }: Extract<LinkSpec, { kind: 'udp' }>,
  events: TransportEvents,
): Promise<Result<Transport>> {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4 << 20 });
  const failure = await new Promise<Error | undefined>((done) => {
    socket.once('error', done);
    socket.bind(rxPort, host, () => done(undefined));
  });
  if (failure) return fail('LINK_OPEN', { spec: `udp:${host}:${txPort}:${rxPort}`, why: failure.message });
  let up = true;
  socket.on('error', (error) => events.onState(true, error.message));
  socket.on('message', events.onBytes);
  events.onState(true, `hears on ${host}:${socket.address().port}`);
  return succeed({
    get up() {
      return up;
    },
    port: socket.address().port,
    send(bytes: Uint8Array): Result<void> {
      socket.send(bytes, txPort, host);
      return succeed(undefined);
    },
    close() {
      up = false;
      return new Promise<void>((done) => socket.close(() => done()));
    },
  });
}

function serialLine({ device, baud }: Extract<LinkSpec, { kind: 'serial' }>, events: TransportEvents) {
  let up = false;
  let why = 'not open yet';
  let line: SerialPort | undefined;
  const dial = () => {
    const attempt = new SerialPort({ path: device, baudRate: baud, autoOpen: false });
    line = attempt;
    attempt.on('data', events.onBytes);
    attempt.on('error', (error: Error) => {
      why = error.message;
    });
    attempt.on('close', () => {
      if (up) events.onState(false, (why = 'the line was closed'));
      up = false;
      retry.lost();
    });
    attempt.open((error) => {
      if (error) {
        why = error.message;
        retry.lost();
        return;
      }
      up = true;
      retry.succeeded();
      events.onState(true, `${device} is open at ${baud} Bd`);
    });
  };
  const retry = redial(dial);
  dial();
  return {
    get up() {
      return up;
    },
    port: 0,
    send(bytes: Uint8Array): Result<void> {
      if (!up || line === undefined) return down(why);
      if (line.writableLength > MAX_UNSENT_BYTES) return full;
      line.write(Buffer.from(bytes));
      return succeed(undefined);
    },
    async close() {
      retry.close();
      if (line?.isOpen) await new Promise<void>((done) => line?.close(() => done()));
    },
  };
}
