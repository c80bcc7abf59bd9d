import type { Progress } from '../../fsw/flight';
import { paint, type Screen } from './screen';

const BAR_WIDTH = 20;

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

/** At most 79 columns, so that no terminal wraps it: `orbit 1/1 ━━━━──── 42 %  frames 310  kept 120  …`. */
export function progressText(progress: Progress, screen: Screen): string {
  const { percent, orbit, orbits, frames, kept, passes, queue, station } = progress;
  const done = Math.round((BAR_WIDTH * Math.min(100, Math.max(0, percent))) / 100);
  const bar = paint(screen, 'cyan', '━'.repeat(done)) + paint(screen, 'dim', '─'.repeat(BAR_WIDTH - done));
  const head = `orbit ${orbit}/${orbits} `;
  const figures = ` ${String(Math.floor(percent)).padStart(3)} %  frames ${frames}  kept ${kept}  passes ${passes}  queue ${queue}`;
  const room = 79 - head.length - BAR_WIDTH - figures.length - 2;
  const view = station !== undefined && room >= station.length ? paint(screen, 'green', `  ${station}`) : '';
  return `${head}${bar}${figures}${view}`;
}
