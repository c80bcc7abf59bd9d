/** The average with neighbours: one state on the medium, written before anything that follows from it is said. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import {
  estimate,
  type GossipState,
  idOf,
  layoutId,
  newGossip,
  offerTo,
  openGossip,
  readGossip,
  receive,
  restarted,
  type Step,
  sealGossip,
  type Task,
  valuesIn,
  writeGossip,
} from '../../../fsw/federation';
import { readWhole, writeWhole } from '../../../fsw/framework';
import { encodeCbor } from '../../../fsw/models';
import { type FederationNode, type Held, nowMs } from './state';

const FILE = 'gossip';

/** What a task averages: the same model, weights, layout and starting parameters. */
function topicOf({ run, model, base, layout, start }: Task): string {
  return idOf(encodeCbor([run, model, base, layoutId(layout), start?.id ?? '']));
}

/** The state of a task's average; a new one where there is none, or of another topic. */
export function gossipFor(self: FederationNode, task: Task): GossipState {
  const { state, config } = self;
  const topic = topicOf(task);
  if (state.gossip?.topic === topic) return state.gossip;
  state.gossip = newGossip(config.node, topic, valuesIn(task.layout), nowMs(self));
  return state.gossip;
}

/** Errors: those of the store; then the state is as it was. */
export function saveGossip({ state, board, config, tlm }: FederationNode, next: GossipState): Result<void> {
  const written = writeWhole(board.files, `${config.folder}/${FILE}`, writeGossip(next));
  if (!written.ok) return written;
  state.gossip = next;
  tlm.GossipWeight(estimate(next).weight);
  return written;
}

/** At boot. What is damaged begins anew: the neighbours hear of another life, and take back what they gave. */
export function readGossipFile(self: FederationNode): void {
  const { state, board, config, event } = self;
  const file = readWhole(board.files, `${config.folder}/${FILE}`, config.maxFileBytes);
  if (!file.ok && file.error.code === 'FILE_MISSING') return;
  const read = file.ok ? readGossip(file.value) : file;
  if (read.ok) state.gossip = restarted(read.value);
  else event.GossipLost({ code: read.error.code, reason: read.error.text });
}

/** The gossip task under way, while it is. */
function current({ state }: FederationNode): Held | undefined {
  return [...state.held.values()].find(({ task }) => task.gossip !== undefined);
}

/**
 * Offers a neighbour an exchange, if there is something to average, it is for us to begin, and no offer is on its way (`anew`: it
 * has just come into view). Errors: as `offerTo`, the store's.
 */
export function offer(self: FederationNode, peer: string, anew: boolean): Result<void> {
  const { state, config, clock, param } = self;
  const held = current(self);
  if (held === undefined || config.node >= peer) return succeed(undefined);
  const average = gossipFor(self, held.task);
  if (estimate(average).weight === 0) return succeed(undefined);
  const isOnItsWay = average.peers[peer]?.aside !== undefined;
  const sinceUs = clock.nowUs() - (state.offeredUs.get(peer) ?? 0);
  if (isOnItsWay && !anew && sinceUs < param.OfferS * 1e6) return succeed(undefined);
  state.offeredUs.set(peer, clock.nowUs());
  const step = offerTo(average, peer, held.task.coding, nowMs(self));
  return step.ok ? take(self, peer, step.value) : step;
}

/** Errors: those of `openGossip` and `receive`, FED_NODE, the store's. */
export function hearGossip(self: FederationNode, bytes: Uint8Array): Result<void> {
  const { state } = self;
  const opened = openGossip(bytes, state.roster.spacecraft());
  if (!opened.ok) return opened;
  const { content, keyId } = opened.value;
  if (!state.roster.isOf(content.from, keyId))
    return fail('FED_NODE', { what: content.kind, node: content.from, why: 'its key is of another' });
  const held = current(self);
  // Without something of our own there is nothing to average; its sender hears no answer, and keeps what it has.
  if (held === undefined) return succeed(undefined);
  const average = gossipFor(self, held.task);
  if (estimate(average).weight === 0) return succeed(undefined);
  const limits = { norm: self.param.MaxGossipNorm, weight: self.param.MaxGossipWeight };
  const step = receive(average, content, held.task.coding, nowMs(self), limits);
  return step.ok ? take(self, content.from, step.value) : step;
}

/** What is said comes after what is written. */
function take(self: FederationNode, peer: string, { state: next, reply, merged }: Step): Result<void> {
  const { state, board, tlm, event } = self;
  const saved = next === state.gossip ? succeed(undefined) : saveGossip(self, next);
  if (!saved.ok) return saved;
  if (merged) {
    tlm.Averages(++state.averages);
    event.Averaged({ peer, weight: estimate(next).weight });
  }
  if (reply === undefined || state.ownKey === undefined) return succeed(undefined);
  return board.neighbours?.send(peer, sealGossip(reply, state.ownKey)) ?? succeed(undefined);
}
