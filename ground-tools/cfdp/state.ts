/**
 * What outlives a process of the ground's CFDP entity, in a folder that one process uses at a time:
 *
 *     files/          the entity's file store: its journal (.cfdp), and
 *     files/up/       copies of what is sent, so that a transfer of days sends what was meant when it began
 *     files/down/     what has arrived and was not yet put in its place
 *     wanted/         downloads that were asked for: under which name they arrive
 *     lock            the process that uses it
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileStore } from '../../components/platform/fileStore';
import { fail, type Result, succeed } from '../../fsw/errors';
import type { FileStore } from '../../fsw/framework';

export const DEFAULT_STATE = join(homedir(), '.perigee', 'cfdp');

export class CfdpState {
  private constructor(
    readonly folder: string,
    readonly files: FileStore,
  ) {}

  /** Errors: CFDP_STATE (another process has it, or it can't be written), FILE_FAILED. */
  static open(path: string): Result<CfdpState> {
    const folder = resolve(path);
    try {
      for (const inside of ['files/up', 'files/down', 'wanted'])
        mkdirSync(join(folder, inside), { recursive: true });
      const holder = lock(join(folder, 'lock'));
      if (holder !== undefined) return fail('CFDP_STATE', { folder, why: `process ${holder} uses it` });
    } catch (error) {
      return fail('CFDP_STATE', { folder, why: (error as Error).message });
    }
    const files = fileStore(join(folder, 'files'));
    return files.ok ? succeed(new CfdpState(folder, files.value)) : files;
  }

  close(): void {
    rmSync(join(this.folder, 'lock'), { force: true });
  }

  /**
   * Copies a file of the host into the store, once; `destination` and its content make its name there.
   * Errors: FILE_FAILED.
   */
  async stage(file: string, destination: string, variant: string): Promise<Result<string>> {
    try {
      const content = createHash('sha256').update(variant);
      for await (const chunk of createReadStream(file)) content.update(chunk as Buffer);
      const name = `up/${hash(destination)}-${content.digest('hex').slice(0, 16)}`;
      const host = join(this.folder, 'files', name);
      if (!existsSync(host)) copyOver(file, host);
      return succeed(name);
    } catch (error) {
      return fail('FILE_FAILED', { path: file, why: (error as Error).message });
    }
  }

  /** The name under which a download arrives: the one of an earlier process that did not see its end, or a new one. */
  want(request: string): { readonly name: string; readonly isNew: boolean } {
    const record = join(this.folder, 'wanted', hash(request));
    if (existsSync(record)) return { name: readFileSync(record, 'utf8'), isNew: false };
    const name = `down/${randomBytes(8).toString('hex')}`;
    writeFileSync(`${record}.new`, name, { flush: true });
    renameSync(`${record}.new`, record);
    return { name, isNew: true };
  }

  unwant(request: string): void {
    rmSync(join(this.folder, 'wanted', hash(request)), { force: true });
  }

  /** Whether a name under `down/` is waited for. */
  wants(name: string): boolean {
    const folder = join(this.folder, 'wanted');
    return readdirSync(folder).some((record) => readFileSync(join(folder, record), 'utf8') === name);
  }

  /** Puts what has arrived in its place on the host; returns its size. Errors: FILE_FAILED. */
  deliver(name: string, file: string): Result<number> {
    const host = join(this.folder, 'files', name);
    try {
      mkdirSync(dirname(resolve(file)), { recursive: true });
      copyOver(host, file);
      rmSync(host);
      return succeed(statSync(file).size);
    } catch (error) {
      return fail('FILE_FAILED', { path: file, why: (error as Error).message });
    }
  }

  /** Removes copies that no transfer needs: those that `isNeeded` does not know. */
  clean(isNeeded: (name: string) => boolean): void {
    for (const folder of ['up', 'down'])
      for (const name of readdirSync(join(this.folder, 'files', folder)))
        if (!isNeeded(`${folder}/${name}`)) rmSync(join(this.folder, 'files', folder, name));
  }
}

/** What is sent to one place on board begins with the same name, whatever is in it. */
export function sameDestination(staged: string, other: string): boolean {
  return staged.split('-')[0] === other.split('-')[0];
}

/** Whole or not at all: beside its place first. */
function copyOver(from: string, to: string): void {
  const part = `${to}.part`;
  copyFileSync(from, part, constants.COPYFILE_FICLONE);
  const file = openSync(part, 'r');
  fsyncSync(file);
  closeSync(file);
  renameSync(part, to);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The process that holds the lock; undefined when it is ours now. That of a dead process is taken over. */
function lock(path: string): number | undefined {
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 3) throw error;
    }
    const holder = Number(readFileSync(path, 'utf8'));
    if (holder > 0 && isAlive(holder)) return holder;
    rmSync(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
