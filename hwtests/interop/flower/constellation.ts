/**
 * Satellites in simulated time, which passes by ten minutes with each look of the gateway at its downlink: windows, links that
 * carry so much in ten minutes, and what goes wrong on board and on the way.
 */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { idOf } from '../../../fsw/federation';
import type { SatelliteLink } from '../../../ground-tools/federation/satelliteLink';
import { readTask, type TestSatellite, updateOf } from '../../../ground-tools/federation/testSatellites';

/** Minutes of simulated time from one look to the next, and bytes that a link carries in them. */
const TICK_MIN = 10;
const BYTES_PER_TICK = 12_000;
const TRAINING_MIN = 30;

export interface Orbit {
  /** A pass of `passMin` every `periodMin`, the first at `firstMin`. */
  readonly firstMin: number;
  readonly periodMin: number;
  readonly passMin: number;
}

export interface Trouble {
  /** Minutes for which the link is cut once, in the middle of the first update. */
  readonly cutMin?: number;
  /** It is killed once, in the middle of sending the first update, and is back after so many minutes. */
  readonly downMin?: number;
  /** The round in which what it sends is poison. */
  readonly poisonRound?: number;
}

interface OnBoard {
  readonly satellite: TestSatellite;
  readonly orbit: Orbit;
  readonly trouble: Trouble;
  /** On its disk: ids of tasks that it has, and updates by id with the minute from which they are there. */
  readonly tasks: Set<string>;
  readonly updates: Map<string, { readonly bytes: Uint8Array; readonly readyMin: number }>;
  /** In its memory, or on the way: bytes that have passed. */
  readonly passed: Map<string, number>;
  deafUntilMin: number;
  isTroubled: boolean;
}

export class Constellation implements SatelliteLink {
  minutes = 0;
  /** Most minutes for which a satellite with something to do was out of view. */
  longestAbsenceMin = 0;
  /** Tasks that were trained for, `name/round`. */
  readonly trained: string[] = [];
  /** What went wrong, as it did. */
  readonly troubles: string[] = [];
  readonly #satellites: ReadonlyMap<string, OnBoard>;
  readonly #first: string;
  readonly #seenMin = new Map<string, number>();

  constructor(satellites: readonly { satellite: TestSatellite; orbit: Orbit; trouble: Trouble }[]) {
    this.#first = satellites[0].satellite.name;
    this.#satellites = new Map(
      satellites.map((each) => [
        each.satellite.name,
        {
          ...each,
          tasks: new Set(),
          updates: new Map(),
          passed: new Map(),
          deafUntilMin: 0,
          isTroubled: false,
        },
      ]),
    );
  }

  async deliver(name: string, id: string, task: Uint8Array): Promise<Result<'waiting' | 'delivered'>> {
    const board = this.#satellites.get(name);
    if (board === undefined) return fail('FED_NODE', { what: 'task', node: name, why: 'no such satellite' });
    if (board.tasks.has(id)) return succeed('delivered');
    if (!this.#isInView(board) || !this.#passes(board, id, task.length)) return succeed('waiting');
    this.#train(board, id, task);
    return succeed('delivered');
  }

  async updates(name: string): Promise<Result<readonly Uint8Array[]>> {
    if (name === this.#first) this.minutes += TICK_MIN;
    const board = this.#satellites.get(name);
    if (board === undefined || !this.#isInView(board)) return succeed([]);
    const ready = [...board.updates].filter(([, { readyMin }]) => readyMin <= this.minutes);
    const down = ready.filter(([id, { bytes }]) => this.#passes(board, id, bytes.length));
    return succeed(down.map(([, { bytes }]) => bytes));
  }

  async settle(name: string, id: string): Promise<Result<void>> {
    this.#satellites.get(name)?.updates.delete(id);
    return succeed(undefined);
  }

  /** Updates that are on board still. */
  get waiting(): number {
    return [...this.#satellites.values()].reduce((sum, { updates }) => sum + updates.size, 0);
  }

  #train(board: OnBoard, id: string, bytes: Uint8Array): void {
    const { satellite, trouble } = board;
    const { round, layout } = readTask(bytes).task;
    board.tasks.add(id);
    this.trained.push(`${satellite.name}/${round}`);
    const values = layout.reduce((sum, { dims }) => sum + dims.reduce((size, dim) => size * dim, 1), 0);
    const poison = round === trouble.poisonRound ? new Float32Array(values).fill(50) : undefined;
    const update = updateOf(satellite, bytes, Date.now(), {}, poison);
    board.updates.set(idOf(update), { bytes: update, readyMin: this.minutes + TRAINING_MIN });
  }

  #isInView({ satellite: { name }, orbit, deafUntilMin, updates }: OnBoard): boolean {
    const { firstMin, periodMin, passMin } = orbit;
    const sinceMin = this.minutes - firstMin;
    if (sinceMin < 0 || sinceMin % periodMin >= passMin || this.minutes < deafUntilMin) return false;
    const absenceMin = this.minutes - (this.#seenMin.get(name) ?? 0);
    if (updates.size > 0) this.longestAbsenceMin = Math.max(this.longestAbsenceMin, absenceMin);
    this.#seenMin.set(name, this.minutes);
    return true;
  }

  /** Ten minutes' worth of a file: whether all of it is across. What went wrong keeps what had passed, or not. */
  #passes(board: OnBoard, id: string, length: number): boolean {
    const { trouble, passed, updates, satellite } = board;
    const before = passed.get(id) ?? 0;
    const isUpdate = updates.has(id);
    const after = Math.min(length, before + BYTES_PER_TICK);
    passed.set(id, after);
    const isMiddle = isUpdate && before === 0 && after < length;
    if (isMiddle && !board.isTroubled && (trouble.cutMin ?? trouble.downMin) !== undefined) {
      board.isTroubled = true;
      board.deafUntilMin = this.minutes + (trouble.cutMin ?? trouble.downMin ?? 0) + 1;
      // Power is gone, and with it what was in memory; the files are not.
      if (trouble.downMin !== undefined) passed.clear();
      this.troubles.push(`${satellite.name} ${trouble.downMin === undefined ? 'cut' : 'killed'}`);
    }
    return after === length;
  }
}
