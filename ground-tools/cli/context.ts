import type { Screen } from './screen';

/** What the command line works with. */
export interface Context {
  /** The project's folder. */
  readonly root: string;
  /** The flight launcher's compiled file; the missions are in `missions/` beside it. */
  readonly launcher: string;
  readonly out: Screen;
  readonly err: Screen;
}

/** Exit codes: the command did its work; the flight (or the work) failed; the command line was wrong. */
export const exit = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;
