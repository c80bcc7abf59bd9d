import { fail, type Result, succeed } from '../errors';

/** Which way the bytes go between spacecraft and ground, as `--link` names it. */
export type LinkSpec =
  | { readonly kind: 'tcp-client'; readonly host: string; readonly port: number }
  /** Port 0 asks for any free one. */
  | { readonly kind: 'tcp-server'; readonly host: string; readonly port: number }
  | { readonly kind: 'udp'; readonly host: string; readonly txPort: number; readonly rxPort: number }
  | { readonly kind: 'serial'; readonly device: string; readonly baud: number };

export const linkForms =
  'tcp-client:HOST:PORT, tcp-server:HOST:PORT, udp:HOST:TX:RX or serial:DEV:BAUD' as const;

/**
 * Reads `tcp-client:HOST:PORT`, `tcp-server:HOST:PORT`, `udp:HOST:TX:RX` (ports that we send to and receive
 * at) or `serial:DEV:BAUD`. An IPv6 host stands in brackets. Error: LINK_FORM, which says what is wrong.
 */
export function parseLink(text: string): Result<LinkSpec> {
  const wrong = (why: string) => fail('LINK_FORM', { text, why });
  const [, kind, rest] = /^([^:]*):?(.*)$/s.exec(text) ?? [];
  switch (kind) {
    case 'tcp-client':
    case 'tcp-server': {
      const parts = endsWith(rest, 1);
      if (parts === undefined) return wrong(`${kind} needs HOST:PORT`);
      const [host, port] = parts;
      const least = kind === 'tcp-server' ? 0 : 1;
      if (!isPort(port, least)) return wrong(`port ${port} is not a whole number, ${least} to 65535`);
      return succeed({ kind, host, port: Number(port) });
    }
    case 'udp': {
      const parts = endsWith(rest, 2);
      if (parts === undefined) return wrong('udp needs HOST:TX:RX');
      const [host, tx, rx] = parts;
      if (!isPort(tx, 1)) return wrong(`port ${tx} to send to is not a whole number, 1 to 65535`);
      if (!isPort(rx, 0)) return wrong(`port ${rx} to receive at is not a whole number, 0 to 65535`);
      return succeed({ kind, host, txPort: Number(tx), rxPort: Number(rx) });
    }
    case 'serial': {
      const [, device, baud] = /^(.+):([^:]*)$/s.exec(rest) ?? [];
      if (device === undefined) return wrong('serial needs DEV:BAUD');
      if (!/^\d+$/.test(baud) || Number(baud) < 50 || Number(baud) > 20_000_000)
        return wrong(`${baud} is not a rate of 50 to 20000000 baud`);
      return succeed({ kind, device, baud: Number(baud) });
    }
    default:
      return wrong(`there is no link kind ${kind}; a link is ${linkForms}`);
  }
}

/** The string that `parseLink` reads back. */
export function linkText(spec: LinkSpec): string {
  if (spec.kind === 'serial') return `serial:${spec.device}:${spec.baud}`;
  const host = spec.host.includes(':') ? `[${spec.host}]` : spec.host;
  return spec.kind === 'udp'
    ? `udp:${host}:${spec.txPort}:${spec.rxPort}`
    : `${spec.kind}:${host}:${spec.port}`;
}

/** Splits `HOST:A` or `HOST:A:B`; undefined when it has another shape. */
function endsWith(text: string, ports: 1 | 2): string[] | undefined {
  const found = new RegExp(`^(?:\\[([0-9a-fA-F:.]+)\\]|([^:\\s]+))${':([^:]*)'.repeat(ports)}$`).exec(text);
  return found === null ? undefined : [found[1] ?? found[2], ...found.slice(3)];
}

function isPort(text: string, least: number): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= least && Number(text) <= 65_535;
}
