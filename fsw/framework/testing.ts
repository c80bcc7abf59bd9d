/**
 * A bench for one component, as F´'s Tester: its inputs to call, and all that it sends recorded in order.
 * Time is simulated; `settle` runs its queue, `advance` lets time pass.
 */
import type { Board } from './board';
import type { Component } from './component';
import { type Deployment, type DeployOptions, deploy } from './deployment';
import { eventText } from './emitters';
import { allCommands } from './ids';
import type { Config } from './model';
import { plainMemory } from './plainMemory';
import type { Ends, Inputs } from './ports';
import { SimulatedClock } from './simulatedClock';
import type { CmdStatus } from './standardPorts';
import { type FaultPolicy, instance, type Topology } from './topology';
import { decode, encode, type Fields, struct } from './types';
import type { Target } from './unit';

export interface Bench<P extends Ends> {
  readonly clock: SimulatedClock;
  /** The component's inputs. */
  readonly in: Inputs<P>;
  /** Calls of outputs, in order: `{ end, index, args }`. */
  readonly sent: { readonly end: string; readonly index: number; readonly args: Record<string, unknown> }[];
  /** Events, decoded: local name, severity, arguments, and the text that an operator reads. */
  readonly events: { name: string; severity: string; args: Record<string, unknown>; text: string }[];
  /** Latest value of each channel that was written, by local name. */
  readonly telemetry: Record<string, unknown>;
  readonly responses: { command: string; cmdSeq: number; status: CmdStatus; reason: string }[];
  /** Sends a command with arguments by name; returns its sequence id. */
  command(name: string, args?: Record<string, unknown>): number;
  ping(key: number): void;
  readonly pongs: number[];
  /** Saved parameters, by absolute id. */
  readonly saved: Map<number, Uint8Array>;
  /** Arguments of all calls of one output. */
  calls(end: string): Record<string, unknown>[];
  settle(): Promise<void>;
  advance(durationUs: number): Promise<void>;
  stop(): Promise<void>;
}

export interface BenchOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly board?: Partial<Board>;
  readonly queueDepth?: number;
  readonly onFault?: FaultPolicy;
  /** What outputs with a return value return. */
  readonly answers?: Readonly<Record<string, (args: never, index: number) => unknown>>;
  /** Saved parameters at boot, by absolute id (base id 0x100). */
  readonly saved?: ReadonlyMap<number, Uint8Array>;
  /** Other instances to be in the dictionary. */
  readonly topology?: Partial<Pick<Topology, 'packets'>>;
}

export const BENCH_BASE_ID = 0x100;

/** A whole topology under test, deployed on a board that has no more than a simulated clock and what `board` adds. */
export interface Trial {
  readonly deployment: Deployment;
  readonly clock: SimulatedClock;
  settle(): Promise<void>;
  advance(durationUs: number): Promise<void>;
}

/** Deploys a topology, not yet started. Throws the text of every fault where the boot check refuses it. */
export function trial(topology: Topology, board: Partial<Board> = {}, options: DeployOptions = {}): Trial {
  const clock = new SimulatedClock(0);
  const bare = { name: 'bench', clock, seed: 1, imagers: {}, memory: plainMemory(), ...board } as Board;
  const deployed = deploy(topology, bare, options);
  if (!deployed.ok) throw new Error(deployed.faults.map(({ text }) => text).join('\n'));
  const { executive } = deployed.value;
  const advance = (durationUs: number) => clock.run(clock.nowUs() + durationUs, () => executive.run());
  return { deployment: deployed.value, clock, advance, settle: () => advance(0) };
}

export async function bench<P extends Ends, G extends Config>(
  component: Component<P, G>,
  options: BenchOptions = {},
): Promise<Bench<P>> {
  const { model } = component;
  const subject = instance('unit', component as Component, {
    baseId: BENCH_BASE_ID,
    config: options.config ?? {},
    queueDepth: options.queueDepth ?? 16,
    onFault: options.onFault ?? 'restart',
  });
  // Outputs are recorded below, so those that a mission must connect need not be here.
  const ports = Object.fromEntries(
    Object.entries(model.ports).map(([end, spec]) => [
      end,
      spec.direction === 'out' ? { ...spec, optional: true } : spec,
    ]),
  );
  const relaxed = {
    ...subject,
    component: { ...component, model: { ...model, ports } } as unknown as Component,
  };
  const topology: Topology = {
    name: 'Bench',
    instances: [relaxed],
    connections: [],
    patterns: {},
    ...options.topology,
  };
  const { deployment, clock, settle, advance } = trial(topology, options.board);
  const { units, dictionary } = deployment;
  const unit = units.get('unit');
  if (unit === undefined) throw new Error('the bench has lost its unit');

  const sent: Bench<P>['sent'] = [];
  const events: Bench<P>['events'] = [];
  const telemetry: Record<string, unknown> = {};
  const responses: Bench<P>['responses'] = [];
  const pongs: number[] = [];
  const saved = new Map(options.saved);
  const record =
    (end: string, index: number): Target =>
    (args) => {
      sent.push({ end, index, args: args as Record<string, unknown> });
      return options.answers?.[end]?.(args as never, index);
    };
  for (const [end, spec] of Object.entries(model.ports)) {
    if (spec.direction !== 'out') continue;
    const targets = Array.from({ length: spec.size }, (_, index) => record(end, index));
    unit.targets[end] = spec.many ? targets : targets[0];
  }
  const { services } = unit;
  services.log = ({ id, severity, args }) => {
    const entry = dictionary.events.find((event) => event.id === id);
    if (entry === undefined) throw new Error(`no event ${id}`);
    const values = decode(struct(entry.local, entry.args ?? ({} as Fields)), args);
    if (!values.ok) throw new Error(values.error.text);
    events.push({ name: entry.local, severity, args: values.value, text: eventText(entry, values.value) });
  };
  services.tlm = ({ id, value }) => {
    const entry = dictionary.channels.find((channel) => channel.id === id);
    if (entry === undefined) throw new Error(`no channel ${id}`);
    const decoded = decode(entry.type, value);
    if (decoded.ok) telemetry[entry.local] = decoded.value;
  };
  services.respond = ({ opcode, cmdSeq, status, reason }) => {
    const command = dictionary.commands.find(({ id }) => id === opcode)?.local ?? `0x${opcode.toString(16)}`;
    responses.push({ command, cmdSeq, status, reason });
  };
  services.prmGet = ({ id }) => {
    const value = saved.get(id);
    return { valid: value !== undefined, value: value ?? new Uint8Array(0) };
  };
  services.prmSet = ({ id, value }) => saved.set(id, value).size > 0;
  services.pong = ({ key }) => void pongs.push(key);

  let cmdSeq = 0;
  const self: Bench<P> = {
    clock,
    in: Object.fromEntries(
      Object.entries(unit.inlets.own).map(([end, list]) => {
        const calls = list.map((inlet) => (args: unknown) => inlet.accept(args, undefined));
        return [end, model.ports[end].many ? calls : calls[0]];
      }),
    ) as Inputs<P>,
    sent,
    events,
    telemetry,
    responses,
    pongs,
    saved,
    command(name, args = {}) {
      const spec = allCommands(model)[name];
      if (spec === undefined) throw new Error(`no command ${name}`);
      const bytes = encode(struct(name, spec.args ?? ({} as Fields)), args);
      unit.inlets.command.accept(
        { opcode: BENCH_BASE_ID + spec.id, cmdSeq: ++cmdSeq, args: bytes },
        undefined,
      );
      return cmdSeq;
    },
    ping: (key) => void unit.inlets.ping?.accept({ key }, undefined),
    calls: (end) => sent.filter((call) => call.end === end).map(({ args }) => args),
    settle,
    advance,
    stop: () => deployment.stop(),
  };
  deployment.start();
  await self.settle();
  return self;
}
