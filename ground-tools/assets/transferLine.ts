import { paint, type Screen } from '../cli/screen';

const BAR_WIDTH = 20;

/** How far a download is: one line that is redrawn on a terminal, elsewhere a line for each fifth. */
export class TransferLine {
  private drawn = false;
  private fifths = 0;

  constructor(
    private readonly screen: Screen,
    private readonly name: string,
  ) {}

  show(bytes: number, total: number | undefined): void {
    const share = total ? Math.min(1, bytes / total) : 0;
    const figures = `${megabytes(bytes)}${total ? ` of ${megabytes(total)}` : ''} MB`;
    if (this.screen.isTTY) {
      const done = Math.round(share * BAR_WIDTH);
      const bar = `${paint(this.screen, 'cyan', '━'.repeat(done))}${paint(this.screen, 'dim', '─'.repeat(BAR_WIDTH - done))}`;
      this.screen.write(`\r${this.name}  ${total ? bar : ''} ${figures}\x1b[K`);
      this.drawn = true;
      return;
    }
    const fifths = Math.floor(share * 5);
    if (fifths <= this.fifths) return;
    this.fifths = fifths;
    this.screen.write(`${this.name}  ${figures}\n`);
  }

  /** Takes the line away again: what is written next says how it ended. */
  end(): void {
    if (this.drawn) this.screen.write('\r\x1b[K');
    this.drawn = false;
  }
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
