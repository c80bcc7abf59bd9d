/** What the gateway asks of whatever reaches satellites: to be told again and again, until it is done. */
import type { Result } from '../../fsw/errors';

export interface SatelliteLink {
  /**
   * Takes a task (`id`: SHA-256 of its bytes) to a satellite. Called until it answers `delivered`: the satellite has all of it.
   * `waiting`: no pass yet, or some of it is still to go. The same task again makes no second one.
   */
  deliver(satellite: string, id: string, task: Uint8Array): Promise<Result<'waiting' | 'delivered'>>;
  /** Updates that have come down and were not acknowledged, in the order in which they came. */
  updates(satellite: string): Promise<Result<readonly Uint8Array[]>>;
  /** The gateway keeps this update (`id`: SHA-256 of its bytes): the satellite need not. Called until it succeeds. */
  acknowledge(satellite: string, id: string): Promise<Result<void>>;
}
