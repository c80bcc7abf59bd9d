import type { Progress } from '../../fsw/flight';
import { paint, type Screen } from './screen';

/** No terminal wraps a line of this width. */
const WIDTH = 79;
const BAR_WIDTH = 10;

/** One line that is redrawn on a terminal; elsewhere a line for each tenth of the flight, or each change of station. */
export class ProgressLine {
  private drawn = false;
  private lastSaid: unknown;

  constructor(private readonly screen: Screen) {}

  show(progress: Progress): void {
    if (this.screen.isTTY) {
      const line = progressText(progress, this.screen);
      this.screen.write(`\r${line}\x1b[K`);
      this.drawn = true;
      return;
    }
    const { percent, station = 'nobody' } = progress;
    const said = percent === undefined ? station : Math.floor(percent / 10);
    if (said === this.lastSaid) return;
    this.lastSaid = said;
    this.screen.write(`${progressText(progress, this.screen)}\n`);
  }

  /** Leaves the line as it stands: what is written next starts on a line of its own. */
  end(): void {
    if (this.drawn) this.screen.write('\n');
    this.drawn = false;
  }
}

/**
 * `orbit 1/1 ━━━━──── 42%  frames 310  kept 120  …  Svalbard`, or `0:01:07 orbit 1  passes 1  …` on a flight without an
 * end; the station gives way, then the bar, so that it fits.
 */
export function progressText(progress: Progress, screen: Screen): string {
  const { percent, orbit, orbits, elapsedS = 0, frames, kept, passes, queue, station } = progress;
  const figures = Object.entries({ frames, kept, passes, queue })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name} ${value}`)
    .join('');
  const share = percent === undefined ? '' : ` ${String(Math.floor(percent)).padStart(3)}%`;
  const head = percent === undefined ? `${hours(elapsedS)} orbit ${orbit}` : `orbit ${orbit}/${orbits} `;
  const room = WIDTH - head.length - share.length - figures.length;
  const width = percent === undefined ? 0 : Math.max(0, Math.min(BAR_WIDTH, room));
  const view = station === undefined || room - width < station.length + 2 ? '' : `  ${station}`;
  const done = Math.round((width * Math.min(100, Math.max(0, percent ?? 0))) / 100);
  const bar =
    width === 0
      ? ''
      : paint(screen, 'cyan', '━'.repeat(done)) + paint(screen, 'dim', '─'.repeat(width - done));
  return `${head}${bar}${share}${figures}${paint(screen, 'green', view)}`;
}

/** 3:07:42 */
function hours(seconds: number): string {
  const two = (value: number) => String(Math.floor(value) % 60).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(seconds / 60)}:${two(seconds)}`;
}
