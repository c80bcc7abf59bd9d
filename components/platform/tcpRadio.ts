/** A radio over one TCP connection: a ground system on the bench in place of an antenna. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Clock, Radio } from '../../fsw/framework';

const HOST = '127.0.0.1';
const RETRY_US = 1e6;
/** More than this on its way means that the ground does not keep up. */
const MAX_UNSENT_BYTES = 4 << 20;

export interface TcpRadioOptions {
  /** `server`: the ground connects to us, as F´ GDS does with `--ip-client`. `client`: we connect to it, and try again each second. */
  readonly role: 'server' | 'client';
  /** On 127.0.0.1; a server may ask for any free one with 0. */
  readonly port: number;
  readonly clock: Clock;
}

export interface TcpRadio extends Radio {
  readonly port: number;
  /** Flight time since when a ground is connected, microseconds; undefined while none is. */
  readonly connectedSinceUs: number | undefined;
  close(): Promise<void>;
}

/**
 * One connection at a time: a newer one takes the place of the older. `send` throws when no ground is
 * connected or when it does not keep up, and the frame is lost. Errors: RADIO_PORT, when the server's port
 * can't be had.
 */
export async function tcpRadio({ role, port, clock }: TcpRadioOptions): Promise<Result<TcpRadio>> {
  let receiver: (bytes: Uint8Array) => void = () => undefined;
  let current: Socket | undefined;
  let connectedSinceUs: number | undefined;
  let closed = false;

  const adopt = (socket: Socket) => {
    current?.destroy();
    current = socket;
    connectedSinceUs = clock.nowUs();
    socket.on('data', (bytes) => receiver(bytes));
    socket.on('close', () => {
      if (current !== socket) return;
      current = undefined;
      connectedSinceUs = undefined;
    });
  };

  const dial = () => {
    if (closed) return;
    const socket = connect(port, HOST, () => adopt(socket));
    // `close` follows each error.
    socket.on('error', () => undefined);
    socket.on('close', () => clock.after(RETRY_US, dial));
    attempt = socket;
  };

  let attempt: Socket | undefined;
  let server: Server | undefined;
  if (role === 'server') {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      adopt(socket);
    });
    const bound = await listen(server, port);
    if (!bound.ok) return bound;
    port = bound.value;
  } else dial();

  return succeed({
    port,
    get connectedSinceUs() {
      return connectedSinceUs;
    },
    onReceive(next) {
      receiver = next;
    },
    send(frame) {
      if (current === undefined) throw new Error('no ground is connected');
      if (current.writableLength > MAX_UNSENT_BYTES) throw new Error('the ground does not keep up');
      // The frame is the sender's again when this returns, and the socket may write later.
      current.write(frame.slice());
    },
    async close() {
      closed = true;
      attempt?.destroy();
      current?.destroy();
      await new Promise<void>((done) => (server ? server.close(() => done()) : done()));
    },
  });
}

function listen(server: Server, port: number): Promise<Result<number>> {
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(fail('RADIO_PORT', { host: HOST, port, why: error.message })));
    server.listen(port, HOST, () => {
      const address = server.address();
      resolve(succeed(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}
