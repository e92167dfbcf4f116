import { type Feed, type FeedAnswer, FeedError } from './feed.js';
import { type Host, sleep } from './host.js';
import type { Revocations } from './revocations.js';

export interface FollowerOptions {
  readonly maxStaleSeconds: number;
  readonly onError: (error: Error) => void;
  readonly onStale: () => void;
  readonly onRecovered: () => void;
}

/** The most entries of one answer: one with fewer is the whole news, and one with as many is followed by more. */
const PAGE = 1000;
/** The longest that the service holds a request. */
const MAX_WAIT_SECONDS = 30;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;
/** A request that should wait and is answered sooner, without news, is not repeated at once; nor is one with an old cursor. */
const MIN_ROUND_MS = 500;

/** Keeps the revocations up to date, with one request at a time. */
export class FeedFollower {
  private readonly closing = new AbortController();
  private readonly waitSeconds: number;
  private cursor: string | null = null;
  /** When we last knew everything that the feed contains. */
  private completeAt = -Infinity;
  private isStale = false;
  private cancelAlarm: (() => void) | null = null;
  private arrive: () => void = () => undefined;
  /** Resolves when the present state has arrived for the first time. */
  readonly present = new Promise<void>((resolve) => (this.arrive = resolve));

  constructor(
    private readonly feed: Feed,
    private readonly revocations: Revocations,
    private readonly host: Host,
    private readonly options: FollowerOptions,
  ) {
    // So short that one lost answer does not make the last one too old.
    this.waitSeconds = Math.min(MAX_WAIT_SECONDS, Math.floor((options.maxStaleSeconds - 5) / 2));
    void this.follow();
  }

  /** Whether the revocations are as recent as required. */
  get isFresh(): boolean {
    return this.host.monotonic() - this.completeAt <= this.options.maxStaleSeconds * 1000;
  }

  get isPresent(): boolean {
    return this.completeAt !== -Infinity;
  }

  close(): void {
    this.closing.abort();
    this.cancelAlarm?.();
  }

  private async follow(): Promise<void> {
    const { signal } = this.closing;
    let failures = 0;
    // The first answers come at once, however little has happened; so do the ones after a failure.
    let waitSeconds = 0;
    while (!signal.aborted) {
      const askedAt = this.host.monotonic();
      try {
        const answer = await this.feed.read(this.cursor, waitSeconds, signal);
        failures = 0;
        const isComplete = answer !== 'gone' && this.take(answer);
        // What is known stays true: a session that has ended does not come back.
        if (answer === 'gone') this.cursor = null;
        if (answer === 'gone' || (isComplete && waitSeconds > 0))
          await sleep(this.host, askedAt + MIN_ROUND_MS - this.host.monotonic());
        waitSeconds = isComplete ? this.waitSeconds : 0;
      } catch (error) {
        if (signal.aborted) return;
        this.options.onError(error as Error);
        waitSeconds = 0;
        await sleep(this.host, delayMs(failures++, error));
      }
    }
  }

  /** @returns whether we now know everything that the feed contains */
  private take(answer: FeedAnswer): boolean {
    this.revocations.add(answer, this.host.now());
    this.cursor = answer.cursor;
    if (answer.ended.length + answer.users.length >= PAGE) return false;
    this.completeAt = this.host.monotonic();
    this.arrive();
    if (this.isStale) this.options.onRecovered();
    this.isStale = false;
    this.cancelAlarm?.();
    this.cancelAlarm = this.host.after(this.options.maxStaleSeconds * 1000, () => {
      this.isStale = true;
      this.options.onStale();
    });
    return true;
  }
}

/** Grows with each failure, and differs between processes, so that they do not all return at once. */
function delayMs(failures: number, error: unknown): number {
  const limit = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 10));
  const backOff = limit / 2 + (Math.random() * limit) / 2;
  return backOff + (error instanceof FeedError ? error.retryAfterMs : 0);
}
