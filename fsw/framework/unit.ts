import type { Board } from './board';
import { channelWriters } from './channels';
import { type CommandTable, commandTable, type IncomingCommand, messageOf } from './commanding';
import type { Self } from './component';
import type { Dictionary } from './dictionary';
import { type EventLog, eventLog } from './emitters';
import type { Executive } from './executive';
import { allCommands, allEvents, allTelemetry } from './ids';
import { createInlets, type Inlet, type Inlets, type Owner } from './inlets';
import { type OwnClock, ownClock } from './ownClock';
import { type ParameterSet, parameterSet } from './parameters';
import type { QueueFullPolicy } from './queue';
import { seededRandom } from './random';
import { type Home, type Services, unconnectedServices } from './services';
import type { FaultPolicy, Instance } from './topology';

export const MAX_RESTARTS = 3;

/** The config of an instance, and its parameters before saved ones are loaded: complete and checked. */
export interface Settings {
  readonly config: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What all instances of a deployment share. */
export interface Surroundings {
  readonly board: Board;
  readonly executive: Executive;
  readonly dictionary: Dictionary;
}

/** The function behind an output: what `self.out.x(args)` calls. */
export type Target = (args: unknown) => unknown;

/**
 * One instance in flight: its state, handlers, queue and services. All calls into the component pass its
 * edge here, where a throw ends: it is logged, counted, and the fault policy decides.
 */
export class Unit implements Owner {
  readonly name: string;
  readonly instance: Instance;
  /** Complete and checked, fixed at boot. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly priority: number;
  rank = 0;
  /** The framework's outputs and this component's own; the deployment connects both before `boot`. */
  readonly services: Services = unconnectedServices();
  readonly targets: Record<string, Target | Target[]> = {};
  readonly inlets: Inlets;
  /** Isolated: every input is refused from now on. */
  isolated = false;
  blockedOn = 0;
  /** A guarded call is under way. */
  guardHeld = false;
  faults = 0;
  queueDrops = 0;
  private restarts = 0;
  /** A fault is being handled: one met on the way (the event manager's own, say) is only counted. */
  private faulting = false;
  /** A handler's promise is pending. */
  private busy = false;
  /** Queued components: how many messages the last `drain` has still to handle. */
  private drainable = 0;
  /** `start` was called in this life, so `stop` must be. */
  private started = false;
  private bootFailure: { readonly error: unknown } | undefined;
  /** Counts restarts, so that a handler of an earlier life changes nothing when it ends at last. */
  private life = 0;
  private readonly executive: Executive;
  private readonly clock: OwnClock;
  private readonly self: { -readonly [K in keyof Self]: Self[K] };
  private readonly home: Home;
  private readonly eventLog: EventLog;
  private readonly channels: Readonly<Record<string, (value: unknown) => void>>;
  private readonly params: ParameterSet;
  private commands: CommandTable | undefined;

  constructor(
    instance: Instance,
    { config, params }: Settings,
    { board, executive, dictionary }: Surroundings,
  ) {
    const { name, baseId, component } = instance;
    this.name = name;
    this.instance = instance;
    this.config = config;
    this.priority = instance.priority;
    this.executive = executive;
    this.clock = ownClock(board.clock, (callback) => this.within('timer', callback));
    this.home = { name, baseId, clock: board.clock, services: this.services };
    this.eventLog = eventLog(this.home, allEvents(component.model));
    this.channels = channelWriters(this.home, allTelemetry(component.model));
    this.params = parameterSet(this.home, component.model.params, params);
    this.inlets = createInlets(this, executive);
    this.self = {
      name,
      state: undefined,
      out: this.targets as Self['out'],
      in: this.ownInputs(),
      event: this.eventLog.emit as Self['event'],
      tlm: this.channels as Self['tlm'],
      param: this.params.values,
      config,
      clock: this.clock,
      random: seededRandom(board.seed, name),
      board,
      dictionary,
      drain: () => this.drain(),
      clearThrottle: (event) => this.eventLog.clearThrottle(String(event)),
    };
  }

  /** Its parameters as they are now, by name. */
  get parameters(): Readonly<Record<string, unknown>> {
    return this.params.values;
  }

  /** Makes the state and the handlers. What is thrown is kept for `start`, when there is someone to hear of it. */
  boot(): void {
    try {
      this.makeHandlers();
    } catch (error) {
      this.bootFailure = { error };
    }
  }

  private makeHandlers(): void {
    const { self, inlets } = this;
    const { code, model } = this.instance.component;
    self.state = code.state?.({ config: self.config, board: self.board, random: self.random });
    const handlers = code.ports?.(self) ?? {};
    for (const [end, list] of Object.entries(inlets.own))
      for (const inlet of list) inlet.handler = handlers[end];
    const commands = commandTable(this.home, model, code.commands?.(self) ?? {}, this.params, {
      fault: (where, error) => this.fault(where, error),
      paramChanged: (name) => code.paramChanged?.(self, name),
    });
    this.commands = commands;
    inlets.command.handler = (command) => commands.run(command as IncomingCommand);
    if (inlets.ping) inlets.ping.handler = (args) => this.services.pong(args as { key: number });
  }

  /** Registers commands, loads parameters, starts the component's code. */
  start(): void {
    const { model } = this.instance.component;
    for (const { id } of Object.values(allCommands(model)))
      this.services.register({ opcode: this.home.baseId + id });
    this.params.load((param, reason) => this.eventLog.emit.ParamInvalid({ param, reason }));
    this.channels.Faults(this.faults);
    this.channels.QueueDrops(this.queueDrops);
    if (this.bootFailure) this.fault('boot', this.bootFailure.error);
    else this.within('start', () => this.startCode());
  }

  private startCode(): unknown {
    this.started = true;
    return this.instance.component.code.start?.(this.self);
  }

  /** Lets the code release what it took since `start`. What goes wrong there is reported, and no reason to restart. */
  async stop(): Promise<void> {
    if (!this.started) return;
    this.started = false;
    try {
      await this.instance.component.code.stop?.(this.self);
    } catch (error) {
      this.report('stop', messageOf(error), 'none');
    }
  }

  runnable(): boolean {
    const { queue } = this.inlets;
    return (
      queue !== undefined &&
      queue.size > 0 &&
      !this.busy &&
      this.blockedOn === 0 &&
      this.instance.component.model.kind === 'active'
    );
  }

  dispatch(): void {
    const { queue } = this.inlets;
    if (queue === undefined || !queue.take()) return;
    const inlet = queue.head as Inlet;
    const args = queue.body;
    this.inlets.admitParked();
    const pending = inlet.call(args);
    if (pending instanceof Promise) this.hold(pending, inlet);
  }

  /** A handler threw: log it, count it, and do what the fault policy says. */
  fault(where: string, error: unknown): void {
    if (this.faulting || this.isolated) {
      this.faults++;
      return;
    }
    this.faulting = true;
    this.handleFault(where, messageOf(error));
    this.faulting = false;
  }

  private handleFault(where: string, reason: string): void {
    const { onFault } = this.instance;
    const spent = onFault === 'restart' && this.restarts === MAX_RESTARTS;
    const action: FaultPolicy = spent ? 'isolate' : onFault;
    this.report(where, reason, action);
    if (action === 'restart') this.restart(reason);
    else this.isolate(reason);
    if (action === 'fatal') this.eventLog.emit.ComponentFatal({ where, reason });
  }

  private report(where: string, reason: string, action: FaultPolicy | 'none'): void {
    this.faults++;
    this.eventLog.emit.ComponentFault({ where, reason, action });
    this.channels.Faults(this.faults);
  }

  /** Gives up the state and starts afresh; isolates after `MAX_RESTARTS`. What waits in the queue stays. */
  restart(reason: string): void {
    if (this.isolated) return;
    if (this.restarts === MAX_RESTARTS) {
      this.report('restart', reason, 'isolate');
      this.isolate(reason);
      return;
    }
    this.restarts++;
    this.endLife(`restarted: ${reason}`);
    try {
      this.makeHandlers();
      void this.follow(this.startCode(), 'start');
      this.executive.wake(this);
    } catch (error) {
      this.report('restart', messageOf(error), 'isolate');
      this.isolate('it does not start again');
    }
  }

  private isolate(reason: string): void {
    this.isolated = true;
    const { own, command, ping, queue } = this.inlets;
    for (const inlet of [...Object.values(own).flat(), command]) inlet.close();
    ping?.close();
    this.endLife(`isolated: ${reason}`);
    while (queue?.take()) this.discard(queue.head as Inlet, queue.body);
    for (let more = true; more; ) more = this.inlets.admitParked();
  }

  private endLife(reason: string): void {
    this.life++;
    this.busy = false;
    this.drainable = 0;
    this.guardHeld = false;
    this.clock.cancelAll();
    this.commands?.abandon(reason);
    void this.stop();
  }

  /** A message found the queue full: count it, report it, dispose of it. */
  overflow(inlet: Inlet, args: unknown, policy: QueueFullPolicy): void {
    this.channels.QueueDrops(++this.queueDrops);
    this.eventLog.emit.QueueOverflow({ where: inlet.name, dropped: this.queueDrops });
    this.discard(inlet, args);
    if (policy === 'fault') this.fault(inlet.name, new Error('queue full'));
  }

  /** Disposes of a message that no handler will see: a command is answered, a buffer goes back to its pool. */
  discard(inlet: Inlet, args: unknown): void {
    if (inlet === this.inlets.command) {
      const { opcode, cmdSeq } = args as IncomingCommand;
      const status = this.isolated ? 'EXECUTION_ERROR' : 'BUSY';
      const reason = this.isolated ? `${this.name} is isolated` : `the queue of ${this.name} is full`;
      this.services.respond({ opcode, cmdSeq, status, reason });
      return;
    }
    for (const value of Object.values(args as Record<string, unknown>))
      if (isReleasable(value)) value.release();
  }

  /** Queued components: handles all that waits now, going on after a handler's promise has ended. */
  private drain(): void {
    this.drainable = this.inlets.queue?.size ?? 0;
    this.drainOn();
  }

  private drainOn(): void {
    while (this.drainable > 0 && !this.busy && this.blockedOn === 0) {
      this.drainable--;
      this.dispatch();
    }
  }

  /** Keeps the component busy until a handler's promise ends. */
  private hold(pending: Promise<unknown>, inlet: Inlet): void {
    const { life } = this;
    this.busy = true;
    this.executive.settle();
    const done = () => {
      if (life !== this.life) return;
      this.busy = false;
      this.executive.wake(this);
      this.drainOn();
    };
    pending.then(done, (error: unknown) => {
      if (life === this.life) this.fault(inlet.name, error);
      done();
    });
  }

  /** Runs code that no port call started (a timer, `start`) inside the component's edge. */
  private within(where: string, code: () => unknown): Promise<void> | undefined {
    try {
      return this.follow(code(), where);
    } catch (error) {
      this.fault(where, error);
      return undefined;
    }
  }

  /** Hears of a promise's failure, unless the life that it belongs to has ended. */
  follow(returned: unknown, where: string): Promise<void> | undefined {
    if (!(returned instanceof Promise)) return undefined;
    const { life } = this;
    this.executive.settle();
    return returned.then(
      () => undefined,
      (error: unknown) => {
        if (life === this.life) this.fault(where, error);
      },
    );
  }

  private ownInputs(): Self['in'] {
    const calls = Object.entries(this.inlets.own).map(([end, list]) => {
      const many = list.map((inlet) => (args: unknown) => inlet.accept(args, undefined));
      return [end, this.instance.component.model.ports[end].many ? many : many[0]];
    });
    return Object.fromEntries(calls) as Self['in'];
  }
}

function isReleasable(value: unknown): value is { release(): void } {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { release?: unknown }).release === 'function'
  );
}
