import type { KeyObject } from 'node:crypto';
import type { Fault, Result } from '../../../fsw/errors';
import type { GossipState, Id, Task } from '../../../fsw/federation';
import type { SelfOf } from '../../../fsw/framework';
import type { Roster } from './keys';
import type { IdMemory } from './memory';
import type { federationNodeModel } from './model';
import type { Owed } from './owed';
import type { Shelf } from './shelf';

/** A task that is on the medium. */
export interface Held {
  readonly id: Id;
  readonly task: Task;
}

export interface State {
  readonly roster: Roster;
  /** Undefined when the board has none: then nothing can be signed. */
  readonly ownKey: KeyObject | undefined;
  readonly tasks: Shelf;
  /** Tasks for others. */
  readonly carried: Shelf;
  readonly updates: Shelf;
  /** Whose each of them is. */
  readonly origins: Map<string, string>;
  /** Starting parameters, by what they are. */
  readonly vectors: Shelf;
  /** Tasks answered or given up, and updates that the ground has or does not want. */
  readonly answered: IdMemory;
  readonly done: IdMemory;
  readonly held: Map<string, Held>;
  readonly others: Map<string, Held>;
  owed: Owed | undefined;
  gossip: GossipState | undefined;
  /** What was ordered and has not ended. */
  training: { readonly name: string; readonly sinceUs: number } | undefined;
  failures: number;
  /** Flight time before which nobody is asked again. */
  retryUs: number;
  /** The update that the file downlink has, and those that went down in the pass under way. */
  sending: { readonly name: string; readonly key: number } | undefined;
  readonly sentInPass: Set<string>;
  passStartUs: number;
  lastKey: number;
  /** Flight time of the last greeting, by neighbour. */
  readonly greeted: Map<string, number>;
  /** When neighbours in view see the ground, by themselves or by way of others; Unix milliseconds. */
  readonly passes: Map<string, number>;
  /** Flight time of the last offer of an exchange, by neighbour. */
  readonly offeredUs: Map<string, number>;
  tasksDone: number;
  refused: number;
  acked: number;
  taken: number;
  messagesRefused: number;
  averages: number;
}

export type FederationNode = SelfOf<typeof federationNodeModel, State>;

/** Unix time in milliseconds. */
export function nowMs({ clock }: FederationNode): number {
  return Math.floor((clock.epochUs + clock.nowUs()) / 1000);
}

/** Reports a failed write or read; whether it went well. */
export function stored({ event }: FederationNode, path: string, result: Result<unknown>): boolean {
  if (!result.ok) event.FileFault({ path, code: result.error.code, reason: result.error.text });
  return result.ok;
}

export function refuseTask(self: FederationNode, source: string, { code, text }: Fault): void {
  self.tlm.TasksRefused(++self.state.refused);
  self.event.TaskRefused({ source, code, reason: text });
}

export function refuseMessage(self: FederationNode, from: string, { code, text }: Fault): void {
  self.tlm.MessagesRefused(++self.state.messagesRefused);
  self.event.MessageRefused({ from, code, reason: text });
}

export function show({ state, tlm }: FederationNode): void {
  tlm.TasksWaiting(state.held.size);
  tlm.UpdatesWaiting(state.updates.names.size);
  tlm.Training(state.training !== undefined);
}
