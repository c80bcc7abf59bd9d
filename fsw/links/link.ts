/** Byte streams between spacecraft and ground: the same transports serve a radio on board and the ground's gateway. */
import type { Radio } from '../framework';
import type { LinkSpec } from './linkSpec';

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
