/** A headless Chromium, driven over its own DevTools protocol. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import WebSocket from 'ws';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The program, or undefined where there is none. */
export function findChromium(): string | undefined {
  const candidates = process.env.CHROMIUM === undefined ? names : [process.env.CHROMIUM];
  return candidates.find((name) => spawnSync(name, ['--version'], { timeout: 30_000 }).status === 0);
}

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** One page of the browser. */
export class Page {
  /** What the console and the page's scripts complained of. */
  readonly complaints: string[] = [];
  private readonly waiting = new Map<number, { done(value: unknown): void; failed(error: Error): void }>();
  private readonly once = new Map<string, () => void>();
  private lastId = 0;

  constructor(private readonly socket: WebSocket) {
    socket.on('message', (data) => this.hear(JSON.parse(String(data)) as Answer));
  }

  /** Opens a file and returns when it has loaded. */
  async open(file: string): Promise<void> {
    await this.call('Page.enable');
    await this.call('Runtime.enable');
    await this.call('Log.enable');
    const loaded = new Promise<void>((done) => this.once.set('Page.loadEventFired', done));
    await this.call('Page.navigate', { url: `file://${file}` });
    await loaded;
  }

  /** The value of a JavaScript expression on the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const options = { expression, returnByValue: true, awaitPromise: true };
    const { result, exceptionDetails } = (await this.call('Runtime.evaluate', options)) as {
      result: { value: T };
      exceptionDetails?: { text: string };
    };
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  }

  call(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.lastId;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((done, failed) => this.waiting.set(id, { done, failed }));
  }

  private hear({ id, method = '', params, result, error }: Answer): void {
    if (id !== undefined) {
      const { done, failed } = this.waiting.get(id) ?? {};
      this.waiting.delete(id);
      if (error) failed?.(new Error(error.message));
      else done?.(result);
      return;
    }
    if (['Runtime.exceptionThrown', 'Runtime.consoleAPICalled', 'Log.entryAdded'].includes(method))
      this.complaints.push(JSON.stringify(params));
    this.once.get(method)?.();
  }
}

export interface Browser {
  readonly page: Page;
  close(): Promise<void>;
}

/** Starts a browser of its own, with nothing of the user's, and one page. */
export async function startBrowser(program: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'perigee-chromium-'));
  const child = spawn(
    program,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const door = await debuggingDoor(child);
  const targets = (await (await fetch(`http://${door}/json/list`)).json()) as {
    type: string;
    webSocketDebuggerUrl: string;
  }[];
  const target = targets.find(({ type }) => type === 'page');
  if (target === undefined) throw new Error('the browser has no page');
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((done, failed) => socket.once('open', done).once('error', failed));
  return {
    page: new Page(socket),
    async close() {
      const ended = new Promise((done) => child.once('exit', done));
      socket.close();
      child.kill();
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Host and port that the browser says it listens on. */
function debuggingDoor(child: ChildProcess): Promise<string> {
  return new Promise((done, failed) => {
    let said = '';
    child.stderr?.on('data', (text) => {
      said += String(text);
      const door = /DevTools listening on ws:\/\/([^/]+)\//.exec(said)?.[1];
      if (door !== undefined) done(door);
    });
    child.once('error', failed);
    child.once('exit', (code) => failed(new Error(`the browser ended with code ${code}: ${said}`)));
  });
}
