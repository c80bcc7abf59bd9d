import type { Executive, Runnable } from './executive';
import type { InputEnd } from './ports';
import { BoundedQueue, type QueueFullPolicy } from './queue';
import { type Instance, showEnd } from './topology';

/** Whose inputs they are: what an inlet asks of its component's unit. */
export interface Owner extends Runnable {
  readonly name: string;
  readonly instance: Instance;
  readonly isolated: boolean;
  readonly inlets: Pick<Inlets, 'queue'>;
  /** A guarded call is under way. */
  guardHeld: boolean;
  /** A handler threw. */
  fault(where: string, error: unknown): void;
  /** Hears of a promise's failure. */
  follow(returned: unknown, where: string): Promise<void> | undefined;
  /** Disposes of a message that no handler will see. */
  discard(inlet: Inlet, args: unknown): void;
  /** A message found the queue full. */
  overflow(inlet: Inlet, args: unknown, policy: QueueFullPolicy): void;
}

/**
 * One input of one instance: where a call arrives. `accept` takes it from outside (running it at once or
 * queueing it); `call` runs the handler inside the component's edge.
 */
export interface Inlet {
  readonly name: string;
  /** Set at boot and at each restart. */
  handler: (args: unknown, index: number) => unknown;
  /** `sender`: whose output it came from; undefined for a driver, a timer or the framework. */
  accept(args: unknown, sender: Owner | undefined): unknown;
  call(args: unknown): unknown;
  /** From now on calls are disposed of (the component is isolated). */
  close(): void;
  /** The handler threw. Returns what the caller gets instead. */
  failed(error: unknown): unknown;
  /** The handler of a synchronous input returned a promise. */
  promised(pending: Promise<unknown>): unknown;
}

interface Parked {
  readonly inlet: Inlet;
  readonly args: unknown;
  /** Blocked until this is let in. */
  readonly debtor: Runnable;
}

/** All inputs of an instance, its own and the framework's, and the queue behind the asynchronous ones. */
export interface Inlets {
  readonly queue: BoundedQueue<Inlet, unknown> | undefined;
  readonly own: Readonly<Record<string, readonly Inlet[]>>;
  readonly command: Inlet;
  readonly ping: Inlet | undefined;
  /**
   * Lets the longest parked message in; false when there is none. Called at once after each message taken
   * out of the queue, so that nobody else gets the place first.
   */
  admitParked(): boolean;
}

/** Commands wait on a level of their own, so that no flood on a port pushes one out unanswered. */
const COMMAND_LEVEL = 0;

export function createInlets(unit: Owner, executive: Executive): Inlets {
  const { model } = unit.instance.component;
  const ends = Object.entries(model.ports).filter(
    (entry): entry is [string, InputEnd] => entry[1].direction === 'in',
  );
  const priorities = [...new Set([0, ...ends.map(([, end]) => end.priority)])].sort((a, b) => b - a);
  const depth = unit.instance.queueDepth;
  const queue =
    model.kind === 'passive' ? undefined : new BoundedQueue<Inlet, unknown>(depth, priorities.length + 1);
  const parked: Parked[] = [];

  /** Parks a message and stops its sender. A caller that nobody dispatches (a timer, a driver) can't be stopped. */
  const park = (inlet: Inlet, args: unknown, sender: Owner | undefined): boolean => {
    const debtor = sender?.inlets.queue ? sender : executive.current;
    if (debtor === undefined || debtor === unit) return false;
    debtor.blockedOn++;
    parked.push({ inlet, args, debtor });
    return true;
  };

  const queued = (inlet: Inlet, level: number, onFull: QueueFullPolicy): Inlet => {
    if (queue === undefined) return inlet;
    inlet.accept = (args, sender) => {
      if (unit.isolated) return unit.discard(inlet, args);
      const offer = queue.offer(inlet, args, level, onFull);
      if (offer === 'queued') executive.wake(unit);
      else if (offer === 'dropped-oldest') unit.overflow(queue.head as Inlet, queue.body, onFull);
      else if (onFull !== 'block' || !park(inlet, args, sender)) unit.overflow(inlet, args, onFull);
      return undefined;
    };
    return inlet;
  };

  const ownInlet = (end: string, spec: InputEnd, index: number): Inlet => {
    const name = showEnd({ direction: 'in', instance: unit.name, end, index, type: spec.port.name }, model);
    const inlet = edge(unit, name, index, spec.port.returns?.initial);
    if (spec.dispatch === 'async') return queued(inlet, 1 + priorities.indexOf(spec.priority), spec.onFull);
    return spec.dispatch === 'guarded' ? guarded(inlet, unit) : inlet;
  };

  return {
    queue,
    own: Object.fromEntries(
      ends.map(([end, spec]) => [
        end,
        Array.from({ length: spec.size }, (_, index) => ownInlet(end, spec, index)),
      ]),
    ),
    command: queued(edge(unit, `${unit.name}.cmdIn`, 0), COMMAND_LEVEL, 'drop-new'),
    ping:
      model.kind === 'active'
        ? queued(edge(unit, `${unit.name}.pingIn`, 0), priorities.length, 'drop-new')
        : undefined,
    admitParked() {
      const next = parked.shift();
      if (next === undefined) return false;
      next.debtor.blockedOn--;
      executive.wake(next.debtor);
      next.inlet.accept(next.args, undefined);
      return true;
    },
  };
}

/** A synchronous inlet: the handler runs in the caller, and no throw gets out; `fallback` is what a failed call returns. */
function edge(unit: Owner, name: string, index: number, fallback?: unknown): Inlet {
  const inlet: Inlet = {
    name,
    handler: () => fallback,
    call(args) {
      try {
        return inlet.handler(args, index);
      } catch (error) {
        return inlet.failed(error);
      }
    },
    accept(args) {
      const returned = inlet.call(args);
      return returned instanceof Promise ? inlet.promised(returned) : returned;
    },
    close() {
      inlet.handler = (args) => {
        unit.discard(inlet, args);
        return fallback;
      };
    },
    failed(error) {
      unit.fault(name, error);
      return fallback;
    },
    promised(pending) {
      void unit.follow(pending, name);
      return fallback;
    },
  };
  return inlet;
}

/** Refuses a guarded call while another of the same component is under way: in one thread that is always a re-entry. */
function guarded(inlet: Inlet, unit: Owner): Inlet {
  const { call } = inlet;
  inlet.call = (args) => {
    if (unit.guardHeld) return inlet.failed(new Error('called again while a guarded call is under way'));
    unit.guardHeld = true;
    try {
      return call(args);
    } finally {
      unit.guardHeld = false;
    }
  };
  return inlet;
}
