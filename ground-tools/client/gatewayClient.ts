/** A program's end of the connection to a gateway. */
import { WebSocket } from 'ws';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Dictionary } from '../../fsw/framework/dictionary';
import {
  type BinaryEntry,
  type ClientMessage,
  type CommandOutcome,
  type FormatName,
  type KindName,
  type ReadingMessage,
  readEntries,
  type ServerMessage,
  type Status,
} from '../gateway/messages';
import { dictionaryFromJson } from './dictionaryFile';

export const DEFAULT_GATEWAY = '127.0.0.1:4470';
const CONNECT_TIMEOUT_MS = 5_000;

type Reply = Extract<ServerMessage, { ref?: number }>;
/** A request without the number that the client gives it. */
type Ask = ClientMessage extends infer M ? (M extends ClientMessage ? Omit<M, 'ref'> : never) : never;

export class GatewayClient {
  /** As the gateway said last. */
  status: Status;
  /** Number of the next packet when the client connected. */
  readonly next: number;
  readonly address: string;
  readonly #socket: WebSocket;
  readonly #replies = new Map<number, (reply: Result<Reply>) => void>();
  #lastRef = 0;
  #onMessage: (message: ServerMessage) => void = () => undefined;
  #onEntry: (entry: BinaryEntry) => void = () => undefined;
  #inFlight = 0;
  #room: (() => void)[] = [];
  #closedWhy: string | undefined;
  #closing = false;
  /** Resolves when the connection has ended: with the reason, or with undefined when `close` was called. */
  readonly closed: Promise<string | undefined>;

  private constructor(address: string, socket: WebSocket, hello: Extract<ServerMessage, { type: 'hello' }>) {
    this.address = address;
    this.#socket = socket;
    this.status = hello;
    this.next = hello.next;
    socket.on('message', (data, isBinary) => this.#hear(data as Buffer, isBinary));
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        const why = reason.toString() || `connection lost (${code})`;
        this.#closedWhy = why;
        for (const reply of this.#replies.values()) reply(fail('GATEWAY_CLOSED', { address, why }));
        this.#replies.clear();
        for (const go of this.#room.splice(0)) go();
        resolve(this.#closing ? undefined : why);
      });
    });
  }

  /** Connects to `host:port`. Errors: GATEWAY_UNREACHABLE. */
  static connect(address = DEFAULT_GATEWAY): Promise<Result<GatewayClient>> {
    return new Promise((resolve) => {
      const unreachable = (why: string) => {
        resolve(fail('GATEWAY_UNREACHABLE', { address, why }));
        socket.terminate();
      };
      const socket = new WebSocket(`ws://${address}`, {
        perMessageDeflate: false,
        skipUTF8Validation: true,
        handshakeTimeout: CONNECT_TIMEOUT_MS,
      });
      socket.on('error', (error) =>
        unreachable(error.message || (error as NodeJS.ErrnoException).code || 'lost'),
      );
      socket.once('close', (code, reason) => unreachable(reason.toString() || `closed (${code})`));
      socket.once('message', (data: Buffer) => {
        try {
          const hello = JSON.parse(data.toString()) as ServerMessage;
          if (hello.type !== 'hello') return unreachable('it does not say hello');
          resolve(succeed(new GatewayClient(address, socket, hello)));
        } catch {
          unreachable('it does not speak our protocol');
        }
      });
    });
  }

  /** Hears each JSON message that answers no request. Set before `subscribe`. */
  onMessage(hear: (message: ServerMessage) => void): void {
    this.#onMessage = hear;
  }

  /** Hears each entry of a binary subscription: views, which the hearer may keep. */
  onEntry(hear: (entry: BinaryEntry) => void): void {
    this.#onEntry = hear;
  }

  async subscribe(format: FormatName, kinds?: readonly KindName[]): Promise<Result<void>> {
    const reply = await this.#ask({ type: 'subscribe', format, ...(kinds && { kinds }) });
    return reply.ok ? succeed(undefined) : reply;
  }

  /** The dictionary that the gateway has loaded, as JSON. Errors: GATEWAY_CLOSED. */
  async dictionaryText(): Promise<Result<string>> {
    const reply = await this.#ask({ type: 'dictionary' });
    return reply.ok ? succeed((reply.value as { text: string }).text) : reply;
  }

  /** Errors: DICTIONARY_FILE, GATEWAY_CLOSED. */
  async dictionary(): Promise<Result<Dictionary>> {
    const text = await this.dictionaryText();
    return text.ok ? dictionaryFromJson(text.value, `the dictionary of ${this.address}`) : text;
  }

  async values(): Promise<Result<readonly ReadingMessage[]>> {
    const reply = await this.#ask({ type: 'values' });
    return reply.ok ? succeed((reply.value as { values: readonly ReadingMessage[] }).values) : reply;
  }

  /** Sends a command and waits until the gateway knows how it ended. Errors: GATEWAY_CLOSED, GATEWAY_REQUEST. */
  async command(
    name: string,
    args: Readonly<Record<string, unknown>>,
    timeoutMs?: number,
  ): Promise<Result<CommandOutcome>> {
    const reply = await this.#ask({ type: 'command', name, args, ...(timeoutMs && { timeoutMs }) });
    return reply.ok ? succeed(reply.value as unknown as CommandOutcome) : reply;
  }

  /** Sends the data field of a space packet up. Resolves when few enough are on their way to send the next. */
  async sendPacket(apid: number, data: Uint8Array): Promise<Result<void>> {
    while (this.#inFlight >= 64 && this.#closedWhy === undefined)
      await new Promise<void>((go) => this.#room.push(go));
    if (this.#closedWhy !== undefined)
      return fail('GATEWAY_CLOSED', { address: this.address, why: this.#closedWhy });
    const message = Buffer.allocUnsafe(2 + data.length);
    message.writeUInt16BE(apid, 0);
    message.set(data, 2);
    this.#inFlight++;
    this.#socket.send(message);
    return succeed(undefined);
  }

  /** Ends the connection at once, without a word. */
  terminate(): void {
    this.#socket.terminate();
  }

  close(): void {
    this.#closing = true;
    this.#socket.close();
    setTimeout(() => this.#socket.terminate(), 500).unref();
  }

  #ask(request: Ask): Promise<Result<Reply>> {
    const why = this.#closedWhy;
    if (why !== undefined) return Promise.resolve(fail('GATEWAY_CLOSED', { address: this.address, why }));
    const ref = ++this.#lastRef;
    return new Promise((resolve) => {
      this.#replies.set(ref, resolve);
      this.#socket.send(JSON.stringify({ ...request, ref }, (_, value) => plain(value)));
    });
  }

  #hear(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      for (const entry of readEntries(data)) this.#onEntry(entry);
      return;
    }
    for (const line of data.toString().split('\n')) {
      if (line === '') continue;
      const message = JSON.parse(line) as ServerMessage;
      const ref = 'ref' in message ? message.ref : undefined;
      const reply = ref === undefined ? undefined : this.#replies.get(ref);
      if (ref !== undefined && reply) {
        this.#replies.delete(ref);
        if (message.type === 'error') reply(fail('GATEWAY_REQUEST', { why: message.text }));
        else reply(succeed(message as Reply));
        continue;
      }
      if (message.type === 'status') this.status = message;
      if (message.type === 'radiated' || (message.type === 'error' && this.#inFlight > 0)) {
        this.#inFlight--;
        this.#room.shift()?.();
      }
      this.#onMessage(message);
    }
  }
}

function plain(value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
