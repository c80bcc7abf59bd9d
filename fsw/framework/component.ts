import type { Board } from './board';
import type { Clock } from './clock';
import type { Dictionary } from './entries';
import type { Commands, Config, Events, Model, Params, SettingValues, Telemetry } from './model';
import type { Ends, Inputs, Outputs, PortHandlers } from './ports';
import type { Random } from './random';
import type { CommandReply } from './standardPorts';
import type { Fields, Value, Values } from './types';

type ArgsOf<S> = S extends { readonly args: infer A extends Fields } ? Values<A> : Record<never, never>;
/** An event or command without arguments is called without any. */
type ArgsParameter<S> = S extends { readonly args: Fields } ? [args: ArgsOf<S>] : [];

export type Emitters<E extends Events> = { readonly [K in keyof E]: (...args: ArgsParameter<E[K]>) => void };
export type Channels<T extends Telemetry> = { readonly [K in keyof T]: (value: Value<T[K]['type']>) => void };

/** What a component's handlers work with. */
export interface Self<
  P extends Ends = Ends,
  E extends Events = Events,
  T extends Telemetry = Telemetry,
  Q extends Params = Params,
  G extends Config = Config,
  S = unknown,
> {
  readonly name: string;
  readonly state: S;
  readonly out: Outputs<P>;
  /** This component's own inputs, for callbacks of drivers and timers. */
  readonly in: Inputs<P>;
  readonly event: Emitters<E>;
  readonly tlm: Channels<T>;
  /** Current parameter values. */
  readonly param: SettingValues<Q>;
  /** Fixed at boot. */
  readonly config: SettingValues<G>;
  readonly clock: Clock;
  /** Seeded by the mission's seed and this instance's name. */
  readonly random: Random;
  readonly board: Board;
  /** The whole deployment's dictionary. */
  readonly dictionary: Dictionary;
  /** Queued components: runs everything that waits in the queue. */
  drain(): void;
  /** Lets events that were throttled through again. */
  clearThrottle(event: keyof E): void;
}

/** The `Self` of a model's code, for functions that its handlers share. */
export type SelfOf<M, S = undefined> =
  M extends Model<infer P, Commands, infer E, infer T, infer Q, infer G> ? Self<P, E, T, Q, G, S> : never;

export interface CommandMeta {
  /** Carried from the uplink to the response, so that a response is known by its command. */
  readonly cmdSeq: number;
}

export type CommandHandlers<C extends Commands> = {
  [K in keyof C]: (args: ArgsOf<C[K]>, meta: CommandMeta) => CommandReply | Promise<CommandReply>;
};

type HasInput<P extends Ends> = keyof Inputs<P> extends never ? false : true;

/** A component's code. `ports` and `commands` are required as soon as the model has any. */
export type Code<
  P extends Ends,
  C extends Commands,
  E extends Events,
  T extends Telemetry,
  Q extends Params,
  G extends Config,
  S,
> = {
  /** A fresh state; made again when the component restarts after a fault. */
  state?: (boot: { config: SettingValues<G>; board: Board; random: Random }) => S;
  /** Called when the whole topology is wired, in order of instances, and again after a restart. */
  start?: (self: Self<P, E, T, Q, G, S>) => void;
  /** Called after a parameter changed by command. */
  paramChanged?: (self: Self<P, E, T, Q, G, S>, name: keyof Q) => void;
  /** Called at the end, and before a restart with the state that is given up: releases what the component holds. Its timers are cancelled for it. */
  stop?: (self: Self<P, E, T, Q, G, S>) => void | Promise<void>;
} & (HasInput<P> extends true
  ? { ports: (self: Self<P, E, T, Q, G, S>) => PortHandlers<P> }
  : { ports?: undefined }) &
  (keyof C extends never
    ? { commands?: undefined }
    : { commands: (self: Self<P, E, T, Q, G, S>) => CommandHandlers<C> });

/** A model with its code, ready to be made instances of. The code is erased to what the runtime calls. */
export interface Component<P extends Ends = Ends, G extends Config = Config, Q extends Params = Params> {
  readonly model: Model<P, Commands, Events, Telemetry, Q, G>;
  readonly code: ErasedCode;
}

export interface ErasedCode {
  state?(boot: { config: unknown; board: Board; random: Random }): unknown;
  start?(self: Self): void;
  paramChanged?(self: Self, name: string): void;
  stop?(self: Self): void | Promise<void>;
  ports?(self: Self): Record<string, (args: unknown, index: number) => unknown>;
  commands?(
    self: Self,
  ): Record<string, (args: unknown, meta: CommandMeta) => CommandReply | Promise<CommandReply>>;
}

/** Joins a model and its code. Every handler's arguments are inferred from the model. */
export function component<
  P extends Ends,
  C extends Commands,
  E extends Events,
  T extends Telemetry,
  Q extends Params,
  G extends Config,
  S = undefined,
>(model: Model<P, C, E, T, Q, G>, code: Code<P, C, E, T, Q, G, S>): Component<P, G, Q> {
  return { model, code: code as unknown as ErasedCode };
}
