const WIDTH = 30;
const EVERY_MS = 100;

/** A progress bar on standard error; by default only if that is a terminal. */
export class ProgressBar {
  private drawnAt = 0;

  constructor(
    private readonly unit: string,
    private readonly shows = process.stderr.isTTY,
  ) {}

  /** @param share 0 to 1; `null`: unknown */
  update(share: number | null, count: number): void {
    const now = performance.now();
    if (!this.shows || now - this.drawnAt < EVERY_MS) return;
    this.drawnAt = now;
    this.draw(share, count);
  }

  finish(count: number): void {
    if (!this.shows) return;
    this.draw(1, count);
    process.stderr.write('\n');
  }

  private draw(share: number | null, count: number): void {
    const full = Math.round(WIDTH * Math.min(1, share ?? 0));
    const bar = `[${'#'.repeat(full)}${'-'.repeat(WIDTH - full)}]`;
    const percent = share === null ? '' : ` ${Math.floor(share * 100)} %`;
    process.stderr.write(`\r${bar}${percent}  ${count.toLocaleString('en')} ${this.unit}  `);
  }
}
