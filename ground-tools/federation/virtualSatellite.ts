/**
 * A satellite as Flower sees it: a SuperNode that is always there. Each message goes through the stages of `journal.ts`, one
 * note on disk after the other; a step that was cut off is done again, and comes to the same.
 */
import type { KeyObject } from 'node:crypto';
import { type Fault, type Result, succeed } from '../../fsw/errors';
import { idOf, sealTask } from '../../fsw/federation';
import type { TrustedKeys } from '../../fsw/models';
import type { Entry, Journal, Outcome } from './journal';
import { expiresAt } from './message';
import { taskOf } from './orders';
import { refusalOf } from './replies';
import type { SatelliteLink } from './satelliteLink';
import type { SuperNode } from './superNode';
import { type Judge, UpdateDesk } from './updateDesk';

export type EventName =
  | 'joined'
  | 'task'
  | 'delivered'
  | 'update'
  | 'duplicate'
  | 'stray'
  | 'damaged'
  | 'fault'
  | Outcome;

export interface GatewayEvent {
  readonly satellite: string;
  readonly what: EventName;
  /** Flower's message, where there is one. */
  readonly message?: string;
  readonly text: string;
}

export interface VirtualSatelliteOptions {
  readonly name: string;
  readonly journal: Journal;
  readonly node: SuperNode;
  readonly link: SatelliteLink;
  /** Tasks are signed with it; `taskKeys` opens them. */
  readonly taskKey: KeyObject;
  readonly taskKeys: TrustedKeys;
  readonly judge: Judge;
  readonly deskOf: (satellite: string) => UpdateDesk | undefined;
  /** Unix time, ms. */
  readonly now: () => number;
  readonly report: (event: GatewayEvent) => void;
}

const HEARTBEAT_EVERY_MS = 60_000;
/** Messages that are taken in one step. */
const MAX_PULLS = 16;

export class VirtualSatellite {
  readonly #options: VirtualSatelliteOptions;
  readonly desk: UpdateDesk;
  #joined = false;
  #beatMs = 0;
  readonly #lastFaults = new Map<string, string>();

  constructor(options: VirtualSatelliteOptions) {
    this.#options = options;
    this.desk = new UpdateDesk(options, (what, message, text) => this.#tell(what, message, text));
  }

  /** Takes what came down. Not for two satellites at once: they may bring the same update. */
  async collect(): Promise<void> {
    const { link, name } = this.#options;
    for (const { task, fault } of link.givenUp?.(name) ?? []) {
      const asked = this.#open().find(([, { taskId }]) => taskId?.startsWith(task));
      // It may say so before we have heard that it has the task.
      if (asked && waits(asked[1])) this.#refuse(asked[0], fault);
    }
    this.#tellFault('downlink', await this.desk.collect());
  }

  /** Does what can be done now, towards the satellite and towards the SuperLink. Without either, the other goes on. */
  async step(): Promise<void> {
    this.#tellFault('uplink', await this.#deliverAll());
    this.#tellFault('superlink', await this.#serveSuperLink());
    this.#expire();
  }

  async #serveSuperLink(): Promise<Result<void>> {
    const online = await this.#online();
    if (!online.ok) return online;
    const pulled = await this.#pull();
    if (!pulled.ok) return pulled;
    for (const [id, { stage }] of this.#open()) {
      const done = await this.#advance(id, stage);
      if (!done.ok) return done;
    }
    return succeed(undefined);
  }

  async #online(): Promise<Result<void>> {
    const { node, journal, now } = this.#options;
    if (this.#joined && now() - this.#beatMs < HEARTBEAT_EVERY_MS) return succeed(undefined);
    if (!this.#joined) {
      const id = await node.join();
      if (!id.ok) return id;
      journal.keepNodeId(id.value);
      this.#tell('joined', undefined, `as node ${id.value}`);
    }
    const beat = await node.heartbeat();
    this.#joined = beat.ok && beat.value;
    this.#beatMs = now();
    return beat.ok ? succeed(undefined) : beat;
  }

  async #pull(): Promise<Result<void>> {
    const { node, journal } = this.#options;
    for (let i = 0; i < MAX_PULLS; i++) {
      const pulled = await node.pull();
      if (!pulled.ok) return pulled;
      if (pulled.value === undefined) break;
      const { message_id, run_id } = pulled.value.metadata;
      journal.note(message_id, { stage: 'pulled', pulled: pulled.value, run: run_id });
      this.#tell('task', message_id, `a message of run ${run_id}`);
    }
    return succeed(undefined);
  }

  #advance(id: string, stage: Entry['stage']): Promise<Result<void>> {
    switch (stage) {
      case 'pulled':
        return this.#keep(id);
      case 'kept':
        return this.#confirm(id);
      case 'answered':
      case 'pushing':
      case 'closing':
        return this.#push(id, stage);
      default:
        return Promise.resolve(succeed(undefined));
    }
  }

  async #keep(id: string): Promise<Result<void>> {
    const { node, journal, name, taskKey } = this.#options;
    const entry = this.#entry(id);
    const message = await node.content(entry.pulled);
    if (!message.ok) {
      const { code } = message.error;
      if (code === 'FLOWER_GIVEN_UP') return this.#end(id, 'expired', message.error.text);
      if (code !== 'FLOWER_OBJECT' && code !== 'FLOWER_ARRAY') return message;
    }
    const task = message.ok ? taskOf(message.value, name) : message;
    if (!task.ok) {
      this.#refuse(id, task.error);
      return succeed(undefined);
    }
    const sealed = sealTask(task.value, taskKey);
    journal.keepTask(id, sealed);
    journal.note(id, { ...entry, stage: 'kept', taskId: idOf(sealed) });
    return this.#confirm(id);
  }

  async #confirm(id: string): Promise<Result<void>> {
    const { node, journal } = this.#options;
    const entry = this.#entry(id);
    const confirmed = await node.confirm(entry.pulled.metadata);
    if (confirmed.ok) journal.note(id, { ...entry, stage: 'confirmed' });
    else if (confirmed.error.code === 'FLOWER_GIVEN_UP')
      return this.#end(id, 'expired', confirmed.error.text);
    return confirmed;
  }

  async #deliverAll(): Promise<Result<void>> {
    const { link, journal, name } = this.#options;
    for (const [id, entry] of this.#open()) {
      if (entry.stage !== 'confirmed' || entry.taskId === undefined) continue;
      const sent = await link.deliver(name, entry.taskId, journal.task(id));
      if (!sent.ok && sent.error.code.startsWith('FED_')) this.#refuse(id, sent.error);
      if (!sent.ok) return sent;
      if (sent.value === 'waiting') continue;
      journal.note(id, { ...entry, stage: 'delivered' });
      this.#tell('delivered', id, `task ${entry.taskId.slice(0, 12)}`);
    }
    return succeed(undefined);
  }

  async #push(id: string, before: Entry['stage']): Promise<Result<void>> {
    const { node, journal } = this.#options;
    const entry = this.#entry(id);
    const reply = journal.reply(id);
    if (before === 'answered') journal.note(id, { ...entry, stage: 'pushing' });
    const pushed = await node.push(reply, () => journal.note(id, { ...entry, stage: 'closing' }));
    if (!pushed.ok)
      return pushed.error.code === 'FLOWER_GIVEN_UP' ? this.#tooLate(id, pushed.error.text) : pushed;
    // The session was over: what was there of it may be gone, and all of it goes again with the next step.
    if (pushed.value === 'cut') return succeed(undefined);
    if (pushed.value === 'pushed') return this.#end(id, entry.answer ?? 'pushed', entry.text);
    if (before !== 'closing') return this.#tooLate(id, 'the SuperLink wants no reply to it any more');
    const holds = await node.holds(reply);
    if (!holds.ok) return holds;
    if (holds.value) return this.#end(id, entry.answer ?? 'pushed', entry.text);
    return this.#end(
      id,
      'uncertain',
      'the last object went out and no answer came; Flower has it, or gave it up',
    );
  }

  /** Its update stays here, for who can use it. */
  #tooLate(id: string, why: string): Result<void> {
    const { journal } = this.#options;
    const { updateId } = this.#entry(id);
    if (updateId !== undefined) journal.keepLate(updateId, journal.update(id));
    return this.#end(
      id,
      'late',
      updateId === undefined ? why : `${why}: update ${updateId.slice(0, 12)} is kept`,
    );
  }

  /** Tasks that nobody answered in time. An update may come yet; it is kept then. */
  #expire(): void {
    const { now } = this.#options;
    for (const [id, entry] of this.#open())
      if (waits(entry) && now() / 1000 > expiresAt(entry.pulled.metadata))
        this.#end(id, 'expired', 'no update came in time');
  }

  /** Flower is told why there will be no update. */
  #refuse(id: string, fault: Fault): void {
    const { journal, now } = this.#options;
    const entry = this.#entry(id);
    journal.keepReply(id, refusalOf(entry.pulled.metadata, fault, now() / 1000));
    journal.note(id, {
      ...entry,
      stage: 'answered',
      answer: 'refused',
      text: `${fault.code}: ${fault.text}`,
    });
  }

  #end(id: string, outcome: Outcome, text = ''): Result<void> {
    const { journal } = this.#options;
    journal.note(id, { ...this.#entry(id), stage: 'done', outcome, ...(text && { text }) });
    this.#tell(outcome, id, text || 'the SuperLink has the update');
    return succeed(undefined);
  }

  #entry(id: string): Entry {
    const entry = this.#options.journal.entries.get(id);
    if (entry === undefined) throw new Error(`no message ${id}`);
    return entry;
  }

  #open(): [string, Entry][] {
    return [...this.#options.journal.entries].filter(([, { stage }]) => stage !== 'done');
  }

  /** A fault is told once, until that side goes well again or has another. */
  #tellFault(side: 'downlink' | 'uplink' | 'superlink', done: Result<void>): void {
    if (done.ok) {
      this.#lastFaults.delete(side);
      return;
    }
    const { code, text } = done.error;
    if (side === 'superlink') this.#joined = false;
    if (this.#lastFaults.get(side) !== code) this.#tell('fault', undefined, `${code}: ${text}`);
    this.#lastFaults.set(side, code);
  }

  #tell(what: EventName, message: string | undefined, text: string): void {
    const { name, report } = this.#options;
    report({ satellite: name, what, ...(message !== undefined && { message }), text });
  }
}

/** For the satellite. */
function waits({ stage }: Entry): boolean {
  return stage === 'kept' || stage === 'confirmed' || stage === 'delivered';
}
