/** A SuperLink of the flwr that is installed, on 127.0.0.1, with its state in one folder: for campaigns and suites. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import { projectRoot } from '../../fsw/root';

export interface SuperLinkOptions {
  /** Folder of `flwr` and `flower-superlink`: that of a virtual environment. */
  readonly bin: string;
  /** Its database, log and settings; a SuperLink started on them again goes on. */
  readonly folder: string;
  readonly port?: number;
}

/** What `flwr run --run-config` takes: numbers, texts and truths. */
export type RunConfig = Readonly<Record<string, string | number | boolean>>;

const START_MS = 60_000;
const CONNECTION = 'perigee';

export class SuperLinkProcess {
  readonly url: string;
  readonly #options: SuperLinkOptions & { readonly port: number };
  #child: ChildProcess | undefined;

  private constructor(options: SuperLinkOptions & { readonly port: number }) {
    this.#options = options;
    this.url = `http://127.0.0.1:${options.port}`;
  }

  /** Resolves when it answers. Errors: FLOWER_UNREACHABLE. */
  static async start(options: SuperLinkOptions): Promise<Result<SuperLinkProcess>> {
    const superlink = new SuperLinkProcess({ ...options, port: options.port ?? (await freePort()) });
    const up = await superlink.up();
    return up.ok ? succeed(superlink) : up;
  }

  /** Starts it again after `down`; nothing where it runs. Errors: FLOWER_UNREACHABLE. */
  async up(): Promise<Result<void>> {
    if (this.#child !== undefined) return succeed(undefined);
    const { folder, port } = this.#options;
    mkdirSync(join(folder, 'home'), { recursive: true });
    const connection = `[superlink.${CONNECTION}]\naddress = "127.0.0.1:${port}"\ninsecure = true\n`;
    writeFileSync(
      join(folder, 'home/config.toml'),
      `[superlink]\ndefault = "${CONNECTION}"\n\n${connection}`,
    );
    const log = openSync(join(folder, 'superlink.log'), 'a');
    // In a process group of its own, which ends with all that it has started.
    const child = spawn(
      'flower-superlink',
      [
        ...['--insecure', '--host', '127.0.0.1', '--port', `${port}`],
        // Without it, the SuperLink has `uv` install what the app depends on, from the network.
        '--disable-runtime-dependency-installation',
        ...['--database', join(folder, 'superlink.db')],
      ],
      { cwd: folder, env: this.#env(), stdio: ['ignore', log, log], detached: true },
    );
    this.#child = child;
    const failure = new Promise<string>((resolve) => {
      child.on('error', ({ message }) => resolve(message));
      child.on('exit', (code) => resolve(`it ended with ${code}: see superlink.log in ${folder}`));
    });
    const why = await Promise.race([failure, this.#answers()]);
    return why === undefined ? succeed(undefined) : fail('FLOWER_UNREACHABLE', { url: this.url, why });
  }

  /** Starts a run of an app (a folder with a pyproject.toml; default: ours). Errors: FLOWER_REFUSED. */
  run(config: RunConfig, app = join(projectRoot, 'ground-tools/federation/app')): Result<void> {
    const { folder } = this.#options;
    // flwr leaves files beside an app that it builds.
    const copy = join(folder, 'app');
    cpSync(app, copy, { recursive: true });
    const entries = Object.entries(config).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    const { status, stdout, stderr } = spawnSync(
      'flwr',
      ['run', copy, CONNECTION, '--run-config', entries.join(' ')],
      { cwd: folder, env: this.#env(), encoding: 'utf8' },
    );
    if (status === 0) return succeed(undefined);
    return fail('FLOWER_REFUSED', {
      url: this.url,
      call: 'flwr run',
      status,
      why: `${stdout}${stderr}`.trim(),
    });
  }

  /** Ends it and all that it has started. */
  async down(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-child.pid, signal);
    const timer = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
  }

  async #answers(): Promise<string | undefined> {
    const end = Date.now() + START_MS;
    while (Date.now() < end) {
      if (await fetch(this.url).then(Boolean, () => false)) return undefined;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return `no answer in ${START_MS / 1000} s`;
  }

  #env(): NodeJS.ProcessEnv {
    const { bin, folder } = this.#options;
    return {
      ...process.env,
      PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
      FLWR_HOME: join(folder, 'home'),
      FLWR_TELEMETRY_ENABLED: '0',
      NO_PROXY: '127.0.0.1',
      PYTHONDONTWRITEBYTECODE: '1',
    };
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
