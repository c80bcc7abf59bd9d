/** Calls of Flower's Fleet API: protocol buffers over HTTP, each call signed. */
import { fail, type Result, succeed } from '../../fsw/errors';
import { clockFault, type SuperLinkClock } from './clock';
import { type Identity, Signer } from './identity';
import { FLWR_VERSION, type Long, type ObjectTree, type Wire, type WireMessage, wire } from './schema';

/** As the global one; a test gives its own. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

interface Node {
  readonly node: { readonly node_id: Long };
}
interface OfRun extends Node {
  readonly run_id: Long;
}
export interface PulledMessages {
  readonly messages_list: readonly WireMessage[];
  readonly message_object_trees: readonly ObjectTree[];
}
export interface PushRequest extends Node {
  readonly messages_list: readonly WireMessage[];
  readonly message_object_trees: readonly ObjectTree[];
  readonly clientapp_runtime_list: readonly number[];
}
export interface PushAnswer {
  /** Empty when the SuperLink took nothing, or has all of it already. */
  readonly objects_to_push: readonly string[];
  readonly session_id: string;
}

function call<Request extends object, Answer extends object>(path: string, request: string, answer: string) {
  return { path, request: wire<Request>(request), answer: wire<Answer>(answer) };
}

/** Each call: its path, what is asked and what comes back. */
export const calls = {
  register: call<{ public_key: Uint8Array }, { node_id: Long }>(
    'register-node',
    'RegisterNodeFleetRequest',
    'RegisterNodeFleetResponse',
  ),
  activate: call<{ public_key: Uint8Array; heartbeat_interval: number }, { node_id: Long }>(
    'activate-node',
    'ActivateNodeRequest',
    'ActivateNodeResponse',
  ),
  deactivate: call<{ node_id: Long }, object>(
    'deactivate-node',
    'DeactivateNodeRequest',
    'DeactivateNodeResponse',
  ),
  unregister: call<{ node_id: Long }, object>(
    'unregister-node',
    'UnregisterNodeFleetRequest',
    'UnregisterNodeFleetResponse',
  ),
  heartbeat: call<Node & { heartbeat_interval: number }, { success: boolean }>(
    'send-node-heartbeat',
    'SendNodeHeartbeatRequest',
    'SendNodeHeartbeatResponse',
  ),
  pull: call<Node, PulledMessages>('pull-messages', 'PullMessagesRequest', 'PullMessagesResponse'),
  pullObject: call<
    OfRun & { object_id: string },
    { object_found: boolean; object_available: boolean; object_content: Uint8Array }
  >('pull-object', 'PullObjectRequest', 'PullObjectResponse'),
  confirm: call<OfRun & { message_object_id: string }, object>(
    'confirm-message-received',
    'ConfirmMessageReceivedRequest',
    'ConfirmMessageReceivedResponse',
  ),
  push: call<PushRequest, PushAnswer>('push-messages', 'PushMessagesRequest', 'PushMessagesResponse'),
  pushObject: call<
    OfRun & { object_id: string; object_content: Uint8Array; session_id: string },
    { stored: boolean }
  >('push-object', 'PushObjectRequest', 'PushObjectResponse'),
} as const;

export interface FleetOptions {
  /** `http://host:port` of the SuperLink. */
  readonly url: string;
  readonly identity: Identity;
  readonly fetch?: Fetch;
  /** Unix time, ms. */
  readonly now?: () => number;
  readonly timeoutMs?: number;
}

/** A call that the SuperLink answered with an error; `code` is Flower's own number, where it gave one. */
interface Refusal {
  readonly status: number;
  readonly code: number | undefined;
  readonly text: string;
}

/** Flower's number for a peer of another release. */
const VERSION_REFUSED = 1001;

export class Fleet {
  /** What the last failed call was refused with. */
  refusal: Refusal | undefined;
  readonly #options: FleetOptions;
  readonly #signer: Signer;
  #clock: SuperLinkClock | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#signer = new Signer(options.identity);
  }

  /**
   * Errors: FLOWER_UNREACHABLE, FLOWER_CLOCK (before a call that would be refused for it, and after one that was),
   * FLOWER_VERSION, FLOWER_REFUSED, FLOWER_ANSWER.
   */
  async call<Request extends object, Answer extends object>(
    { path, request, answer }: { path: string; request: Wire<Request>; answer: Wire<Answer> },
    value: Request,
  ): Promise<Result<Answer>> {
    this.refusal = undefined;
    const known = await this.#checkClock();
    if (!known.ok) return known;
    const asked = await this.#post(path, request.encode(value));
    if (!asked.ok) return asked;
    const { status, body } = asked.value;
    if (status === 200) return answer.decode(body);
    return this.#refused(path, status, body);
  }

  /** The SuperLink's clock is heard before the first signed call, again while ours is off, and with each answer. */
  async #checkClock(): Promise<Result<void>> {
    const { url } = this.#options;
    if (this.#clock === undefined || !clockFault(url, this.#clock).ok) {
      // Whatever is there: its answer has a date, and needs no signature.
      const heard = await this.#send('GET', '/', undefined, {});
      if (!heard.ok) return heard;
    }
    return clockFault(url, this.#clock);
  }

  #post(path: string, body: Uint8Array) {
    return this.#send('POST', `/v1/fleet/${path}`, body, {
      'content-type': 'application/protobuf',
      'flwr-package-name': 'flwr',
      'flwr-package-version': FLWR_VERSION,
      'flwr-component-name': 'Perigee gateway',
      ...this.#signer.headers(this.#now()),
    });
  }

  async #send(
    method: string,
    path: string,
    body: Uint8Array | undefined,
    headers: Record<string, string>,
  ): Promise<Result<{ status: number; body: Uint8Array }>> {
    const { url, fetch: get = fetch, timeoutMs = 20_000 } = this.#options;
    try {
      const sentMs = this.#now();
      const signal = AbortSignal.timeout(timeoutMs);
      const answer = await get(`${url}${path}`, {
        method,
        headers,
        signal,
        ...(body && { body: Buffer.from(body) }),
      });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      const date = Date.parse(answer.headers.get('date') ?? '');
      if (!Number.isNaN(date)) this.#clock = { sentMs, heardMs: this.#now(), dateMs: date };
      return succeed({ status: answer.status, body: bytes });
    } catch (error) {
      const { message, cause } = error as Error;
      return fail('FLOWER_UNREACHABLE', { url, why: cause instanceof Error ? cause.message : message });
    }
  }

  #refused(path: string, status: number, body: Uint8Array): Result<never> {
    const { url } = this.#options;
    const said = parsed(body);
    this.refusal = { status, code: said?.code, text: said?.detail ?? '' };
    if (status === 401) {
      const clock = clockFault(url, this.#clock);
      if (!clock.ok) return clock;
    }
    // A path or a form that it does not know, or its own check of versions: it does not speak this wire format.
    if (status === 404 || status === 415 || said?.code === VERSION_REFUSED) {
      const why = `${path}: ${status} ${said?.detail ?? ''}`;
      return fail('FLOWER_VERSION', { url, expected: FLWR_VERSION, why });
    }
    return fail('FLOWER_REFUSED', { url, call: path, status, why: said?.detail ?? 'it does not say why' });
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function parsed(body: Uint8Array): { readonly code?: number; readonly detail?: string } | undefined {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as { code?: number; detail?: string };
  } catch {
    return undefined;
  }
}
