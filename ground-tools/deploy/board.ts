/** The board's side of a deployment: what `target.sh` is asked, and what it answers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { Manifest } from './manifest';
import { type Ended, lastSaid, onTarget, type Target } from './ssh';

/** Which releases a board has. */
export interface BoardState {
  readonly releases: readonly string[];
  /** The release that flies; empty when there is none. */
  readonly current: string;
  readonly previous: string;
  /** The release that is on trial until its health comes up. */
  readonly trial: string;
  /** The release that failed last. */
  readonly rolledBack?: { readonly release: string; readonly why: string };
}

/** What a board is. */
export interface Probe extends BoardState {
  readonly system: string;
  readonly machine: string;
  /** Path and version (`v20.19.6`) of its own Node. */
  readonly node?: string;
  readonly nodeVersion?: string;
  readonly freeKiB: number;
  /** The folder of the deployment, without links. */
  readonly home: string;
  readonly user: string;
}

/** Errors of all: DEPLOY_UNREACHABLE, and DEPLOY_TARGET with what the board says. */
export class Board {
  private readonly script: string;

  constructor(
    root: string,
    readonly target: Target,
    private readonly dir: string,
  ) {
    this.script = readFileSync(join(root, 'ground-tools/deploy/target.sh'), 'utf8');
  }

  async probe(): Promise<Result<Probe>> {
    const ended = await this.ask('probe');
    if (!ended.ok) return ended;
    const { one } = answers(ended.value);
    return succeed({
      ...stateOf(ended.value),
      system: one('system') ?? '',
      machine: one('machine') ?? '',
      node: one('node'),
      nodeVersion: one('nodeVersion'),
      freeKiB: Number(one('freeKiB')),
      home: one('home') ?? this.dir,
      user: one('user') ?? '',
    });
  }

  async list(): Promise<Result<BoardState>> {
    return this.state('list');
  }

  /** Checks what has arrived, makes it the current release, on trial, and starts it. Error also: DEPLOY_CORRUPT. */
  async activate(release: string, { sha256, files }: Manifest): Promise<Result<BoardState>> {
    const ended = await this.ask('activate', release, sha256, String(files));
    if (!ended.ok) return ended;
    const why = answers(ended.value).one('corrupt');
    if (why !== undefined) return fail('DEPLOY_CORRUPT', { target: this.target.destination, why });
    return succeed(stateOf(ended.value));
  }

  /** Resolves when the release on trial is decided, or after so many seconds. */
  async decided(seconds: number): Promise<Result<BoardState>> {
    return this.state('await', String(seconds));
  }

  /** Makes the previous release current, and waits for its health. Error also: DEPLOY_NO_PREVIOUS. */
  async rollback(why = ''): Promise<Result<BoardState & { readonly healthy: boolean }>> {
    const ended = await this.ask('rollback', why);
    if (!ended.ok) return ended;
    const { one } = answers(ended.value);
    if (one('none') !== undefined) return fail('DEPLOY_NO_PREVIOUS', { target: this.target.destination });
    return succeed({ ...stateOf(ended.value), healthy: one('healthy') === 'yes' });
  }

  async prune(): Promise<Result<void>> {
    const ended = await this.ask('prune');
    return ended.ok ? succeed(undefined) : ended;
  }

  private async state(verb: string, ...args: string[]): Promise<Result<BoardState>> {
    const ended = await this.ask(verb, ...args);
    return ended.ok ? succeed(stateOf(ended.value)) : ended;
  }

  /** Exit codes from 3 on are answers. */
  private async ask(verb: string, ...args: string[]): Promise<Result<Ended>> {
    const ended = await onTarget(this.target, this.script, [verb, this.dir, ...args]);
    if (!ended.ok || ended.value.status === 0 || Number(ended.value.status) >= 3) return ended;
    return fail('DEPLOY_TARGET', { target: this.target.destination, why: lastSaid(ended.value) });
  }
}

function answers({ stdout }: Ended) {
  const lines = stdout
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  const all = (name: string) =>
    lines.filter(([key, value]) => key === name && value !== '').map(([, value]) => value);
  return { all, one: (name: string): string | undefined => all(name)[0] };
}

function stateOf(ended: Ended): BoardState {
  const { all, one } = answers(ended);
  const failed = one('rolledBack');
  const space = failed?.indexOf(' ') ?? -1;
  return {
    releases: all('release'),
    current: one('current') ?? '',
    previous: one('previous') ?? '',
    trial: one('trial') ?? '',
    rolledBack:
      failed === undefined ? undefined : { release: failed.slice(0, space), why: failed.slice(space + 1) },
  };
}
