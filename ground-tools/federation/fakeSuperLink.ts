/** A SuperLink in memory, for tests: what the real one of flwr 1.41 does with a node's calls, as it was read and measured. */
import { createPublicKey, verify } from 'node:crypto';
import { calls, type Fetch } from './fleet';
import { type FlowerMessage, packMessage, unpackMessage } from './message';
import { idsOf } from './objects';
import type { RecordDict } from './records';
import type { Metadata, ObjectTree, Wire } from './schema';

interface Order {
  readonly metadata: Metadata;
  readonly tree: ObjectTree;
  claimed: boolean;
  replyId?: string;
  /** Flower has told its app that no reply will come. */
  givenUp?: boolean;
}
interface Session {
  readonly pending: Set<string>;
  expiresMs: number;
}
interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}
const SUPERLINK_NODE = '1';
const SESSION_MS = 180_000;
const codes = { keyInUse: 23, closed: 2001, notActivated: 2004, runStatus: 2007 };

export class FakeSuperLink {
  /** Its clock, Unix time in ms. */
  nowMs = 1_800_000_000_000;
  up = true;
  running = true;
  /** Whether it is of a release with this API. */
  isOurs = true;
  /** Nodes register themselves; else its operator does. */
  isOpen = true;
  readonly nodes = new Map<string, { key: string; onlineUntilMs: number }>();
  readonly orders = new Map<string, Order>();
  readonly objects = new Map<string, Uint8Array>();
  readonly calls: string[] = [];
  readonly #sessions = new Map<string, Session>();
  readonly #verified = new Set<string>();
  #count = 100;

  /** Asks a node; returns the message's id. */
  send(nodeId: string, records: RecordDict, { type = 'train', ttl = 43_200 } = {}): string {
    const metadata: Metadata = {
      run_id: '18446744073709551613',
      message_id: '',
      src_node_id: SUPERLINK_NODE,
      dst_node_id: nodeId,
      reply_to_message_id: '',
      group_id: '',
      ttl,
      message_type: type,
      created_at: this.nowMs / 1000,
      src_task_id: '7',
    };
    const packed = packMessage({ metadata, body: { kind: 'content', records } });
    for (const [id, bytes] of packed.objects) this.objects.set(id, bytes);
    this.orders.set(packed.tree.object_id, { metadata: packed.metadata, tree: packed.tree, claimed: false });
    return packed.tree.object_id;
  }

  /** The reply to a message as an app would get it: undefined while it is not whole. */
  reply(messageId: string): FlowerMessage | undefined {
    const replyId = this.orders.get(messageId)?.replyId;
    const message = replyId === undefined ? undefined : unpackMessage(replyId, this.objects);
    return message?.ok ? message.value : undefined;
  }

  readonly fetch: Fetch = async (url, { method, headers, body }) => {
    if (!this.up) throw new TypeError('fetch failed');
    const path = new URL(url).pathname.replace('/v1/fleet/', '');
    this.calls.push(path);
    const asked = headers as Record<string, string>;
    const answer =
      method === 'GET' || !this.isOurs ? notFound : this.#serve(path, asked, new Uint8Array(body as Buffer));
    const date = new Date(this.nowMs).toUTCString();
    return new Response(Buffer.from(answer.body), { status: answer.status, headers: { date } });
  };

  #serve(path: string, headers: Record<string, string>, body: Uint8Array): Answer {
    const key = Buffer.from(headers['flwr-public-key'], 'base64').toString();
    if (!this.#authentic(key, headers)) return refused(401, undefined, 'Invalid SuperNode authentication');
    const handler = this.#handlers[path];
    return handler === undefined ? notFound : handler(body, key);
  }

  #authentic(key: string, headers: Record<string, string>): boolean {
    const { 'flwr-timestamp': time, 'flwr-signature': signature } = headers;
    const age = this.nowMs - Date.parse(time);
    const fresh = age > -5_000 && age < 305_000;
    const call = key + time + signature;
    if (!fresh || this.#verified.has(call)) return fresh;
    const right = verify('sha256', Buffer.from(time), createPublicKey(key), Buffer.from(signature, 'base64'));
    if (right) this.#verified.add(call);
    return right;
  }

  readonly #handlers: Readonly<Record<string, (body: Uint8Array, key: string) => Answer>> = {
    [calls.register.path]: handled(calls.register, ({ public_key }) => {
      if (!this.isOpen) return refused(412, codes.closed, 'SuperNode authentication is enabled.');
      const key = Buffer.from(public_key).toString();
      if (this.#nodeOf(key) !== undefined) return refused(412, codes.keyInUse, 'Public key already in use.');
      const node_id = String(2n ** 63n + BigInt(this.#count++));
      this.nodes.set(node_id, { key, onlineUntilMs: 0 });
      return { node_id };
    }),
    [calls.activate.path]: handled(calls.activate, ({ public_key, heartbeat_interval }) => {
      const node_id = this.#nodeOf(Buffer.from(public_key).toString());
      const node = this.nodes.get(node_id ?? '');
      if (node_id === undefined || node === undefined || node.onlineUntilMs > this.nowMs)
        return refused(412, codes.notActivated, 'Failed to activate SuperNode.');
      node.onlineUntilMs = this.nowMs + 2000 * heartbeat_interval;
      return { node_id };
    }),
    [calls.deactivate.path]: handled(calls.deactivate, ({ node_id }) => {
      const node = this.nodes.get(node_id);
      if (node) node.onlineUntilMs = 0;
      return {};
    }),
    [calls.heartbeat.path]: handled(calls.heartbeat, ({ node: { node_id }, heartbeat_interval }, key) => {
      const node = this.nodes.get(node_id);
      if (node?.key !== key) return refused(401, undefined, 'Invalid SuperNode authentication');
      node.onlineUntilMs = this.nowMs + 2000 * heartbeat_interval;
      return { success: true };
    }),
    [calls.pull.path]: handled(calls.pull, ({ node: { node_id } }) => {
      const order = [...this.orders.values()].find(
        (one) => one.metadata.dst_node_id === node_id && !one.claimed,
      );
      if (order === undefined) return { messages_list: [], message_object_trees: [] };
      order.claimed = true;
      const { metadata, tree } = order;
      return { messages_list: [{ metadata, content: { items: [] } }], message_object_trees: [tree] };
    }),
    [calls.pullObject.path]: handled(calls.pullObject, ({ object_id }) => {
      const object_content = this.objects.get(object_id);
      const there = object_content !== undefined;
      return {
        object_found: there,
        object_available: there,
        object_content: object_content ?? new Uint8Array(),
      };
    }),
    [calls.confirm.path]: handled(calls.confirm, () => (this.running ? {} : stopped)),
    [calls.push.path]: handled(
      calls.push,
      ({ messages_list: [{ metadata }], message_object_trees: [tree] }) => {
        if (!this.running) return stopped;
        const order = this.orders.get(metadata.reply_to_message_id);
        const session_id = `session-${this.#count++}`;
        const taken = order?.replyId !== undefined && order.replyId !== metadata.message_id;
        const expired = order && this.nowMs / 1000 > order.metadata.created_at + order.metadata.ttl;
        if (order === undefined || taken || expired || order.givenUp)
          return { objects_to_push: [], session_id };
        order.replyId = metadata.message_id;
        const objects_to_push = idsOf(tree).filter((id) => !this.objects.has(id));
        this.#sessions.set(session_id, {
          pending: new Set(objects_to_push),
          expiresMs: this.nowMs + SESSION_MS,
        });
        return { objects_to_push, session_id };
      },
    ),
    [calls.pushObject.path]: handled(calls.pushObject, ({ object_id, object_content, session_id }) => {
      const session = this.#sessions.get(session_id);
      if (!session?.pending.delete(object_id) || session.expiresMs <= this.nowMs) return { stored: false };
      session.expiresMs = this.nowMs + SESSION_MS;
      this.objects.set(object_id, object_content);
      return { stored: true };
    }),
  };

  #nodeOf(key: string): string | undefined {
    return [...this.nodes].find(([, node]) => node.key === key)?.[0];
  }
}

const notFound: Answer = { status: 404, body: Buffer.from('{"detail":"Not Found"}') };
const stopped = refused(
  403,
  codes.runStatus,
  'The current run status does not allow this Fleet API operation.',
);

function refused(status: number, code: number | undefined, detail: string): Answer {
  return { status, body: Buffer.from(JSON.stringify({ code, detail })) };
}

function handled<Request extends object, Reply extends object>(
  { request, answer }: { readonly request: Wire<Request>; readonly answer: Wire<Reply> },
  work: (asked: Request, key: string) => Reply | Answer,
) {
  return (body: Uint8Array, key: string): Answer => {
    const asked = request.decode(body);
    if (!asked.ok) return refused(400, undefined, asked.error.text);
    const done = work(asked.value, key);
    return 'status' in done && 'body' in done ? done : { status: 200, body: answer.encode(done) };
  };
}
