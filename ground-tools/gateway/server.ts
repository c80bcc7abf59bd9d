/** The gateway's WebSocket server, on 127.0.0.1. */
import { createServer, type IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { fail, type Result, succeed } from '../../fsw/errors';
import { readU16 } from '../../fsw/protocols';
import type { Outlet } from './fanOut';
import type { Gateway } from './gateway';
import { jsonText } from './lines';
import { type ClientMessage, kinds, PROTOCOL_VERSION, type ServerMessage } from './messages';

const HOST = '127.0.0.1';
const MAX_CLIENTS = 256;
/** A request is small; a packet to be sent fits a TC frame. */
const MAX_REQUEST_BYTES = 64 << 10;
/** WebSocket close code "try again later". */
const TRY_LATER = 1013;

export interface GatewayServer {
  readonly port: number;
  readonly clients: number;
  close(): Promise<void>;
}

/** Serves a gateway. Errors: RADIO_PORT. */
export async function serveGateway(gateway: Gateway, port: number): Promise<Result<GatewayServer>> {
  const http = createServer((_, response) => {
    response.writeHead(426, { 'content-type': 'text/plain' });
    response.end('This is a Perigee gateway: it speaks WebSocket.\n');
  });
  const server = new WebSocketServer({
    server: http,
    maxPayload: MAX_REQUEST_BYTES,
    perMessageDeflate: false,
    // Any page in a browser of this machine can open a WebSocket to it; only a program sends no Origin.
    verifyClient: ({ req }: { req: IncomingMessage }) => req.headers.origin === undefined,
  });
  const failure = await new Promise<Error | undefined>((done) => {
    http.once('error', done);
    http.listen(port, HOST, () => done(undefined));
  });
  if (failure) return fail('RADIO_PORT', { host: HOST, port, why: failure.message });
  server.on('connection', (socket) => {
    // `close` follows each error.
    socket.on('error', () => undefined);
    if (server.clients.size > MAX_CLIENTS)
      socket.close(TRY_LATER, `there are ${MAX_CLIENTS} clients already`);
    else attend(gateway, socket);
  });
  gateway.onStatus((status) => {
    for (const socket of server.clients) tell(socket, { type: 'status', ...status });
  });
  const address = http.address();
  return succeed({
    port: typeof address === 'object' && address !== null ? address.port : port,
    get clients() {
      return server.clients.size;
    },
    async close() {
      for (const socket of server.clients) socket.close(1001, 'the gateway was closed');
      setTimeout(() => {
        for (const socket of server.clients) socket.terminate();
      }, 500).unref();
      await new Promise<void>((done) => server.close(() => done()));
      await new Promise<void>((done) => http.close(() => done()));
    },
  });
}

/** Unsent bytes above which a client that only asks and does not read is told nothing any more. */
const MAX_UNREAD_BYTES = 16 << 20;

function tell(socket: WebSocket, message: ServerMessage): void {
  if (socket.readyState !== socket.OPEN) return;
  if (socket.bufferedAmount > MAX_UNREAD_BYTES) outletOf(socket).drop('it asks and does not read');
  else socket.send(jsonText(message));
}

function outletOf(socket: WebSocket): Outlet {
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (data, options) => socket.send(data, options),
    drop(why) {
      socket.close(TRY_LATER, why.slice(0, 120));
      // It may never read that either.
      setTimeout(() => socket.terminate(), 1000).unref();
    },
  };
}

function attend(gateway: Gateway, socket: WebSocket): void {
  const outlet = outletOf(socket);
  let radiated = 0;
  tell(socket, { type: 'hello', protocol: PROTOCOL_VERSION, next: gateway.next, ...gateway.status });
  socket.on('close', () => gateway.fanOut.remove(outlet));
  socket.on('message', (data, isBinary) => {
    const bytes = data as Buffer;
    if (isBinary) {
      const sent = bytes.length > 2 ? gateway.sendPacket(readU16(bytes, 0), bytes.subarray(2)) : tooShort;
      if (sent.ok) tell(socket, { type: 'radiated', packets: ++radiated });
      else tell(socket, { type: 'error', ...sent.error });
      return;
    }
    const request = readRequest(bytes.toString());
    if (request.ok) void answer(gateway, socket, outlet, request.value);
    else tell(socket, { type: 'error', ...request.error });
  });
}

const tooShort = fail('GATEWAY_REQUEST', { why: 'a binary message is an APID (two bytes) and a packet' });

async function answer(gateway: Gateway, socket: WebSocket, outlet: Outlet, request: ClientMessage) {
  const { ref } = request;
  switch (request.type) {
    case 'subscribe': {
      const { format, kinds: wanted = kinds } = request;
      gateway.fanOut.subscribe(outlet, { format, kinds: wanted });
      return tell(socket, { type: 'subscribed', ref, next: gateway.next });
    }
    case 'command': {
      const { name, args, timeoutMs } = request;
      return tell(socket, { type: 'outcome', ref, ...(await gateway.command(name, args, timeoutMs)) });
    }
    case 'dictionary':
      return tell(socket, { type: 'dictionary', ref, text: gateway.dictionaryText });
    case 'values':
      return tell(socket, { type: 'values', ref, values: gateway.values });
  }
}

/** Errors: GATEWAY_REQUEST. */
function readRequest(text: string): Result<ClientMessage> {
  const wrong = (why: string) => fail('GATEWAY_REQUEST', { why });
  let request: Record<string, unknown>;
  try {
    request = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    return wrong((error as Error).message);
  }
  if (typeof request !== 'object' || request === null) return wrong('it is no object');
  if (!Number.isSafeInteger(request.ref)) return wrong('ref is no whole number');
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  switch (request.type) {
    case 'dictionary':
    case 'values':
      break;
    case 'subscribe': {
      const { format, kinds: wanted } = request;
      if (!['json', 'packets', 'bytes'].includes(format as string))
        return wrong(`there is no format ${format}`);
      const known = (kind: unknown) => kinds.some((name) => name === kind);
      if (wanted !== undefined && !(Array.isArray(wanted) && wanted.every(known)))
        return wrong(`kinds are some of ${kinds.join(', ')}`);
      break;
    }
    case 'command': {
      const { name, args, timeoutMs } = request;
      if (typeof name !== 'string') return wrong('name is no text');
      if (!isObject(args)) return wrong('args is no object');
      const isTime = typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= 86_400_000;
      if (timeoutMs !== undefined && !isTime) return wrong('timeoutMs is not a time of up to a day');
      break;
    }
    default:
      return wrong(`there is no request ${request.type}`);
  }
  return succeed(request as unknown as ClientMessage);
}
