/** A TCP proxy that stands for the radio: it loses whole TC frames on the way up and whole TM frames on the way down. */
import { connect, createServer, type Socket } from 'node:net';
import { seededRandom } from '../../fsw/framework/random';

const TM_FRAME_LENGTH = 1024;
const TC_HEADER_LENGTH = 5;

export interface LossyProxyOptions {
  /** Where the spacecraft listens. */
  readonly port: number;
  /** Part of the frames that is lost, each way. */
  readonly loss: number;
  readonly seed: number;
}

export interface FrameCount {
  passed: number;
  lost: number;
}

export interface LossyProxy {
  readonly port: number;
  readonly up: FrameCount;
  readonly down: FrameCount;
  close(): Promise<void>;
}

export async function lossyProxy({ port, loss, seed }: LossyProxyOptions): Promise<LossyProxy> {
  const random = seededRandom(seed, 'lossyProxy');
  const up = { passed: 0, lost: 0 };
  const down = { passed: 0, lost: 0 };
  const sockets = new Set<Socket>();

  /** Hands on what comes, frame by frame. */
  const carry = (from: Socket, to: Socket, count: FrameCount, lengthOf: (bytes: Buffer) => number) => {
    let rest = Buffer.alloc(0);
    from.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      for (let length = lengthOf(rest); length > 0 && rest.length >= length; length = lengthOf(rest)) {
        if (random.next() < loss) count.lost++;
        else {
          count.passed++;
          to.write(rest.subarray(0, length));
        }
        rest = rest.subarray(length);
      }
    });
  };
  const server = createServer((ground) => {
    const craft = connect(port, '127.0.0.1');
    carry(ground, craft, up, (bytes) =>
      bytes.length < TC_HEADER_LENGTH ? 0 : (bytes.readUInt16BE(2) & 0x3ff) + 1,
    );
    carry(craft, ground, down, () => TM_FRAME_LENGTH);
    for (const [one, other] of [
      [ground, craft],
      [craft, ground],
    ]) {
      sockets.add(one);
      one.setNoDelay(true);
      // `close` follows.
      one.on('error', () => undefined);
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    up,
    down,
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => done());
      }),
  };
}
