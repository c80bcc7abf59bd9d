import { type Fault, fail } from '../errors';
import type { Board } from './board';
import { checkTopology, takesCommands } from './checks';
import { type Dictionary, dictionaryOf } from './dictionary';
import { directCall } from './directCall';
import { Executive } from './executive';
import type { Services } from './services';
import { completeConfig, nearest } from './settings';
import type { EndRef, Patterns, Topology } from './topology';
import { type Target, Unit } from './unit';

/** Hears every call on one connection, before the receiver does; for referees, recorders and tests. */
export interface Tap {
  readonly instance: string;
  readonly end: string;
  hear(args: never, index: number): void;
}

/** Config entries that override the topology's, by instance. */
export type ConfigOverrides = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface DeployOptions {
  readonly config?: ConfigOverrides;
  readonly taps?: readonly Tap[];
}

/** A topology, wired and ready to fly. */
export interface Deployment {
  readonly topology: Topology;
  readonly dictionary: Dictionary;
  readonly executive: Executive;
  readonly units: ReadonlyMap<string, Unit>;
  /** Makes every component's state and handlers; then registers commands, loads parameters and starts them in order. */
  start(): void;
  /** Stops every component, last first. */
  stop(): Promise<void>;
}

export type Deployed =
  | { readonly ok: true; readonly value: Deployment }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Checks a topology and its config, and wires it onto a board. All that is wrong is returned at once. */
export function deploy(topology: Topology, board: Board, options: DeployOptions = {}): Deployed {
  const faults = [...checkTopology(topology), ...checkOverrides(topology, options.config ?? {})];
  const executive = new Executive();
  const dictionary = dictionaryOf(topology);
  const units = new Map<string, Unit>();
  for (const instance of topology.instances) {
    const given = { ...instance.config, ...options.config?.[instance.name] };
    const config = completeConfig(instance.name, instance.component.model.config, given, faults);
    units.set(instance.name, new Unit(instance, config, { board, executive, dictionary }));
  }
  if (faults.length > 0) return { ok: false, faults };

  for (const unit of units.values()) makeTargets(unit);
  for (const { from, to } of topology.connections) joinEnds(units, from, to, options.taps ?? []);
  joinPatterns(topology.patterns, units);
  executive.adopt([...units.values()]);
  const deployment: Deployment = {
    topology,
    dictionary,
    executive,
    units,
    start() {
      for (const unit of units.values()) unit.boot();
      for (const unit of units.values()) unit.start();
    },
    async stop() {
      for (const unit of [...units.values()].reverse()) await unit.stop();
    },
  };
  return { ok: true, value: deployment };
}

function checkOverrides(topology: Topology, overrides: ConfigOverrides): Fault[] {
  const known = topology.instances.map(({ name }) => name);
  return Object.keys(overrides)
    .filter((name) => !known.includes(name))
    .map((name) => fail('CONFIG_UNKNOWN_INSTANCE', { instance: name, nearest: nearest(name, known) }).error);
}

const unconnected: Target = () => undefined;

/** Whether an output (of an array, or optional) leads anywhere. */
export function isConnected(output: unknown): boolean {
  return output !== unconnected;
}

function makeTargets(unit: Unit): void {
  for (const [end, spec] of Object.entries(unit.instance.component.model.ports))
    if (spec.direction === 'out')
      unit.targets[end] = spec.many ? new Array<Target>(spec.size).fill(unconnected) : unconnected;
}

function joinEnds(units: ReadonlyMap<string, Unit>, from: EndRef, to: EndRef, taps: readonly Tap[]): void {
  const sender = unitAt(units, from);
  const receiver = unitAt(units, to);
  const inlet = receiver.inlets.own[to.end][to.index];
  const spec = receiver.instance.component.model.ports[to.end];
  const sync = spec.direction === 'in' && spec.dispatch === 'sync';
  let target: Target = sync ? directCall(inlet, to.index) : (args) => inlet.accept(args, sender);
  for (const tap of taps) {
    if (tap.instance !== from.instance || tap.end !== from.end) continue;
    const next = target;
    target = (args) => {
      tap.hear(args as never, from.index);
      return next(args);
    };
  }
  setTarget(sender, from, target);
}

function setTarget(unit: Unit, from: EndRef, target: Target): void {
  const targets = unit.targets[from.end];
  if (Array.isArray(targets)) targets[from.index] = target;
  else unit.targets[from.end] = target;
}

function unitAt(units: ReadonlyMap<string, Unit>, ref: EndRef): Unit {
  const unit = units.get(ref.instance);
  if (unit === undefined) throw new Error(`${ref.instance} passed the topology check but has no unit`);
  return unit;
}

/** Wires the framework's own ports of every instance to whoever serves them. */
function joinPatterns(patterns: Patterns, units: ReadonlyMap<string, Unit>): void {
  const inletOf = (ref: EndRef) => unitAt(units, ref).inlets.own[ref.end][ref.index];
  const all = [...units.values()];
  const commanded = all.filter(({ instance }) => takesCommands(instance));
  const pinged = all.filter(({ inlets }) => inlets.ping !== undefined);
  for (const unit of all) {
    const { services } = unit;
    const serve = <K extends keyof Services>(service: K, ref: EndRef | undefined) => {
      if (ref === undefined) return;
      const inlet = inletOf(ref);
      services[service] = ((args: unknown) => inlet.accept(args, unit)) as Services[K];
    };
    serve('log', patterns.events);
    serve('tlm', patterns.telemetry);
    serve('prmGet', patterns.params?.get);
    serve('prmSet', patterns.params?.set);
    serve('respond', patterns.commands?.respond);
    serve('register', patterns.commands?.register[commanded.indexOf(unit)]);
    serve('pong', patterns.health?.pong[pinged.indexOf(unit)]);
  }
  commanded.forEach((unit, i) => {
    const ref = patterns.commands?.send[i];
    if (ref) setTarget(unitAt(units, ref), ref, (args) => unit.inlets.command.accept(args, undefined));
  });
  pinged.forEach((unit, i) => {
    const { ping, restart } = patterns.health ?? {};
    if (ping?.[i])
      setTarget(unitAt(units, ping[i]), ping[i], (args) => unit.inlets.ping?.accept(args, undefined));
    if (restart?.[i])
      setTarget(unitAt(units, restart[i]), restart[i], (args) =>
        unit.restart((args as { reason: string }).reason),
      );
  });
}
