import { struct, U8, U16, U32, type Value } from './types';

/**
 * The F´ time tag, 11 bytes: base (2 = workstation time, Unix), context, seconds, microseconds.
 * Source: F´ `Fw.TimeValue`.
 */
export const Time = struct('Fw.TimeValue', { timeBase: U16, timeContext: U8, seconds: U32, useconds: U32 });
export type Time = Value<typeof Time>;

export const WORKSTATION_TIME = 2;

/** The time tag of an absolute Unix time in microseconds. */
export function timeOf(unixUs: number): Time {
  const wholeUs = Math.round(unixUs);
  const seconds = Math.floor(wholeUs / 1e6);
  return {
    timeBase: WORKSTATION_TIME,
    timeContext: 0,
    seconds,
    useconds: wholeUs - seconds * 1e6,
  };
}

export function unixUsOf(time: Time): number {
  return time.seconds * 1e6 + time.useconds;
}
