/** When a simulated flight begins. */
import { fail, type Result, succeed } from '../../fsw/errors';
import { type Orbit, VALID_MS } from './orbit';
import { missionEpochMs } from './tle';

/** A date and a time, seconds and zone optional. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * Unix time at which flight time is zero: that of `text` (ISO 8601, UTC unless it says otherwise), or the reference
 * flight's. It must lie within the days for which the orbit's elements hold. Errors: START_TIME.
 */
export function startOf(text: string | undefined, orbit: Orbit): Result<number> {
  if (text === undefined) return succeed(missionEpochMs);
  const wrong = (why: string) => fail('START_TIME', { text, why });
  const zone = ISO_TIME.exec(text);
  if (zone === null) return wrong('it is an ISO 8601 time, as 2022-03-03T16:36:00Z');
  const startMs = Date.parse(zone[3] === undefined ? `${text}Z` : text);
  if (Number.isNaN(startMs)) return wrong('there is no such time');
  const [first, last] = [orbit.epochMs - VALID_MS, orbit.epochMs + VALID_MS].map((ms) =>
    new Date(ms).toISOString(),
  );
  if (Math.abs(startMs - orbit.epochMs) >= VALID_MS)
    return wrong(`the elements of ${orbit.name} hold from ${first} to ${last}`);
  return succeed(startMs);
}
