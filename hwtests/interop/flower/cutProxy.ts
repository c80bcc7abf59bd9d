/** A way to the SuperLink on which calls are heard, and cut. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class CutProxy {
  /** Called before a call goes on; `cut` ends its connection instead. */
  onCall: (path: string) => 'pass' | 'cut' = () => 'pass';
  readonly #target: () => string;
  readonly #server: Server;

  /** `target`: the URL that it leads to. */
  constructor(target: () => string) {
    this.#target = target;
    this.#server = createServer((asked, answer) => {
      void this.#forward(asked).then(
        ({ status, headers, body }) => answer.writeHead(status, headers).end(body),
        () => asked.socket.destroy(),
      );
    });
  }

  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        resolve(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
      });
    });
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #forward(asked: IncomingMessage) {
    const parts: Buffer[] = [];
    for await (const part of asked) parts.push(part as Buffer);
    const path = asked.url ?? '/';
    if (this.onCall(path) === 'cut') throw new Error('cut');
    const kept = ['content-type', ...Object.keys(asked.headers).filter((name) => name.startsWith('flwr-'))];
    const headers = Object.fromEntries(kept.map((name) => [name, String(asked.headers[name] ?? '')]));
    const body = Buffer.concat(parts);
    const answer = await fetch(`${this.#target()}${path}`, {
      method: asked.method,
      headers,
      ...(asked.method === 'POST' && { body }),
    });
    const date = answer.headers.get('date') ?? '';
    return { status: answer.status, headers: { date }, body: Buffer.from(await answer.arrayBuffer()) };
  }
}
