import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { fail, type Result, succeed } from '../errors';
import type { Clock } from '../framework';
import type { Link } from './link';
import { type Line, LinkEnd } from './linkEnd';
import type { LinkSpec } from './linkSpec';
import { linkOf } from './tcpLink';

type Udp = Extract<LinkSpec, { kind: 'udp' }>;

/** The most bytes of one datagram over IPv4. */
const MAX_DATAGRAM = 65_507;

/**
 * One datagram for each `send`, as Yamcs wants its frames. A far end on this host is heard at its loopback
 * address only; what comes from any other host than the far end's is dropped. Error: RADIO_PORT.
 */
export async function udpLink(spec: Udp, clock: Clock): Promise<Result<Link>> {
  const failed = (error: unknown) =>
    fail('RADIO_PORT', { host: spec.host, port: spec.rxPort, why: (error as Error).message });
  const end = new LinkEnd(clock);
  try {
    const { address, family } = await lookup(spec.host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    const local = address === '::1' || address.startsWith('127.');
    await new Promise<void>((bound, refused) => {
      socket.once('error', refused);
      socket.bind(spec.rxPort, local ? address : undefined, bound);
    });
    const line: Line = {
      write(bytes) {
        if (bytes.length > MAX_DATAGRAM) throw new Error(`${bytes.length} bytes are no datagram`);
        // A refusal comes back when nobody listens: that is what UDP does not know.
        socket.send(bytes, spec.txPort, address, (error) => {
          if (error !== null) end.lastFailure = error.message;
        });
      },
      get unsentBytes() {
        return socket.getSendQueueSize();
      },
      end: () => undefined,
    };
    socket.on('error', (error) => {
      end.lastFailure = error.message;
    });
    socket.on('message', (bytes, from) => {
      if (from.address === address) end.heard(line, bytes);
    });
    end.connected(line);
    const opened: LinkSpec = { ...spec, rxPort: socket.address().port };
    return succeed(linkOf(end, opened, () => new Promise((done) => socket.close(() => done()))));
  } catch (error) {
    return failed(error);
  }
}
