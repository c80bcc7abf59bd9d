/** Whether our clock is close enough to the SuperLink's: it takes no signature whose time is off. */
import { fail, type Result, succeed } from '../../fsw/errors';

/** What an answer told about the SuperLink's clock; Unix times, ms. Its header `date` has whole seconds. */
export interface SuperLinkClock {
  /** Our time when the call went out, and when its answer was there. */
  readonly sentMs: number;
  readonly heardMs: number;
  readonly dateMs: number;
}

/** Signatures are taken from this much ahead of the SuperLink's clock to this much behind (flwr 1.41, measured). */
export const MAX_AHEAD_MS = 5_000;
export const MAX_BEHIND_MS = 305_000;

/** How far our clock is ahead of the SuperLink's at least (negative: behind), ms. */
export function aheadMs({ sentMs, heardMs, dateMs }: SuperLinkClock): number {
  // It said the second `dateMs` at some instant between our sending and hearing.
  if (sentMs > dateMs + 1000) return sentMs - (dateMs + 1000);
  if (heardMs < dateMs) return heardMs - dateMs;
  return 0;
}

/** Errors: FLOWER_CLOCK. */
export function clockFault(url: string, clock: SuperLinkClock | undefined): Result<void> {
  if (clock === undefined) return succeed(undefined);
  const ahead = aheadMs(clock);
  if (ahead < MAX_AHEAD_MS && ahead > -MAX_BEHIND_MS) return succeed(undefined);
  const seconds = Math.round(Math.abs(ahead) / 1000);
  return fail('FLOWER_CLOCK', {
    url,
    seconds,
    way: ahead > 0 ? 'ahead of' : 'behind',
    maxAhead: MAX_AHEAD_MS / 1000,
    maxBehind: MAX_BEHIND_MS / 1000,
  });
}
