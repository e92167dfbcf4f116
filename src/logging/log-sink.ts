import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Topic } from '../diagnostics/topic.js';

/** Published for each line that was dropped because the log could not be written. */
export const droppedLines = new Topic<null>('bo-auth:log-line-dropped');

/** What is kept while the log cannot be written, in bytes: some 10,000 lines. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;
const FLUSH_MS = 100;
const RETRY_MS = 25;
/** How long the end of the process waits for a reader that is slow, in ms. */
const LAST_FLUSH_MS = 1_000;

export interface LogSinkOptions {
  /** Lines are gathered up to this size: a system call for each would be 14 of the 17 µs that a line costs. */
  readonly gatherBytes: number;
  /** Called when lines can be written again after some were dropped. */
  readonly onResume: (dropped: number) => void;
}

/**
 * Writes lines to a descriptor that never blocks, so that a stalled reader or a full disk does not stop the process.
 * Lines that cannot be written are kept up to a limit; those beyond it are dropped and counted.
 *
 * Not a worker thread or `sonic-boom`: a thread that is blocked in a write to a pipe would keep the process from
 * exiting, and `flushSync` of sonic-boom repeats forever on a full disk.
 */
export class LogSink {
  /** Parts in front of `gathered`, the first perhaps written in part. */
  private readonly waiting: Buffer[] = [];
  private waitingBytes = 0;
  private gathered = '';
  private gatheredBytes = 0;
  private isStalled = false;
  private dropped = 0;

  constructor(
    private readonly descriptor: number,
    private readonly options: LogSinkOptions,
  ) {
    setInterval(() => this.flush(), FLUSH_MS).unref();
    process.on('exit', () => this.flushForLastTime());
  }

  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.waitingBytes + this.gatheredBytes + bytes > MAX_KEPT_BYTES) {
      this.dropped++;
      droppedLines.publish(null);
      return;
    }
    // A part stays below the limit, so that lines of several processes on one pipe do not interleave.
    if (this.gatheredBytes + bytes > this.options.gatherBytes) this.flush();
    this.gathered += line;
    this.gatheredBytes += bytes;
  }

  private flush(): void {
    if (this.gatheredBytes > 0) {
      this.waiting.push(Buffer.from(this.gathered));
      this.waitingBytes += this.gatheredBytes;
      this.gathered = '';
      this.gatheredBytes = 0;
    }
    if (this.isStalled) return;
    if (this.writeWaiting() !== null) {
      this.isStalled = true;
      setTimeout(() => {
        this.isStalled = false;
        this.flush();
      }, RETRY_MS).unref();
    } else if (this.dropped > 0) {
      const { dropped } = this;
      this.dropped = 0;
      this.options.onResume(dropped);
    }
  }

  /** @returns the code of the error that ended it, or `null` if all was written */
  private writeWaiting(): string | null {
    for (let [part] = this.waiting; part !== undefined; [part] = this.waiting) {
      try {
        const written = writeSync(this.descriptor, part);
        this.waitingBytes -= written;
        if (written === part.length) this.waiting.shift();
        else this.waiting[0] = part.subarray(written);
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
      }
    }
    return null;
  }

  private flushForLastTime(): void {
    const until = performance.now() + LAST_FLUSH_MS;
    this.flush();
    const pause = new Int32Array(new SharedArrayBuffer(4));
    while (this.writeWaiting() === 'EAGAIN' && performance.now() < until) Atomics.wait(pause, 0, 0, RETRY_MS);
  }
}

/** Standard output as a descriptor whose writes fail with `EAGAIN` where they would block. */
export function standardOutput(): number {
  const { O_WRONLY, O_NONBLOCK } = constants;
  try {
    const kind = fstatSync(1);
    // Opened anew, so that the other processes on the same pipe or terminal keep a descriptor that blocks.
    if (kind.isFIFO() || kind.isCharacterDevice()) return openSync('/proc/self/fd/1', O_WRONLY | O_NONBLOCK);
  } catch {
    // No /proc, or the pipe belongs to another user.
  }
  // For a pipe or a socket, the getter sets O_NONBLOCK on descriptor 1.
  void process.stdout;
  return 1;
}
