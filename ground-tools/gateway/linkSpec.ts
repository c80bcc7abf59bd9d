/** Where the spacecraft is: the text of `--link`, read. */
import { fail, type Result, succeed } from '../../fsw/errors';

export type LinkSpec =
  | { readonly kind: 'tcp-client'; readonly host: string; readonly port: number }
  | { readonly kind: 'tcp-server'; readonly host: string; readonly port: number }
  | { readonly kind: 'udp'; readonly host: string; readonly txPort: number; readonly rxPort: number }
  | { readonly kind: 'serial'; readonly device: string; readonly baud: number };

const PORT = '(\\d{1,5})';
const HOST = '([^:\\s]+|\\[[0-9a-fA-F:]+\\])';
const tcp = new RegExp(`^(tcp-client|tcp-server):${HOST}:${PORT}$`);
const udp = new RegExp(`^udp:${HOST}:${PORT}:${PORT}$`);
const serial = /^serial:(.+):(\d{1,8})$/;

/**
 * Reads `tcp-client:HOST:PORT`, `tcp-server:HOST:PORT`, `udp:HOST:TX:RX` (we send to TX and hear on RX) or
 * `serial:DEVICE:BAUD`. Errors: LINK_SPEC.
 */
export function parseLinkSpec(spec: string): Result<LinkSpec> {
  const wrong = fail('LINK_SPEC', { spec });
  const isPort = (port: number, least = 1) => port >= least && port <= 65_535;
  const bare = (host: string) => host.replace(/^\[|\]$/g, '');
  const stream = spec.match(tcp);
  if (stream) {
    const [, kind, host, port] = stream;
    const least = kind === 'tcp-server' ? 0 : 1;
    if (!isPort(Number(port), least)) return wrong;
    return succeed({ kind: kind as 'tcp-client' | 'tcp-server', host: bare(host), port: Number(port) });
  }
  const datagram = spec.match(udp);
  if (datagram) {
    const [, host, tx, rx] = datagram;
    if (!isPort(Number(tx)) || !isPort(Number(rx), 0)) return wrong;
    return succeed({ kind: 'udp', host: bare(host), txPort: Number(tx), rxPort: Number(rx) });
  }
  const line = spec.match(serial);
  if (line && Number(line[2]) > 0) return succeed({ kind: 'serial', device: line[1], baud: Number(line[2]) });
  return wrong;
}
