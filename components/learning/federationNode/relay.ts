/**
 * Neighbours: greeted while they are in view; given what is for them, and what they bring to the ground sooner than we. Nothing
 * here is counted twice: whoever has two copies has one content address.
 */

import { fail, type Result, succeed } from '../../../fsw/errors';
import { type Hello, idOf, magicOf, openHello, openUpdate, sealHello } from '../../../fsw/federation';
import { HELLO_IDS } from '../../../fsw/federation/hello';
import { hearGossip, offer } from './gossiping';
import { shortOf } from './shelf';
import { type FederationNode, nowMs, refuseMessage } from './state';
import { dropCarried, takeTask } from './tasks';
import { hasRoom, keepUpdate, settle } from './updates';

/** Greets who is in view, each so often, and at once when it comes into view. */
export function greet(self: FederationNode): void {
  const { state, board, clock, param } = self;
  const { neighbours } = board;
  if (neighbours === undefined || state.ownKey === undefined) return;
  const inView = neighbours.inView();
  for (const name of state.greeted.keys())
    if (!inView.includes(name)) {
      state.greeted.delete(name);
      state.passes.delete(name);
    }
  for (const name of inView) {
    const lastUs = state.greeted.get(name);
    if (lastUs !== undefined && clock.nowUs() < lastUs + param.HelloS * 1e6) continue;
    if (neighbours.send(name, sealHello(helloTo(self, name), state.ownKey)).ok)
      state.greeted.set(name, clock.nowUs());
    const offered = offer(self, name, lastUs === undefined);
    if (!offered.ok) refuseMessage(self, name, offered.error);
  }
}

function helloTo(self: FederationNode, neighbour: string): Hello {
  const { state, config } = self;
  const passMs = groundMs(self, neighbour);
  return {
    node: config.node,
    saidMs: nowMs(self),
    ...(passMs !== undefined && { nextPassMs: passMs }),
    updates: [...state.updates.names].slice(0, HELLO_IDS),
    done: state.done.recent(HELLO_IDS),
    tasks: [...state.held.keys(), ...state.answered.recent(HELLO_IDS - state.held.size)],
    carried: [...state.others.keys()].slice(0, HELLO_IDS),
  };
}

/** When the ground is seen, by us or by way of those in view now, but for the one who asks. */
function groundMs(self: FederationNode, asking: string): number | undefined {
  const { state, board, clock } = self;
  const now = nowMs(self);
  const own = board.ephemeris.nextContact?.(clock.nowUs());
  const others = [...state.passes].filter(([name, ms]) => name !== asking && ms >= now).map(([, ms]) => ms);
  const ourMs = own ? [Math.max(now, Math.floor((clock.epochUs + own.startUs) / 1000))] : [];
  const all = [...ourMs, ...others];
  return all.length === 0 ? undefined : Math.min(...all);
}

/** A message of a neighbour; what is refused changes nothing. */
export function hear(self: FederationNode, from: string, bytes: Uint8Array): void {
  const heard = taken(self, from, bytes);
  if (!heard.ok) refuseMessage(self, from, heard.error);
}

function taken(self: FederationNode, from: string, bytes: Uint8Array): Result<void> {
  switch (magicOf(bytes)) {
    case 'PGEFHELO':
      return hearHello(self, bytes);
    case 'PGEFGOSS':
      return hearGossip(self, bytes);
    case 'PGEFTASK':
      // Refused, it has its own event.
      takeTask(self, bytes, `of ${from}`, true);
      return succeed(undefined);
    case 'PGEFUPDT':
      return hearUpdate(self, from, bytes);
    default:
      return fail('FED_FORMAT', { what: 'a message', why: 'its kind is unknown' });
  }
}

function hearHello(self: FederationNode, bytes: Uint8Array): Result<void> {
  const { state, board } = self;
  const opened = openHello(bytes, state.roster.spacecraft());
  if (!opened.ok) return opened;
  const { content: hello, keyId } = opened.value;
  const { node } = hello;
  if (!state.roster.isOf(node, keyId)) return notOf(node, 'hello');
  for (const update of hello.done) if (state.updates.names.has(update)) settle(self, update, false);
  const send = (message: Uint8Array | undefined) => message && board.neighbours?.send(node, message);
  // From one to the next until the one has it whom it is for: nobody here knows who will see whom.
  for (const name of [...state.others.keys()])
    if (hello.tasks.includes(name)) dropCarried(self, name);
    else if (!hello.carried.includes(name)) send(state.carried.read(name));
  for (const [name, { task }] of state.held)
    if (task.node === '*' && !hello.tasks.includes(name)) send(state.tasks.read(name));
  const { nextPassMs = Number.POSITIVE_INFINITY } = hello;
  if (hello.nextPassMs === undefined) state.passes.delete(node);
  else state.passes.set(node, hello.nextPassMs);
  if (nextPassMs < (groundMs(self, node) ?? Number.POSITIVE_INFINITY))
    for (const name of state.updates.names) if (!hello.updates.includes(name)) send(state.updates.read(name));
  return succeed(undefined);
}

function hearUpdate(self: FederationNode, from: string, bytes: Uint8Array): Result<void> {
  const { state, config, event, tlm } = self;
  const name = shortOf(idOf(bytes));
  if (state.updates.names.has(name) || state.done.has(name)) return succeed(undefined);
  const opened = openUpdate(bytes, state.roster.spacecraft());
  if (!opened.ok) return opened;
  const { content, keyId } = opened.value;
  if (!state.roster.isOf(content.node, keyId)) return notOf(content.node, 'update');
  if (content.node === config.node) return succeed(undefined);
  if (!hasRoom(self)) return fail('FED_FULL', { what: 'updates', max: config.maxUpdates });
  if (!keepUpdate(self, bytes, content.node)) return succeed(undefined);
  tlm.Carried(++state.taken);
  event.UpdateCarried({ update: name, node: content.node, from });
  return succeed(undefined);
}

function notOf(node: string, what: string) {
  return fail('FED_NODE', { what, node, why: 'its key is of another' });
}
