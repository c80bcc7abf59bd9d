import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectRoot } from '../../../fsw/root';
import type { Room, RoomAnswer, RoomRequest } from './room';

const namespaces = ['--net', '--pid', '--fork', '--kill-child'];

/** How to get namespaces here: as root, else as root of a user namespace; undefined when neither is allowed. */
function unshareArgs(): readonly string[] | undefined {
  return [namespaces, ['--user', '--map-root-user', ...namespaces]].find(
    (args) => spawnSync('unshare', [...args, 'sh', '-c', 'ip link set lo up']).status === 0,
  );
}

/** Why no room can be opened here, or undefined. */
export function whyNoRoom(): string | undefined {
  return unshareArgs() === undefined ? 'no network namespace of its own (unshare, ip) can be had' : undefined;
}

/** A room whose calls are asked for from outside. */
export type RemoteRoom = {
  readonly [K in keyof Room]: (...args: Parameters<Room[K]>) => Promise<Awaited<ReturnType<Room[K]>>>;
} & {
  /** Ends everything in the room. */
  close(): Promise<void>;
};

/** The command that runs a TypeScript file of ours as it is in the tree. */
export function tsCommand(file: string): string[] {
  const register = createRequire(join(projectRoot, 'package.json')).resolve(
    'ts-node/register/transpile-only',
  );
  return [process.execPath, '-r', register, join(projectRoot, file)];
}

export function openRoom(): RemoteRoom {
  const inside = ['ip link set lo up && exec "$@"', 'sh', ...tsCommand('hwtests/interop/yamcs/room.ts')];
  const child: ChildProcess = spawn('unshare', [...(unshareArgs() ?? []), 'sh', '-c', ...inside], {
    cwd: projectRoot,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const waiting = new Map<number, (answer: RoomAnswer) => void>();
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  child.on('message', (answer: RoomAnswer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  void ended.then(() => {
    for (const [id, answer] of waiting) answer({ id, error: 'the room has ended' });
  });
  let last = 0;
  const ask =
    (name: keyof Room) =>
    (...args: readonly unknown[]) =>
      new Promise<never>((done, failed) => {
        const request: RoomRequest = { id: ++last, name, args };
        waiting.set(request.id, ({ value, error }) =>
          error === undefined ? done(value as never) : failed(new Error(error)),
        );
        child.send(request);
      });
  return {
    start: ask('start'),
    stop: ask('stop'),
    http: ask('http'),
    heard: ask('heard'),
    inject: ask('inject'),
    cut: ask('cut'),
    async close() {
      // The first process of the namespace takes all others with it.
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
