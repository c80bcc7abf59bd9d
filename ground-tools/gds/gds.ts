/** Starts the real F´ GDS for one mission, and ends all of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { LinkSpec } from '../../fsw/links/linkSpec';
import type { ExportedDictionary } from '../dictionary/exported';
import { fprimeDictionary, fprimeJson } from '../dictionary/fprime';
import { gdsArguments } from './arguments';

const GRACE_MS = 5_000;

export interface GdsLaunch {
  /** The program: a name on the PATH, or a path. */
  readonly program: string;
  readonly link: LinkSpec;
  readonly guiPort?: number;
  /** Where logs and received files stay; a folder that is removed at the end when not told. */
  readonly keep?: string;
}

export interface RunningGds {
  readonly dir: string;
  /** Its exit code, once all its processes are gone; 1 when a signal ended it. */
  readonly done: Promise<number>;
  stop(): void;
}

/**
 * Writes the mission's F´ dictionary and starts `fprime-gds` on it, in a process group of its own: it leaves its
 * children behind when it is ended alone. Errors: GDS_MISSING, those of `fprimeDictionary`.
 */
export async function startGds(
  { program, link, guiPort, keep }: GdsLaunch,
  dictionary: ExportedDictionary,
  version: string,
): Promise<Result<RunningGds>> {
  const fprime = fprimeDictionary(dictionary, version);
  if (!fprime.ok) return fprime;
  // Its sockets need short paths, so they never lie in a folder of the user's.
  const dir = mkdtempSync(join(tmpdir(), 'perigee-gds-'));
  const clean = () => rmSync(dir, { recursive: true, force: true });
  const store = keep === undefined ? dir : resolve(keep);
  mkdirSync(join(store, 'files'), { recursive: true });
  const file = join(store, 'dictionary.json');
  writeFileSync(file, fprimeJson(fprime.value));
  const args = gdsArguments({ link, guiPort, store, sockets: dir, dictionary: file });
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  const why = await new Promise<string | undefined>((started) => {
    child.once('spawn', () => started(undefined));
    child.once('error', ({ message }) => started(message));
  });
  if (why !== undefined) {
    clean();
    return fail('GDS_MISSING', { why });
  }
  const done = new Promise<number>((ended) =>
    child.once('exit', (code) => {
      signal(child, 'SIGKILL');
      clean();
      ended(code ?? 1);
    }),
  );
  return succeed({
    dir: store,
    done,
    stop() {
      signal(child, 'SIGTERM');
      setTimeout(() => signal(child, 'SIGKILL'), GRACE_MS).unref();
    },
  });
}

/** To the whole group, if any of it is left. */
function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // Nobody is left.
  }
}
