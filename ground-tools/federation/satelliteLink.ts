/** What the gateway asks of whatever reaches satellites: to be told again and again, until it is done. */
import type { Fault, Result } from '../../fsw/errors';

export interface SatelliteLink {
  /**
   * Takes a task (`id`: SHA-256 of its bytes) to a satellite. Called until it answers `delivered`: the satellite has all of it.
   * `waiting`: no pass yet, or some of it is still to go. The same task again makes no second one. Errors: FED_… when the
   * satellite refuses it; others when the link is in trouble.
   */
  deliver(satellite: string, id: string, task: Uint8Array): Promise<Result<'waiting' | 'delivered'>>;
  /** Updates that have come down and were not settled, oldest first. */
  updates(satellite: string): Promise<Result<readonly Uint8Array[]>>;
  /**
   * The gateway is done with an update (`id`: SHA-256 of its bytes): the satellite need not send it again. `returned`: what it
   * holds came too late, and is owed to the next one. Called until it succeeds.
   */
  settle(satellite: string, id: string, verdict: 'taken' | 'returned'): Promise<Result<void>>;
  /** Tasks that the satellite has said since the last call it will not do, each by the first digits of its id, and why. */
  givenUp?(satellite: string): readonly GivenUp[];
}

export interface GivenUp {
  readonly task: string;
  readonly fault: Fault;
}
