import type { Progress } from '../../fsw/flight';
import { paint, type Screen } from './screen';

/** No terminal wraps a line of this width. */
const WIDTH = 79;
const BAR_WIDTH = 10;

/** One line that is redrawn on a terminal; elsewhere a line for each tenth of the flight. */
export class ProgressLine {
  private drawn = false;
  private lastTenth = -1;

  constructor(private readonly screen: Screen) {}

  show(progress: Progress): void {
    if (this.screen.isTTY) {
      const line = progressText(progress, this.screen);
      this.screen.write(`\r${line}\x1b[K`);
      this.drawn = true;
      return;
    }
    const tenth = Math.floor(progress.percent / 10);
    if (tenth === this.lastTenth) return;
    this.lastTenth = tenth;
    this.screen.write(`${progressText(progress, this.screen)}\n`);
  }

  /** Leaves the line as it stands: what is written next starts on a line of its own. */
  end(): void {
    if (this.drawn) this.screen.write('\n');
    this.drawn = false;
  }
}

/** `orbit 1/1 ━━━━──── 42%  frames 310  kept 120  …  Svalbard`; the station gives way, then the bar, so that it fits. */
export function progressText(progress: Progress, screen: Screen): string {
  const { percent, orbit, orbits, frames, kept, passes, queue, station } = progress;
  const head = `orbit ${orbit}/${orbits} `;
  const figures = ` ${String(Math.floor(percent)).padStart(3)}%  frames ${frames}  kept ${kept}  passes ${passes}  queue ${queue}`;
  const room = WIDTH - head.length - figures.length;
  const width = Math.max(0, Math.min(BAR_WIDTH, room));
  const view = station === undefined || room - width < station.length + 2 ? '' : `  ${station}`;
  const done = Math.round((width * Math.min(100, Math.max(0, percent))) / 100);
  const bar = paint(screen, 'cyan', '━'.repeat(done)) + paint(screen, 'dim', '─'.repeat(width - done));
  return `${head}${bar}${figures}${paint(screen, 'green', view)}`;
}
