/** One SuperNode: it joins a SuperLink, stays online, takes messages and pushes replies. It keeps nothing between calls. */
import { type Fault, fail, type Result, succeed } from '../../fsw/errors';
import { calls, Fleet, type FleetOptions } from './fleet';
import { type FlowerMessage, type PackedMessage, unpackMessage } from './message';
import { idsOf, objectId } from './objects';
import type { Long, Metadata, ObjectTree } from './schema';

/**
 * After two of these without a heartbeat the SuperLink takes a node for gone, and drops what it pushes. It is the longest that
 * it takes: a gateway may be down for an hour and loses nothing.
 */
export const HEARTBEAT_INTERVAL_S = 1800;

/** A message as `PullMessages` hands it out, once and never again: to be kept before anything else is done. */
export interface Pulled {
  readonly metadata: Metadata;
  readonly tree: ObjectTree;
}

/** How a push ended. */
export type Pushed =
  /** The SuperLink has all of it. */
  | 'pushed'
  /** It wanted none of it: the message was given up (it expired, or the node was taken for gone), or the reply is there already. */
  | 'unwanted'
  /** The session ended before the last object: push again, whole. */
  | 'cut';

/** Names of Flower's own error numbers that are met in ordinary work. */
const flowerCode = { keyInUse: 23, registrationDisabled: 2001, runStatus: 2007 } as const;
/** Of the activation: a process that dies before it has kept the node's id finds the node offline again soon. */
const FIRST_INTERVAL_S = 10;
const POLLS = 100;

export class SuperNode {
  readonly #fleet: Fleet;
  readonly #publicKey: Uint8Array;
  readonly #wait: (ms: number) => Promise<void>;
  #nodeId: Long | undefined;

  /** `nodeId`: the one of an earlier process, with the same key. */
  constructor(
    options: FleetOptions,
    { nodeId, wait = sleep }: { nodeId?: Long; wait?: (ms: number) => Promise<void> } = {},
  ) {
    this.#fleet = new Fleet(options);
    this.#publicKey = Buffer.from(options.identity.publicKey);
    this.#nodeId = nodeId;
    this.#wait = wait;
  }

  get nodeId(): Long | undefined {
    return this.#nodeId;
  }

  /**
   * Makes the node known and online; returns its id, which is to be kept before the first heartbeat. A node that was known goes on with a heartbeat:
   * to deactivate it first would make the SuperLink answer for it meanwhile. Errors: those of `Fleet.call`.
   */
  async join(): Promise<Result<Long>> {
    if (this.#nodeId !== undefined) {
      const beat = await this.heartbeat();
      if (beat.ok && beat.value) return succeed(this.#nodeId);
      // A SuperLink that lost its memory knows neither node nor key.
      if (!beat.ok && this.#fleet.refusal?.status !== 401) return beat;
    }
    const public_key = this.#publicKey;
    const registered = await this.#fleet.call(calls.register, { public_key });
    const refusal = this.#fleet.refusal?.code;
    if (!registered.ok && refusal !== flowerCode.keyInUse && refusal !== flowerCode.registrationDisabled)
      return registered;
    const active = await this.#activate();
    if (!active.ok && refusal === flowerCode.registrationDisabled)
      return fail('FLOWER_UNREGISTERED', { why: active.error.text });
    if (!active.ok) return active;
    this.#nodeId = active.value;
    return active;
  }

  async #activate(): Promise<Result<Long>> {
    const activation = { public_key: this.#publicKey, heartbeat_interval: FIRST_INTERVAL_S };
    const active = await this.#fleet.call(calls.activate, activation);
    if (active.ok) return succeed(active.value.node_id);
    // It is online still, from before: off and on again.
    if (this.#fleet.refusal?.status !== 412 || this.#nodeId === undefined) return active;
    const off = await this.#fleet.call(calls.deactivate, { node_id: this.#nodeId });
    if (!off.ok) return active;
    const again = await this.#fleet.call(calls.activate, activation);
    return again.ok ? succeed(again.value.node_id) : again;
  }

  /** False: the SuperLink does not know the node (any more). */
  async heartbeat(): Promise<Result<boolean>> {
    const beat = await this.#fleet.call(calls.heartbeat, {
      ...this.#node(),
      heartbeat_interval: HEARTBEAT_INTERVAL_S,
    });
    return beat.ok ? succeed(beat.value.success) : beat;
  }

  /** The next message, or undefined. The SuperLink does not hand it out again. */
  async pull(): Promise<Result<Pulled | undefined>> {
    const pulled = await this.#fleet.call(calls.pull, this.#node());
    if (!pulled.ok) return pulled;
    const { messages_list, message_object_trees } = pulled.value;
    if (messages_list.length === 0) return succeed(undefined);
    return succeed({ metadata: messages_list[0].metadata, tree: message_object_trees[0] });
  }

  /** All that a pulled message carries; may be asked for again until it is confirmed. Errors: also FLOWER_GIVEN_UP. */
  async content({ metadata, tree }: Pulled): Promise<Result<FlowerMessage>> {
    const objects = new Map<string, Uint8Array>();
    for (const object_id of idsOf(tree)) {
      const bytes = await this.#object(metadata, object_id);
      if (!bytes.ok) return bytes;
      objects.set(object_id, bytes.value);
    }
    return unpackMessage(tree.object_id, objects);
  }

  async #object({ run_id, message_id }: Metadata, object_id: string): Promise<Result<Uint8Array>> {
    for (let poll = 0; poll < POLLS; poll++) {
      const pulled = await this.#fleet.call(calls.pullObject, { ...this.#node(), run_id, object_id });
      if (!pulled.ok) return this.#givenUp(pulled.error, message_id);
      const { object_found, object_available, object_content } = pulled.value;
      if (!object_found) return fail('FLOWER_GIVEN_UP', { id: message_id, why: `${object_id} is gone` });
      if (object_available) {
        const found = objectId(object_content);
        if (found === object_id) return succeed(object_content);
        return fail('FLOWER_OBJECT', { id: object_id, why: `its bytes hash to ${found}` });
      }
      // The other side is still pushing it.
      await this.#wait(100);
    }
    return fail('FLOWER_OBJECT', { id: object_id, why: 'it was not there in time' });
  }

  /** The message is kept here: the SuperLink may forget what it carried. */
  async confirm({ run_id, message_id }: Metadata): Promise<Result<void>> {
    const confirmed = await this.#fleet.call(calls.confirm, {
      ...this.#node(),
      run_id,
      message_object_id: message_id,
    });
    return confirmed.ok ? succeed(undefined) : this.#givenUp(confirmed.error, message_id);
  }

  /**
   * Pushes a reply, whole. The same reply may be pushed again: the SuperLink knows it by its id. `beforeLast` is called when all
   * but the last object are there, and the last one is about to go. Errors: those of `Fleet.call`, FLOWER_GIVEN_UP.
   */
  async push(reply: PackedMessage, beforeLast: () => void = () => undefined): Promise<Result<Pushed>> {
    const { metadata, error, tree, objects } = reply;
    const { run_id, reply_to_message_id } = metadata;
    const asked = await this.#fleet.call(calls.push, {
      ...this.#node(),
      // A message needs content or an error; the content itself goes as objects.
      messages_list: [{ metadata, ...(error ? { error } : { content: { items: [] } }) }],
      message_object_trees: [tree],
      clientapp_runtime_list: [0],
    });
    if (!asked.ok) return this.#givenUp(asked.error, reply_to_message_id);
    const { objects_to_push, session_id } = asked.value;
    if (objects_to_push.length === 0) return succeed('unwanted');
    // The root last: with it, all is there.
    const wanted = new Set(objects_to_push);
    const ids = idsOf(tree).filter((id) => wanted.has(id));
    for (const [i, object_id] of ids.entries()) {
      const object_content = objects.get(object_id);
      if (object_content === undefined)
        return fail('FLOWER_OBJECT', { id: object_id, why: 'it is not there' });
      if (i === ids.length - 1) beforeLast();
      const one = { ...this.#node(), run_id, object_id, object_content, session_id };
      const put = await this.#fleet.call(calls.pushObject, one);
      if (!put.ok) return this.#givenUp(put.error, reply_to_message_id);
      if (!put.value.stored) return succeed('cut');
    }
    return succeed('pushed');
  }

  /** Whether the SuperLink still holds a reply that was pushed: Flower has not taken it yet. */
  async holds({ metadata: { run_id }, tree: { object_id } }: PackedMessage): Promise<Result<boolean>> {
    const pulled = await this.#fleet.call(calls.pullObject, { ...this.#node(), run_id, object_id });
    return pulled.ok ? succeed(pulled.value.object_available) : pulled;
  }

  async leave(): Promise<Result<void>> {
    const { node_id } = this.#node().node;
    const off = await this.#fleet.call(calls.deactivate, { node_id });
    return off.ok ? succeed(undefined) : off;
  }

  #givenUp(error: Fault, id: string): Result<never> {
    if (this.#fleet.refusal?.code !== flowerCode.runStatus) return { ok: false, error };
    return fail('FLOWER_GIVEN_UP', { id, why: this.#fleet.refusal.text });
  }

  #node(): { readonly node: { readonly node_id: Long } } {
    return { node: { node_id: this.#nodeId ?? '0' } };
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
