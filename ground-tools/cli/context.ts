import type { Screen } from './screen';

/** What the command line works with. */
export interface Context {
  /** The project's folder. */
  readonly root: string;
  /** The flight launcher's compiled file; the missions are in `missions/` beside it. */
  readonly launcher: string;
  readonly out: Screen;
  readonly err: Screen;
  /** Gets what a simulated flight flies over, where it is missing. */
  readonly pullScenes?: () => Promise<void>;
  /** Ends a command that goes on until Ctrl-C; a test's way to press it. */
  readonly stop?: AbortSignal;
}

/**
 * Exit codes: the command did its work; the flight (or the work) failed; the command line was wrong; it is not
 * known how it ended (no response came); the gateway or the link to the spacecraft is down.
 */
export const exit = { ok: 0, failed: 1, usage: 2, unknown: 3, linkDown: 4, interrupted: 130 } as const;
