import { type Fault, fail } from '../errors';
import { allCommands, allEvents, allTelemetry, BLOCK, MAX_OWN_ID, MAX_PARAM_ID } from './ids';
import type { InputEnd, OutputEnd } from './ports';
import { nearest } from './settings';
import { type EndRef, type Instance, showEnd, type Topology } from './topology';

/** Everything that is wrong with a topology; it boots only when this is empty. Each fault names both ends. */
export function checkTopology(topology: Topology): Fault[] {
  return [
    ...checkNames(topology),
    ...checkQueues(topology),
    ...checkIds(topology),
    ...checkConnections(topology),
    ...checkUnconnected(topology),
    ...checkSyncCycles(topology),
    ...checkBlockCycles(topology),
    ...checkPatterns(topology),
    ...checkPackets(topology),
  ];
}

function checkNames({ instances }: Topology): Fault[] {
  const twice = instances.filter(({ name }, i) => instances.findIndex((other) => other.name === name) !== i);
  return twice.map(({ name }) => fail('TOPOLOGY_DUPLICATE_NAME', { name }).error);
}

/** Every asynchronous input needs a queue, and every queue a depth. */
function checkQueues({ instances }: Topology): Fault[] {
  return instances.flatMap(({ name, queueDepth, component: { model } }) => {
    if (model.kind === 'passive')
      return Object.entries(model.ports)
        .filter(([, end]) => end.direction === 'in' && end.dispatch === 'async')
        .map(([end]) => fail('TOPOLOGY_NO_QUEUE', { end: `${name}.${end}` }).error);
    const sound = Number.isInteger(queueDepth) && queueDepth > 0;
    return sound ? [] : [fail('TOPOLOGY_QUEUE_DEPTH', { instance: name, queueDepth }).error];
  });
}

function checkIds({ instances }: Topology): Fault[] {
  const faults: Fault[] = [];
  const owners = new Map<number, string>();
  for (const { name, baseId, component } of instances) {
    const hex = `0x${baseId.toString(16)}`;
    if (!Number.isInteger(baseId) || baseId % BLOCK !== 0 || baseId < 0 || baseId > 0xffffff00)
      faults.push(fail('TOPOLOGY_BASE_ID', { instance: name, baseId: hex }).error);
    const other = owners.get(baseId);
    if (other !== undefined)
      faults.push(fail('TOPOLOGY_ID_COLLISION', { instance: name, other, baseId: hex }).error);
    owners.set(baseId, name);
    const { model } = component;
    for (const own of [model.commands, model.events, model.telemetry, model.records])
      faults.push(...outside(name, own, MAX_OWN_ID));
    faults.push(...outside(name, model.params, MAX_PARAM_ID));
    for (const all of [
      allCommands(model),
      allEvents(model),
      allTelemetry(model),
      model.params,
      model.records,
    ])
      faults.push(...twiceUsed(name, all));
  }
  return faults;
}

type WithId = Readonly<Record<string, { readonly id: number }>>;

function outside(instance: string, specs: WithId, max: number): Fault[] {
  return Object.entries(specs)
    .filter(([, { id }]) => !Number.isInteger(id) || id < 0 || id > max)
    .map(([name, { id }]) => fail('TOPOLOGY_LOCAL_ID', { instance, name, id, max }).error);
}

function twiceUsed(instance: string, specs: WithId): Fault[] {
  const entries = Object.entries(specs);
  return entries.flatMap(([name, { id }], i) =>
    entries
      .slice(0, i)
      .filter(([, earlier]) => earlier.id === id)
      .map(([other]) => fail('TOPOLOGY_LOCAL_ID_TWICE', { instance, name, other, id }).error),
  );
}

function endOf(instances: readonly Instance[], ref: EndRef): InputEnd | OutputEnd | undefined {
  const end = instances.find(({ name }) => name === ref.instance)?.component.model.ports[ref.end];
  return end?.direction === ref.direction && ref.index < end.size ? end : undefined;
}

function checkConnections({ instances, connections }: Topology): Fault[] {
  return connections.flatMap((connection, i) => {
    const names = { from: showEnd(connection.from), to: showEnd(connection.to) };
    const from = endOf(instances, connection.from);
    const to = endOf(instances, connection.to);
    if (from === undefined) return [fail('TOPOLOGY_NO_SUCH_END', { ...names, end: names.from }).error];
    if (to === undefined) return [fail('TOPOLOGY_NO_SUCH_END', { ...names, end: names.to }).error];
    const [fromType, toType] = [from.port.name, to.port.name];
    if (fromType !== toType && fromType !== 'Serial' && toType !== 'Serial')
      return [fail('TOPOLOGY_TYPE_MISMATCH', { ...names, fromType, toType }).error];
    const earlier = connections.slice(0, i).find((other) => sameEnd(other.from, connection.from));
    return earlier ? [fail('TOPOLOGY_CONNECTED_TWICE', { ...names, other: showEnd(earlier.to) }).error] : [];
  });
}

export function sameEnd(a: EndRef, b: EndRef): boolean {
  return a.instance === b.instance && a.end === b.end && a.index === b.index;
}

function checkUnconnected({ instances, connections, patterns }: Topology): Fault[] {
  const wired: readonly EndRef[] = [
    ...connections.map(({ from }) => from),
    ...(patterns.commands?.send ?? []),
    ...(patterns.health?.ping ?? []),
    ...(patterns.health?.restart ?? []),
  ];
  return instances.flatMap(({ name, component: { model } }) =>
    Object.entries(model.ports)
      .filter(([, end]) => end.direction === 'out' && !end.optional)
      .map(
        ([end, spec]): EndRef => ({ direction: 'out', instance: name, end, index: 0, type: spec.port.name }),
      )
      .filter((ref) => !wired.some((other) => sameEnd(other, ref)))
      .map((ref) => fail('TOPOLOGY_UNCONNECTED', { from: showEnd(ref), type: ref.type }).error),
  );
}

/** Circles of sync and guarded calls between instances could recurse until the stack ends. */
function checkSyncCycles(topology: Topology): Fault[] {
  const paths = circles(topology, ({ dispatch }) => dispatch !== 'async');
  return paths.map((path) => fail('TOPOLOGY_SYNC_CYCLE', { path }).error);
}

/** Circles of inputs that block their sender: once every queue is full, each waits for the next for ever. */
function checkBlockCycles(topology: Topology): Fault[] {
  const paths = circles(topology, ({ dispatch, onFull }) => dispatch === 'async' && onFull === 'block');
  return paths.map((path) => fail('TOPOLOGY_BLOCK_CYCLE', { path }).error);
}

/** Circles of instances over the connections whose input `counts`, each as `a -> b -> a`. */
function circles({ instances, connections }: Topology, counts: (end: InputEnd) => boolean): string[] {
  const calls = new Map<string, Set<string>>();
  for (const { from, to } of connections) {
    const end = endOf(instances, to);
    if (end?.direction !== 'in' || !counts(end)) continue;
    calls.set(from.instance, (calls.get(from.instance) ?? new Set()).add(to.instance));
  }
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (name: string, path: readonly string[]) => {
    const start = path.indexOf(name);
    if (start >= 0) {
      found.push([...path.slice(start), name].join(' -> '));
      return;
    }
    if (done.has(name)) return;
    for (const next of calls.get(name) ?? []) visit(next, [...path, name]);
    done.add(name);
  };
  for (const { name } of instances) visit(name, []);
  return found;
}

export function takesCommands({ component: { model } }: Instance): boolean {
  return Object.keys(model.commands).length + Object.keys(model.params).length > 0;
}

/** A pattern's ends must be there, and its port arrays have a place for every instance that the pattern serves. */
function checkPatterns({ instances, patterns }: Topology): Fault[] {
  const { commands, events, telemetry, params, health } = patterns;
  const commanded = instances.filter(takesCommands).length;
  const active = instances.filter(({ component }) => component.model.kind === 'active').length;
  const arrays: [string, readonly EndRef[] | undefined, number][] = [
    ['commands.register', commands?.register, commanded],
    ['commands.send', commands?.send, commanded],
    ['health.ping', health?.ping, active],
    ['health.pong', health?.pong, active],
    ['health.restart', health?.restart, active],
  ];
  const single: [string, EndRef | undefined][] = [
    ['commands.respond', commands?.respond],
    ['events', events],
    ['telemetry', telemetry],
    ['params.get', params?.get],
    ['params.set', params?.set],
  ];
  const all = [
    ...arrays.flatMap(([pattern, ends = []]) => ends.map((ref) => [pattern, ref] as const)),
    ...single,
  ];
  const missing = all.flatMap(([pattern, ref]) => {
    if (ref === undefined || endOf(instances, ref) !== undefined) return [];
    const end = showEnd(ref);
    return [fail('TOPOLOGY_NO_SUCH_END', { from: `pattern ${pattern}`, to: end, end }).error];
  });
  const small = arrays
    .filter(([, ends, needed]) => ends !== undefined && ends.length < needed)
    .map(
      ([pattern, ends, needed]) =>
        fail('TOPOLOGY_PATTERN_SIZE', { pattern, size: ends?.length, needed }).error,
    );
  return [...missing, ...small];
}

function checkPackets({ instances, packets = [] }: Topology): Fault[] {
  const known = instances.flatMap(({ name, component }) =>
    Object.keys(allTelemetry(component.model)).map((channel) => `${name}.${channel}`),
  );
  return packets.flatMap(({ name, channels }) =>
    channels
      .filter((channel) => !known.includes(channel))
      .map(
        (channel) =>
          fail('TOPOLOGY_PACKET_CHANNEL', { packet: name, channel, nearest: nearest(channel, known) }).error,
      ),
  );
}
