import type { Executive } from './executive';
import type { InputEnd } from './ports';
import { BoundedQueue, type QueueFullPolicy } from './queue';
import { showEnd } from './topology';
import type { Unit } from './unit';

/**
 * One input of one instance: where a call arrives. `accept` takes it from outside (running it at once or
 * queueing it); `call` runs the handler inside the component's edge.
 */
export interface Inlet {
  readonly name: string;
  /** Set at boot and at each restart. */
  handler: ((args: unknown, index: number) => unknown) | undefined;
  /** `sender`: whose credit is blocked when the queue is full and the policy is `block`. */
  accept(args: unknown, sender: Unit | undefined): unknown;
  call(args: unknown): unknown;
}

interface Parked {
  readonly inlet: Inlet;
  readonly args: unknown;
  readonly level: number;
  readonly sender: Unit;
}

/** All inputs of an instance, its own and the framework's, and the queue behind the asynchronous ones. */
export interface Inlets {
  readonly queue: BoundedQueue<Inlet, unknown> | undefined;
  readonly own: Readonly<Record<string, readonly Inlet[]>>;
  readonly command: Inlet;
  readonly ping: Inlet | undefined;
  /** Lets the longest blocked sender's message in, after one was taken out of the queue. */
  admitParked(): void;
}

/** Commands wait on a level of their own, so that no flood on a port pushes one out unanswered. */
const COMMAND_LEVEL = 0;

export function createInlets(unit: Unit, executive: Executive): Inlets {
  const { model } = unit.instance.component;
  const ends = Object.entries(model.ports).filter(
    (entry): entry is [string, InputEnd] => entry[1].direction === 'in',
  );
  const priorities = [...new Set([0, ...ends.map(([, end]) => end.priority)])].sort((a, b) => b - a);
  const depth = unit.instance.queueDepth;
  const queue =
    model.kind === 'passive' ? undefined : new BoundedQueue<Inlet, unknown>(depth, priorities.length + 1);
  const parked: Parked[] = [];

  const queued = (inlet: Inlet, level: number, onFull: QueueFullPolicy): Inlet => {
    if (queue === undefined) return inlet;
    inlet.accept = (args, sender) => {
      if (unit.isolated) return unit.discard(inlet, args);
      const offer = queue.offer(inlet, args, level, onFull);
      if (offer === 'queued') executive.wake(unit);
      else if (offer === 'dropped-oldest') unit.overflow(queue.head as Inlet, queue.body, onFull);
      else if (onFull === 'block' && sender !== undefined) {
        sender.blockedOn++;
        parked.push({ inlet, args, level, sender });
      } else unit.overflow(inlet, args, onFull);
      return undefined;
    };
    return inlet;
  };

  const ownInlet = (end: string, spec: InputEnd, index: number): Inlet => {
    const name = showEnd({ direction: 'in', instance: unit.name, end, index, type: spec.port.name }, model);
    const inlet = edge(unit, executive, name, index, spec.port.returns?.initial);
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
    command: queued(edge(unit, executive, `${unit.name}.cmdIn`, 0), COMMAND_LEVEL, 'drop-new'),
    ping:
      model.kind === 'active'
        ? queued(edge(unit, executive, `${unit.name}.pingIn`, 0), priorities.length, 'drop-new')
        : undefined,
    admitParked() {
      const next = parked.shift();
      if (next === undefined || queue === undefined) return;
      next.sender.blockedOn--;
      executive.wake(next.sender);
      if (unit.isolated) return unit.discard(next.inlet, next.args);
      queue.offer(next.inlet, next.args, next.level, 'drop-new');
      executive.wake(unit);
    },
  };
}

/** A synchronous inlet: the handler runs in the caller, and no throw gets out; `fallback` is what a failed call returns. */
function edge(unit: Unit, executive: Executive, name: string, index: number, fallback?: unknown): Inlet {
  const inlet: Inlet = {
    name,
    handler: undefined,
    call(args) {
      try {
        return inlet.handler?.(args, index);
      } catch (error) {
        unit.fault(name, error);
        return fallback;
      }
    },
    accept(args) {
      if (unit.isolated) {
        unit.discard(inlet, args);
        return fallback;
      }
      const returned = inlet.call(args);
      if (!(returned instanceof Promise)) return returned;
      executive.settle();
      returned.catch((error: unknown) => unit.fault(name, error));
      return undefined;
    },
  };
  return inlet;
}

/** Refuses a guarded call while another of the same component is under way: in one thread that is always a re-entry. */
function guarded(inlet: Inlet, unit: Unit): Inlet {
  const { call } = inlet;
  inlet.call = (args) => {
    if (unit.guardHeld) {
      unit.fault(inlet.name, new Error('called again while a guarded call is under way'));
      return undefined;
    }
    unit.guardHeld = true;
    try {
      return call(args);
    } finally {
      unit.guardHeld = false;
    }
  };
  return inlet;
}
