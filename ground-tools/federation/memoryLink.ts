/** Satellites behind windows that are opened by hand or by a clock: for tests and campaigns. */
import { type Result, succeed } from '../../fsw/errors';
import { idOf } from '../../fsw/federation';
import type { SatelliteLink } from './satelliteLink';

export interface MemorySatellite {
  /** Whether a pass is on. */
  readonly inView: () => boolean;
  /** Takes a task, once, and gives the update; later, by `finish`, or at once. */
  readonly train: (task: Uint8Array, id: string) => void;
}

export class MemoryLink implements SatelliteLink {
  readonly #satellites: ReadonlyMap<string, MemorySatellite>;
  readonly #given = new Set<string>();
  readonly #down = new Map<string, Map<string, Uint8Array>>();
  /** Updates that came too late, by id. */
  readonly returned: string[] = [];
  /** Bytes that went up and came down, by satellite. */
  readonly bytes = new Map<string, { up: number; down: number }>();

  constructor(satellites: ReadonlyMap<string, MemorySatellite>) {
    this.#satellites = satellites;
  }

  /** The satellite has an update to send: it is kept on board until it is settled. */
  finish(satellite: string, update: Uint8Array): void {
    const waiting = this.#down.get(satellite) ?? new Map<string, Uint8Array>();
    waiting.set(idOf(update), update);
    this.#down.set(satellite, waiting);
  }

  /** Updates that no gateway has settled. */
  waiting(satellite: string): number {
    return this.#down.get(satellite)?.size ?? 0;
  }

  async deliver(satellite: string, id: string, task: Uint8Array): Promise<Result<'waiting' | 'delivered'>> {
    const known = this.#satellites.get(satellite);
    if (!known?.inView()) return succeed('waiting');
    if (!this.#given.has(id)) {
      this.#given.add(id);
      this.#count(satellite).up += task.length;
      known.train(task, id);
    }
    return succeed('delivered');
  }

  async updates(satellite: string): Promise<Result<readonly Uint8Array[]>> {
    if (!this.#satellites.get(satellite)?.inView()) return succeed([]);
    const updates = [...(this.#down.get(satellite)?.values() ?? [])];
    for (const update of updates) this.#count(satellite).down += update.length;
    return succeed(updates);
  }

  async settle(satellite: string, id: string, verdict: 'taken' | 'returned'): Promise<Result<void>> {
    const waiting = this.#down.get(satellite)?.delete(id);
    if (waiting && verdict === 'returned') this.returned.push(id);
    return succeed(undefined);
  }

  #count(satellite: string): { up: number; down: number } {
    const count = this.bytes.get(satellite) ?? { up: 0, down: 0 };
    this.bytes.set(satellite, count);
    return count;
  }
}
