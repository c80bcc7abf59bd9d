import type { ChannelSpec, CommandSpec, EventSpec, ParamSpec, RecordSpec } from './model';

/** One entry: qualified `deployment.instance.NAME`, absolute id, and what the model says. */
export type Entry<S> = Omit<S, 'id'> & {
  readonly name: string;
  readonly id: number;
  readonly instance: string;
  readonly local: string;
};

/** A housekeeping packet: channels sent together, in this order, under one time tag. */
export interface PacketEntry {
  readonly name: string;
  readonly id: number;
  readonly channels: readonly Entry<ChannelSpec>[];
}

/**
 * All that ground and spacecraft agree on, derived from the models of one topology. Two builds fly the same
 * contract exactly when their `hash` is equal.
 */
export interface Dictionary {
  readonly deployment: string;
  /** First 16 hex digits of the SHA-256 of the JSON form without its documentation: mending a sentence changes no contract. */
  readonly hash: string;
  readonly commands: readonly Entry<CommandSpec>[];
  readonly events: readonly Entry<EventSpec>[];
  readonly channels: readonly Entry<ChannelSpec>[];
  readonly params: readonly Entry<ParamSpec>[];
  readonly records: readonly Entry<RecordSpec>[];
  readonly packets: readonly PacketEntry[];
}
