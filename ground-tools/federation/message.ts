/** A Flower message: what it is about, and its records or an error; and the reply to one. */
import { fail, type Result, succeed } from '../../fsw/errors';
import { ObjectHeap, type Objects, readObject } from './objects';
import { putRecords, type RecordDict, readRecords } from './records';
import { type Metadata, type ObjectTree, type WireError, type WireMessage, wire } from './schema';

const messageWire = wire<WireMessage>('Message');

export interface FlowerMessage {
  readonly metadata: Metadata;
  readonly body:
    | { readonly kind: 'content'; readonly records: RecordDict }
    | { readonly kind: 'error'; readonly error: WireError };
}

/** A message as it is pushed: its objects, and the tree of them whose root is its id. */
export interface PackedMessage {
  readonly metadata: Metadata;
  readonly error?: WireError;
  readonly tree: ObjectTree;
  readonly objects: ReadonlyMap<string, Uint8Array>;
}

export function packMessage({ metadata, body }: FlowerMessage): PackedMessage {
  const heap = new ObjectHeap();
  const children = body.kind === 'content' ? [putRecords(heap, body.records)] : [];
  const error = body.kind === 'error' ? body.error : undefined;
  const about = { metadata: { ...metadata, message_id: '' }, ...(error && { error }) };
  const tree = heap.put('Message', children, messageWire.encode(lean(about)));
  const named = { ...metadata, message_id: tree.object_id };
  return { metadata: named, ...(error && { error }), tree, objects: heap.objects };
}

/** Errors: FLOWER_OBJECT, FLOWER_ARRAY, FLOWER_ANSWER. */
export function unpackMessage(id: string, objects: Objects): Result<FlowerMessage> {
  const object = readObject(id, objects.get(id));
  if (!object.ok) return object;
  const { type, body, children } = object.value;
  if (type !== 'Message') return fail('FLOWER_OBJECT', { id, why: `it is a ${type}, not a Message` });
  const about = messageWire.decode(body);
  if (!about.ok) return about;
  const { error } = about.value;
  const metadata = { ...about.value.metadata, message_id: id };
  if (error) return succeed({ metadata, body: { kind: 'error', error } });
  const records = readRecords(children[0] ?? '', objects);
  return records.ok ? succeed({ metadata, body: { kind: 'content', records: records.value } }) : records;
}

/**
 * What a reply made at `createdAt` (Unix time, seconds) says about itself: the way back, and no longer valid than the
 * message that it answers, as the SuperLink demands.
 */
export function replyMetadata(to: Metadata, createdAt: number): Metadata {
  return {
    run_id: to.run_id,
    message_id: '',
    src_node_id: to.dst_node_id,
    dst_node_id: to.src_node_id,
    reply_to_message_id: to.message_id,
    group_id: to.group_id,
    ttl: expiresAt(to) - createdAt,
    message_type: to.message_type,
    created_at: createdAt,
    ...(to.dst_task_id !== undefined && { src_task_id: to.dst_task_id }),
    ...(to.src_task_id !== undefined && { dst_task_id: to.src_task_id }),
  };
}

/** Unix time, seconds, from which Flower takes no reply any more. */
export function expiresAt({ created_at, ttl }: Metadata): number {
  return created_at + ttl;
}

/** Without fields that have their default: the bytes are hashed, and Python leaves them out. */
function lean(message: WireMessage): WireMessage {
  const set = Object.entries(message.metadata).filter(([, value]) => value !== '' && value !== 0);
  return { ...message, metadata: Object.fromEntries(set) as unknown as Metadata };
}
