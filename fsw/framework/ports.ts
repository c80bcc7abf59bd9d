import type { QueueFullPolicy } from './queue';
import type { Fields, Type, Values } from './types';

/** A port type: a name that is its identity, the arguments of a call, and what a synchronous call returns. */
export interface PortType<N extends string = string, A extends Fields = Fields, R = unknown> {
  readonly name: N;
  readonly args: A;
  readonly returns: Type<R> | undefined;
}

/** Defines a port type. Only synchronous ends may use one that `returns`. */
export function port<const N extends string, const A extends Fields>(name: N, args: A): PortType<N, A, void>;
export function port<const N extends string, const A extends Fields, R>(
  name: N,
  args: A,
  options: { returns: Type<R> },
): PortType<N, A, R>;
export function port<R>(
  name: string,
  args: Fields,
  options?: { returns: Type<R> },
): PortType<string, Fields, R> {
  return { name, args, returns: options?.returns };
}

/** An untyped port: it may be connected to any other and carries whatever that carries (hubs, recorders). */
export const Serial = port('Serial', {});

export type Arguments<P> = P extends PortType<string, infer A, unknown> ? Values<A> : never;
export type Return<P> = P extends PortType<string, Fields, infer R> ? R : never;

/**
 * How an input runs:
 * - `sync`: in the caller, at once;
 * - `guarded`: in the caller, but never while another guarded call of the same component is under way;
 * - `async`: later, from the component's queue.
 */
export type Dispatch = 'sync' | 'guarded' | 'async';

export interface InputEnd<P extends PortType = PortType, Many extends boolean = boolean> {
  readonly direction: 'in';
  readonly port: P;
  readonly many: Many;
  readonly size: number;
  readonly dispatch: Dispatch;
  /** Async only. Higher runs first. */
  readonly priority: number;
  /** Async only; `drop-new` unless said otherwise. Every loss is counted and reported. */
  readonly onFull: QueueFullPolicy;
}

export interface OutputEnd<P extends PortType = PortType, Many extends boolean = boolean> {
  readonly direction: 'out';
  readonly port: P;
  readonly many: Many;
  readonly size: number;
  readonly optional: boolean;
}

export type Ends = Readonly<Record<string, InputEnd | OutputEnd>>;

export interface AsyncOptions {
  /** 0 is the lowest. */
  readonly priority?: number;
  readonly onFull?: QueueFullPolicy;
}

function inputEnd(
  dispatch: Dispatch,
  type: PortType,
  size: number | undefined,
  options: AsyncOptions = {},
): InputEnd {
  const { priority = 0, onFull = 'drop-new' } = options;
  return {
    direction: 'in',
    port: type,
    many: size !== undefined,
    size: size ?? 1,
    dispatch,
    priority,
    onFull,
  };
}

interface SyncInput {
  <P extends PortType>(type: P): InputEnd<P, false>;
  /** An array of `size` ports; the handler's second argument is the index. */
  <P extends PortType>(type: P, size: number): InputEnd<P, true>;
}

interface AsyncInput {
  <P extends PortType<string, Fields, void>>(type: P, options?: AsyncOptions): InputEnd<P, false>;
  <P extends PortType<string, Fields, void>>(
    type: P,
    size: number,
    options?: AsyncOptions,
  ): InputEnd<P, true>;
}

export const input = {
  sync: ((type: PortType, size?: number) => inputEnd('sync', type, size)) as SyncInput,
  guarded: ((type: PortType, size?: number) => inputEnd('guarded', type, size)) as SyncInput,
  async: ((type: PortType, sizeOrOptions?: number | AsyncOptions, options?: AsyncOptions) =>
    typeof sizeOrOptions === 'number'
      ? inputEnd('async', type, sizeOrOptions, options)
      : inputEnd('async', type, undefined, sizeOrOptions)) as AsyncInput,
};

interface Output {
  /** One port, which must be connected unless `optional`. A call of an unconnected one does nothing. */
  <P extends PortType>(type: P, options?: { optional: boolean }): OutputEnd<P, false>;
  /** An array of `size` ports, each connected or not. */
  <P extends PortType>(type: P, size: number): OutputEnd<P, true>;
}

export const output: Output = ((type: PortType, shape?: number | { optional: boolean }): OutputEnd => {
  const many = typeof shape === 'number';
  return {
    direction: 'out',
    port: type,
    many,
    size: many ? shape : 1,
    optional: many || shape?.optional === true,
  };
}) as Output;

/** Calls through an output port. Arguments are handed over: the sender must not change them afterwards. */
export type Call<P> = (args: Arguments<P>) => Return<P>;

export type Outputs<E extends Ends> = {
  readonly [K in keyof E as E[K] extends OutputEnd ? K : never]: E[K] extends OutputEnd<infer P, infer Many>
    ? Many extends true
      ? readonly Call<P>[]
      : Call<P>
    : never;
};

/** The component's own inputs as calls, for a driver's callback or a timer that brings something in from outside. */
export type Inputs<E extends Ends> = {
  readonly [K in keyof E as E[K] extends InputEnd ? K : never]: E[K] extends InputEnd<infer P, infer Many>
    ? Many extends true
      ? readonly Call<P>[]
      : Call<P>
    : never;
};

type Handler<P, Many, D> = Many extends true
  ? (args: Arguments<P>, index: number) => HandlerReturn<P, D>
  : (args: Arguments<P>) => HandlerReturn<P, D>;
type HandlerReturn<P, D> = D extends 'async' ? void | Promise<void> : Return<P>;

/** One handler for each input end; a missing one is a compile error that names it. */
export type PortHandlers<E extends Ends> = {
  [K in keyof E as E[K] extends InputEnd ? K : never]: E[K] extends InputEnd<infer P, infer Many>
    ? Handler<P, Many, void extends Return<P> ? 'async' : 'sync'>
    : never;
};
