import { connect, createServer, type Server, type Socket } from 'node:net';
import { fail, type Result, succeed } from '../errors';
import type { Clock } from '../framework';
import type { Link } from './link';
import { type Line, LinkEnd } from './linkEnd';
import type { LinkSpec } from './linkSpec';

type TcpClient = Extract<LinkSpec, { kind: 'tcp-client' }>;
type TcpServer = Extract<LinkSpec, { kind: 'tcp-server' }>;

/** Dials the far end, and again whenever it is gone. */
export async function tcpClientLink(spec: TcpClient, clock: Clock): Promise<Result<Link>> {
  const end = new LinkEnd(clock);
  let attempt: Socket | undefined;
  const dial = () => {
    if (end.closed) return;
    const socket = connect(spec.port, spec.host);
    attempt = socket;
    serve(end, socket, () => end.retry(dial));
  };
  dial();
  return succeed(
    linkOf(end, spec, async () => {
      attempt?.destroy();
    }),
  );
}

/** Listens. One far end at a time: a newer connection takes the place of the older. Error: RADIO_PORT. */
export async function tcpServerLink(spec: TcpServer, clock: Clock): Promise<Result<Link>> {
  const end = new LinkEnd(clock);
  const server = createServer((socket) => serve(end, socket));
  const port = await listen(server, spec);
  if (!port.ok) return port;
  return succeed(
    linkOf(end, { ...spec, port: port.value }, () => new Promise((done) => server.close(() => done()))),
  );
}

/** Joins a socket, open or opening, to the link's end. */
function serve(end: LinkEnd, socket: Socket, ended: () => void = () => undefined): void {
  const line: Line = {
    write: (bytes) => void socket.write(bytes),
    get unsentBytes() {
      return socket.writableLength;
    },
    end: () => void socket.destroy(),
  };
  socket.setNoDelay(true);
  if (socket.connecting) socket.once('connect', () => end.connected(line));
  else end.connected(line);
  socket.on('data', (bytes) => end.heard(line, bytes));
  socket.on('error', (error) => {
    end.lastFailure = error.message;
  });
  // `close` follows each error.
  socket.on('close', () => {
    end.disconnected(line);
    ended();
  });
}

function listen(server: Server, { host, port }: TcpServer): Promise<Result<number>> {
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(fail('RADIO_PORT', { host, port, why: error.message })));
    server.listen(port, host, () => {
      const address = server.address();
      resolve(succeed(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}

/** @internal */
export function linkOf(end: LinkEnd, spec: LinkSpec, closeHost: () => Promise<void>): Link {
  return {
    spec,
    get connectedSinceUs() {
      return end.connectedSinceUs;
    },
    get lastFailure() {
      return end.lastFailure;
    },
    send: (bytes) => end.send(bytes),
    onReceive: (receiver) => end.onReceive(receiver),
    onChange: (listener) => end.onChange(listener),
    async close() {
      end.close();
      await closeHost();
    },
  };
}
