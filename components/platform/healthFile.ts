import { renameSync, writeFileSync } from 'node:fs';
import type { Watchdog } from '../../fsw/framework';

const LEAST_US = 1_000_000;

export interface HealthFileOptions {
  readonly file: string;
  readonly nowUs: () => number;
  /** Of flight time 0, microseconds since 1970. */
  readonly epochUs: number;
}

/**
 * A watchdog for whoever can read a file: each stroke, once a second at most, makes it new, whole. What watches it
 * (`start.sh` of a deployed release) takes a file that changes for health. Not synced to the medium: it says nothing
 * of the past. A medium that can't be written is what then shows.
 */
export function healthFile({ file, nowUs, epochUs }: HealthFileOptions): Watchdog {
  let strokes = 0;
  let writtenUs = Number.NEGATIVE_INFINITY;
  return {
    stroke() {
      strokes++;
      const flightUs = nowUs();
      if (flightUs - writtenUs < LEAST_US) return;
      writtenUs = flightUs;
      const at = new Date((epochUs + flightUs) / 1000).toISOString();
      const beat = { at, uptimeS: Math.floor(flightUs / 1e6), strokes, pid: process.pid };
      try {
        writeFileSync(`${file}.tmp`, `${JSON.stringify(beat)}\n`);
        renameSync(`${file}.tmp`, file);
      } catch {
        // No health without its file: that is the message.
      }
    },
  };
}
