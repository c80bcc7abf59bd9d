/** Where updates of one satellite come in: each is judged, kept, and only then settled. */
import { type Fault, type Result, succeed } from '../../fsw/errors';
import {
  type Accepted,
  checkNorms,
  checkUpdate,
  type Id,
  idOf,
  type Limits,
  openTask,
  openUpdate,
  type Task,
} from '../../fsw/federation';
import type { TrustedKeys } from '../../fsw/models';
import type { Entry, Journal } from './journal';
import { refusalOf, replyOf } from './replies';
import type { SatelliteLink } from './satelliteLink';

/** By what an update counts. */
export interface Judge {
  /** Public keys of the satellites, and the id of each one's key by its name. */
  readonly keys: TrustedKeys;
  readonly nodes: ReadonlyMap<string, Id>;
  readonly limits: Limits;
  /** Norms of the updates that counted so far in a run, of all satellites. */
  readonly norms: (run: string) => readonly number[];
  /** Tries the parameters with the update on a reference set, where there is one. Errors: FED_CANARY. */
  readonly canary?: (task: Task, update: Accepted) => Promise<Result<void>>;
}

interface DeskOptions {
  readonly name: string;
  readonly journal: Journal;
  readonly link: SatelliteLink;
  readonly taskKeys: TrustedKeys;
  readonly judge: Judge;
  readonly now: () => number;
  /** The desk of a satellite, by its name: satellites bring each other's updates. */
  readonly deskOf: (satellite: string) => UpdateDesk | undefined;
}

type Tell = (
  what: 'update' | 'duplicate' | 'stray' | 'damaged' | 'late',
  message: string | undefined,
  text: string,
) => void;

/** So many updates that cannot be read, and its oldest task is answered with the error: waiting on helps nobody. */
const MAX_DAMAGED = 3;

export class UpdateDesk {
  readonly #options: DeskOptions;
  readonly #tell: Tell;
  #damaged = 0;

  constructor(options: DeskOptions, tell: Tell) {
    this.#options = options;
    this.#tell = tell;
  }

  /** Takes what has come down, also what this satellite brought for another. Errors: those of the link. */
  async collect(): Promise<Result<void>> {
    const { link, name, judge } = this.#options;
    const came = await link.updates(name);
    if (!came.ok) return came;
    for (const bytes of came.value) {
      const id = idOf(bytes);
      const opened = openUpdate(bytes, judge.keys);
      if (!opened.ok) this.#unreadable(opened.error);
      const { node = name, task = '' } = opened.ok ? opened.value.content : {};
      const desk = this.#options.deskOf(node);
      const verdict =
        opened.ok && desk ? await desk.#take(bytes, id, task) : this.#stray(bytes, id, opened.ok);
      const told = await link.settle(node, id, verdict);
      if (!told.ok) return told;
      if (node !== name) await link.settle(name, id, 'taken');
    }
    return succeed(undefined);
  }

  /** What came too late goes back: the satellite owes it to its next update. */
  async #take(bytes: Uint8Array, id: Id, task: Id): Promise<'taken' | 'returned'> {
    const { journal } = this.#options;
    this.#damaged = 0;
    const [messageId, entry] = this.#asked(task);
    if (messageId === undefined || entry === undefined) return this.#stray(bytes, id, true);
    if (entry.updateId !== undefined) {
      this.#tell('duplicate', messageId, `update ${id.slice(0, 12)}: task ${task.slice(0, 12)} is answered`);
      return entry.outcome === 'late' ? 'returned' : 'taken';
    }
    if (entry.stage !== 'done') {
      await this.#judge(messageId, entry, bytes);
      return 'taken';
    }
    journal.keepLate(id, bytes);
    const text = `update ${id.slice(0, 12)} came after Flower gave the message up; it is kept, and owed on board`;
    journal.note(messageId, { ...entry, outcome: 'late', updateId: id, text });
    this.#tell('late', messageId, text);
    return 'returned';
  }

  #stray(bytes: Uint8Array, id: Id, isSigned: boolean): 'taken' {
    if (!isSigned) return 'taken';
    this.#options.journal.keepLate(id, bytes);
    this.#tell('stray', undefined, `update ${id.slice(0, 12)}: nobody here asked for it; it is kept`);
    return 'taken';
  }

  async #judge(messageId: string, entry: Entry, bytes: Uint8Array): Promise<void> {
    const { journal, now, taskKeys } = this.#options;
    const { metadata } = entry.pulled;
    const createdAt = now() / 1000;
    const updateId = idOf(bytes);
    const task = openTask(journal.task(messageId), taskKeys);
    const accepted = task.ok ? await this.#accept(entry, task.value.content, bytes) : task;
    const reply =
      task.ok && accepted.ok ? replyOf(metadata, task.value.content, accepted.value, createdAt) : accepted;
    journal.keepUpdate(messageId, bytes);
    if (reply.ok && accepted.ok && 'tree' in reply.value) {
      journal.keepReply(messageId, reply.value);
      const { norm } = accepted.value;
      journal.note(messageId, { ...entry, stage: 'answered', updateId, norm, answer: 'pushed' });
      return this.#tell('update', messageId, `update ${updateId.slice(0, 12)}, norm ${norm.toPrecision(3)}`);
    }
    if (!reply.ok) this.#refuse(messageId, entry, reply.error, updateId);
  }

  async #accept(entry: Entry, task: Task, bytes: Uint8Array): Promise<Result<Accepted>> {
    const { judge, now } = this.#options;
    const { keys, nodes, limits, norms, canary } = judge;
    const accepted = checkUpdate(bytes, {
      tasks: new Map([[entry.taskId ?? '', task]]),
      keys,
      nodes,
      // Whose task is answered never comes this far.
      taken: new Set(),
      round: task.round,
      nowMs: now(),
      limits,
    });
    if (!accepted.ok) return accepted;
    const [beside] = checkNorms([accepted.value], limits, norms(entry.run)).refused;
    if (beside) return { ok: false, error: beside.error };
    const tried = canary ? await canary(task, accepted.value) : succeed(undefined);
    return tried.ok ? accepted : tried;
  }

  #unreadable(error: Fault): void {
    this.#damaged++;
    this.#tell('damaged', undefined, `${error.code}: ${error.text}`);
    const waiting = [...this.#options.journal.entries].find(([, { stage }]) => stage === 'delivered');
    if (this.#damaged < MAX_DAMAGED || waiting === undefined) return;
    this.#damaged = 0;
    this.#refuse(...waiting, error);
  }

  /** Flower is told that there will be no update, and why. */
  #refuse(messageId: string, entry: Entry, error: Fault, updateId?: Id): void {
    const { journal, now } = this.#options;
    journal.keepReply(messageId, refusalOf(entry.pulled.metadata, error, now() / 1000));
    const text = `${error.code}: ${error.text}`;
    journal.note(messageId, {
      ...entry,
      stage: 'answered',
      answer: 'refused',
      text,
      ...(updateId && { updateId }),
    });
  }

  /** The message whose task this is. */
  #asked(taskId: Id): [string, Entry] | [undefined, undefined] {
    const found = [...this.#options.journal.entries].find(([, entry]) => entry.taskId === taskId);
    return found ?? [undefined, undefined];
  }
}
