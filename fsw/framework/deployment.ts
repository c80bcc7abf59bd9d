import { type Fault, fail } from '../errors';
import type { Board } from './board';
import { checkTopology, takesCommands } from './checks';
import { type Dictionary, dictionaryOf } from './dictionary';
import { directCall } from './directCall';
import { Executive } from './executive';
import type { Params } from './model';
import type { Services } from './services';
import { completeSettings, nearest } from './settings';
import type { EndRef, Instance, Patterns, Topology } from './topology';
import { type Settings, type Target, Unit } from './unit';

/** Hears every call of one output, before the receiver does (if there is one); for referees, recorders and tests. */
export interface Tap {
  readonly instance: string;
  readonly end: string;
  hear(args: never, index: number): void;
}

/** Config entries and parameter defaults that override the topology's, by instance. */
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
  const { config = {}, taps = [] } = options;
  const faults = [
    ...checkTopology(topology),
    ...checkOverrides(topology, config),
    ...checkTaps(topology, taps),
  ];
  const executive = new Executive();
  const dictionary = dictionaryOf(topology);
  const units = new Map<string, Unit>();
  for (const instance of topology.instances) {
    const settings = settingsOf(instance, config[instance.name] ?? {}, faults);
    units.set(instance.name, new Unit(instance, settings, { board, executive, dictionary }));
  }
  if (faults.length > 0) return { ok: false, faults };

  for (const unit of units.values()) makeTargets(unit);
  for (const { from, to } of topology.connections) joinEnds(units, from, to);
  joinPatterns(topology.patterns, units);
  for (const tap of taps) listen(units, tap);
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

function checkTaps({ instances }: Topology, taps: readonly Tap[]): Fault[] {
  const known = ({ instance, end }: Tap) =>
    instances.find(({ name }) => name === instance)?.component.model.ports[end]?.direction === 'out';
  return taps
    .filter((tap) => !known(tap))
    .map(
      ({ instance, end }) =>
        fail('TOPOLOGY_NO_SUCH_END', { from: `${instance}.${end}`, to: 'a tap', end }).error,
    );
}

/** The config and the initial parameters of an instance: the model's defaults, the mission's, then the overrides. */
function settingsOf(
  instance: Instance,
  overrides: Readonly<Record<string, unknown>>,
  faults: Fault[],
): Settings {
  const { name, component } = instance;
  const { params, config } = component.model;
  const isParam = ([key]: [string, unknown]) => Object.hasOwn(params, key);
  const given = Object.entries(overrides);
  const overridden = Object.fromEntries(given.filter(isParam));
  const rest = Object.fromEntries(given.filter((entry) => !isParam(entry)));
  return {
    config: completeSettings(name, config, { ...instance.config, ...rest }, faults),
    params: completeSettings(name, withInitials(params), { ...instance.params, ...overridden }, faults),
  };
}

/** A parameter without a default starts with its type's. */
function withInitials(params: Params): Params {
  return Object.fromEntries(
    Object.entries(params).map(([name, spec]) => [
      name,
      { ...spec, default: spec.default ?? spec.type.initial },
    ]),
  );
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

function joinEnds(units: ReadonlyMap<string, Unit>, from: EndRef, to: EndRef): void {
  const sender = unitAt(units, from);
  const receiver = unitAt(units, to);
  const inlet = receiver.inlets.own[to.end][to.index];
  const spec = receiver.instance.component.model.ports[to.end];
  const sync = spec.direction === 'in' && spec.dispatch === 'sync';
  setTarget(sender, from, sync ? directCall(inlet, to.index) : (args) => inlet.accept(args, sender));
}

/** Puts a tap before the targets of an output, connected or not. */
function listen(units: ReadonlyMap<string, Unit>, { instance, end, hear }: Tap): void {
  const targets = units.get(instance)?.targets;
  const tapped =
    (next: Target, index: number): Target =>
    (args) => {
      hear(args as never, index);
      return next(args);
    };
  const target = targets?.[end];
  if (targets === undefined || target === undefined) return;
  targets[end] = Array.isArray(target) ? target.map(tapped) : tapped(target, 0);
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
