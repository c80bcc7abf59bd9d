import type { Ends } from './ports';
import type { Fields, Type, Value } from './types';

/**
 * A component's model: the one source of its types, wire formats, commands, events, telemetry,
 * parameters and documentation. Ids are local to the component (0–0x7F) and explicit: they are a contract
 * with the ground and never shift when a line is added; an instance's base id makes them absolute.
 */
export interface Model<
  P extends Ends = Ends,
  C extends Commands = Commands,
  E extends Events = Events,
  T extends Telemetry = Telemetry,
  Q extends Params = Params,
  G extends Config = Config,
> {
  /** `active`: own queue, run by the executive. `queued`: own queue, drained by one of its own handlers. `passive`: no queue. */
  readonly kind: 'passive' | 'queued' | 'active';
  readonly doc: string;
  readonly ports: P;
  readonly commands: C;
  readonly events: E;
  readonly telemetry: T;
  readonly params: Q;
  readonly config: G;
  readonly records: Records;
}

/** Who may give a command, lowest first; a source of a level may give all commands up to it. */
export const authorities = ['operator', 'engineer', 'safety'] as const;
export type AuthorityName = (typeof authorities)[number];

export interface CommandSpec {
  readonly id: number;
  readonly args?: Fields;
  /** Is done only when the same source has armed it shortly before. */
  readonly hazardous?: boolean;
  /** The least authority of its source; `operator` unless told. */
  readonly authority?: AuthorityName;
  readonly doc: string;
}
export type Commands = Readonly<Record<string, CommandSpec>>;

export const severities = [
  'diagnostic',
  'activity-low',
  'activity-high',
  'command',
  'warning-low',
  'warning-high',
  'fatal',
] as const;
export type SeverityName = (typeof severities)[number];

export interface EventSpec {
  readonly id: number;
  readonly severity: SeverityName;
  readonly args?: Fields;
  /** Text for people, with `{argument}` or `{argument.2f}` fields. */
  readonly format: string;
  /** Sends at most this many until the throttle is cleared; the rest are not sent. */
  readonly throttle?: number;
  readonly doc: string;
}
export type Events = Readonly<Record<string, EventSpec>>;

export interface Band {
  readonly red?: number;
  readonly orange?: number;
  readonly yellow?: number;
}

export interface ChannelSpec {
  readonly id: number;
  readonly type: Type<unknown>;
  readonly update?: 'always' | 'on-change';
  /** A value below `low` or above `high` is out of limits by that colour. */
  readonly limits?: { readonly low?: Band; readonly high?: Band };
  readonly unit?: string;
  readonly doc: string;
}
export type Telemetry = Readonly<Record<string, ChannelSpec>>;

/** A setting: a parameter (set by command, saved on board) or a config entry (fixed at boot). */
export interface Setting {
  readonly type: Type<unknown>;
  /** Absent: a config entry that the mission must give. */
  readonly default?: unknown;
  readonly min?: number;
  readonly max?: number;
  readonly unit?: string;
  readonly doc: string;
}
export interface ParamSpec extends Setting {
  readonly id: number;
  /** The least authority that may set and save it; `operator` unless told. */
  readonly authority?: AuthorityName;
}
export type Params = Readonly<Record<string, ParamSpec>>;
export type Config = Readonly<Record<string, Setting>>;

export type SettingValues<S extends Readonly<Record<string, Setting>>> = {
  readonly [K in keyof S]: Value<S[K]['type']>;
};

/** What a payload product is made of: one record, packed by its type (32 bytes at most, to be worth its downlink). */
export interface RecordSpec {
  readonly id: number;
  readonly type: Type<unknown>;
  readonly doc: string;
}
export type Records = Readonly<Record<string, RecordSpec>>;

/** Completes a model. The type parameters keep the literal names and types, from which handlers are inferred. */
export function defineComponent<
  const P extends Ends = Record<never, never>,
  const C extends Commands = Record<never, never>,
  const E extends Events = Record<never, never>,
  const T extends Telemetry = Record<never, never>,
  const Q extends Params = Record<never, never>,
  const G extends Config = Record<never, never>,
>(model: {
  kind: Model['kind'];
  doc: string;
  ports?: P;
  commands?: C;
  events?: E;
  telemetry?: T;
  params?: Q;
  config?: G;
  records?: Records;
}): Model<P, C, E, T, Q, G> {
  return {
    kind: model.kind,
    doc: model.doc,
    ports: model.ports ?? ({} as P),
    commands: model.commands ?? ({} as C),
    events: model.events ?? ({} as E),
    telemetry: model.telemetry ?? ({} as T),
    params: model.params ?? ({} as Q),
    config: model.config ?? ({} as G),
    records: model.records ?? {},
  };
}
