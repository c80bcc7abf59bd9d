import type { Result } from '../errors';
import type { Clock } from '../framework';
import type { Link } from './link';
import type { LinkSpec } from './linkSpec';
import { serialLink } from './serialLink';
import { tcpClientLink, tcpServerLink } from './tcpLink';
import { udpLink } from './udpLink';

/**
 * Opens a link. One whose far end is away is no error: it tries again by itself, first after a second, then
 * ever more slowly up to eight seconds. Errors: RADIO_PORT, when a port of ours can't be had.
 */
export function openLink(spec: LinkSpec, clock: Clock): Promise<Result<Link>> {
  switch (spec.kind) {
    case 'tcp-client':
      return tcpClientLink(spec, clock);
    case 'tcp-server':
      return tcpServerLink(spec, clock);
    case 'udp':
      return udpLink(spec, clock);
    case 'serial':
      return serialLink(spec, clock);
  }
}
