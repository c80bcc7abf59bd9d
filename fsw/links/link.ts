/** Byte streams between spacecraft and ground: the same transports serve a radio on board and the ground's gateway. */
import type { Result } from '../errors';
import type { Clock, Radio } from '../framework';
import type { LinkSpec } from './linkSpec';
import { serialLink } from './serialLink';
import { tcpClientLink, tcpServerLink } from './tcpLink';
import { udpLink } from './udpLink';

export interface Link extends Radio {
  /** As opened: a port that was asked for as 0 is the bound one. */
  readonly spec: LinkSpec;
  /** Since when the far end is there, in the clock's microseconds; undefined while it is not. Always there on UDP. */
  readonly connectedSinceUs: number | undefined;
  /** Why the last connection or attempt ended; undefined when none has failed. */
  readonly lastFailure: string | undefined;
  /** Sends bytes, a frame by custom. Throws when nobody is there, or when they do not keep up: the bytes are lost. */
  send(bytes: Uint8Array): void;
  onReceive(receiver: (bytes: Uint8Array) => void): void;
  /** Hears each time that the far end comes or goes. */
  onChange(listener: (connected: boolean) => void): void;
  close(): Promise<void>;
}

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
