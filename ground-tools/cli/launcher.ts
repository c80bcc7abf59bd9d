import { type ChildProcess, fork } from 'node:child_process';
import type { LaunchOptions, Message } from '../../fsw/launch';

export interface Launched {
  /** The launcher's exit code; 1 when a signal ended it. */
  readonly done: Promise<number>;
  /** The first call asks for an early end, at which the report is still written; the second ends at once. */
  stop(): void;
}

/**
 * Starts the flight launcher as a process of its own, which is the only way from the ground into flight
 * code, and hears its messages.
 */
export function launch(
  launcher: string,
  verb: 'fly' | 'topology' | 'dictionary',
  mission: string,
  options: LaunchOptions,
  hear: (message: Message) => void,
): Launched {
  const child: ChildProcess = fork(launcher, [verb, mission, JSON.stringify(options)]);
  child.on('message', (message) => hear(message as Message));
  let asked = false;
  return {
    done: new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1))),
    stop() {
      child.kill(asked ? 'SIGKILL' : 'SIGINT');
      asked = true;
    },
  };
}
