import type { Component } from './component';
import type { Config, Params, SettingValues } from './model';
import type { Ends, InputEnd, OutputEnd, PortType } from './ports';

/** What happens to a component that throws. `restart` gives up its state and starts afresh, three times at most. */
export type FaultPolicy = 'restart' | 'isolate' | 'fatal';

/** One end of a connection to be, as data. `type` is the port type's name. */
export interface EndRef<D extends 'in' | 'out' = 'in' | 'out', N extends string = string> {
  readonly direction: D;
  readonly instance: string;
  readonly end: string;
  readonly index: number;
  readonly type: N;
}

type RefOf<D extends 'in' | 'out', End> = End extends InputEnd<infer P, infer M> | OutputEnd<infer P, infer M>
  ? P extends PortType<infer N>
    ? M extends true
      ? readonly EndRef<D, N>[]
      : EndRef<D, N>
    : never
  : never;
type InRefs<E extends Ends> = {
  readonly [K in keyof E as E[K] extends InputEnd ? K : never]: RefOf<'in', E[K]>;
};
type OutRefs<E extends Ends> = {
  readonly [K in keyof E as E[K] extends OutputEnd ? K : never]: RefOf<'out', E[K]>;
};

/** A component at its place in a mission. */
export interface Instance<P extends Ends = Ends, G extends Config = Config> {
  readonly name: string;
  readonly component: Component<P, G>;
  readonly baseId: number;
  readonly config: Readonly<Record<string, unknown>>;
  /** The mission's own defaults of parameters. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly queueDepth: number;
  /** Active components: higher runs first. */
  readonly priority: number;
  readonly onFault: FaultPolicy;
  readonly in: InRefs<P>;
  readonly out: OutRefs<P>;
}

type OptionalKeys<G extends Config> = {
  [K in keyof G]: G[K] extends { default: unknown } ? K : never;
}[keyof G];
/** A mission gives the config entries that have no default, and any of the others. */
type GivenConfig<G extends Config> = Partial<Pick<SettingValues<G>, OptionalKeys<G>>> &
  Omit<SettingValues<G>, OptionalKeys<G>>;

type InstanceOptions<G extends Config, Q extends Params> = {
  /** Added to every local id; a multiple of 0x100. */
  readonly baseId: number;
  readonly queueDepth?: number;
  readonly priority?: number;
  readonly onFault?: FaultPolicy;
  /** Parameter defaults of this mission, where they differ from the component's. */
  readonly params?: Partial<SettingValues<Q>>;
} & (Record<never, never> extends GivenConfig<G>
  ? { readonly config?: GivenConfig<G> }
  : { readonly config: GivenConfig<G> });

export function instance<P extends Ends, G extends Config, Q extends Params>(
  name: string,
  component: Component<P, G, Q>,
  options: InstanceOptions<G, Q>,
): Instance<P, G> {
  const refs = (direction: 'in' | 'out') =>
    Object.fromEntries(
      Object.entries<InputEnd | OutputEnd>(component.model.ports)
        .filter(([, end]) => end.direction === direction)
        .map(([end, spec]) => {
          const ref = (index: number): EndRef => ({
            direction,
            instance: name,
            end,
            index,
            type: spec.port.name,
          });
          return [end, spec.many ? Array.from({ length: spec.size }, (_, i) => ref(i)) : ref(0)];
        }),
    );
  return {
    name,
    component: component as unknown as Component<P, G>,
    baseId: options.baseId,
    config: options.config ?? {},
    params: options.params ?? {},
    queueDepth: options.queueDepth ?? 32,
    priority: options.priority ?? 10,
    onFault: options.onFault ?? 'restart',
    in: refs('in') as InRefs<P>,
    out: refs('out') as OutRefs<P>,
  };
}

export interface Connection {
  readonly from: EndRef<'out'>;
  readonly to: EndRef<'in'>;
}

type Accepts<From extends string, To extends string> = [From] extends [To]
  ? unknown
  : 'Serial' extends From | To
    ? unknown
    : `${From} cannot be connected to ${To}`;

/** Connects an output to an input of the same port type; another type is a compile error that names both. */
export function connect<From extends string, To extends string>(
  from: EndRef<'out', From>,
  to: EndRef<'in', To> & Accepts<From, To>,
): Connection {
  return { from, to };
}

/** Who serves the framework's own ports; each pattern wires itself to every instance that needs it. */
export interface Patterns {
  readonly commands?: {
    readonly register: readonly EndRef<'in', 'CmdReg'>[];
    readonly send: readonly EndRef<'out', 'Cmd'>[];
    readonly respond: EndRef<'in', 'CmdResponse'>;
  };
  readonly events?: EndRef<'in', 'Log'>;
  readonly telemetry?: EndRef<'in', 'Tlm'>;
  readonly params?: { readonly get: EndRef<'in', 'PrmGet'>; readonly set: EndRef<'in', 'PrmSet'> };
  /** Pings every active component, and restarts the one that has stopped answering. */
  readonly health?: {
    readonly ping: readonly EndRef<'out', 'Ping'>[];
    readonly pong: readonly EndRef<'in', 'Ping'>[];
    readonly restart: readonly EndRef<'out', 'Restart'>[];
  };
}

/** A mission's software as data: what there is, and who is wired to whom. */
export interface Topology {
  /** The deployment's name, first part of every qualified name. */
  readonly name: string;
  readonly instances: readonly Instance[];
  readonly connections: readonly Connection[];
  readonly patterns: Patterns;
  /** Housekeeping packets; channels are named `instance.Channel`. */
  readonly packets?: readonly {
    readonly name: string;
    readonly id: number;
    readonly channels: readonly string[];
  }[];
}

/** Any instance, whatever its ports: what a topology lists. */
type AnyInstance = Omit<Instance, 'component' | 'in' | 'out'> & { readonly component: unknown };

export function defineTopology(topology: {
  name: string;
  instances: readonly AnyInstance[];
  connections: readonly Connection[];
  patterns: Patterns;
  packets?: Topology['packets'];
}): Topology {
  return topology as Topology;
}

/** `camera.frameOut` or `health.ping[3]`. */
export function showEnd(ref: EndRef, model?: { readonly ports: Ends }): string {
  const many = model ? model.ports[ref.end]?.many : ref.index > 0;
  return `${ref.instance}.${ref.end}${many ? `[${ref.index}]` : ''}`;
}
