import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { RevocationFeed } from '../../auth/revocation-feed/revocation-feed.js';
import { changedSessions } from '../../auth/session/sessions.js';

/** How often the feeds are looked at for entries of other processes, in ms. */
const LOOK_MS = 300;
/** A waiting request is answered no sooner, so that a reader of a busy project reads many entries with each request. */
const AT_LEAST_MS = 250;
/** Whoever finds no place is answered after {@link AT_LEAST_MS}, so that no reader can shut out another. */
const MAX_PER_CLIENT = 100;
const MAX_WAITERS = 1000;

/** Where a reader of a feed stands. */
export interface FeedPlace {
  readonly ownerId: string;
  readonly clientId: string;
  /** The number of the last entry that was read. */
  readonly seq: number;
}

interface Waiter extends FeedPlace {
  readonly notBefore: number;
  /** Ends the waiting, with an error if there is one. */
  readonly end: (error?: unknown) => void;
}

/**
 * The requests of this process that wait for the next entry of a feed. One query for all of them looks at the feeds: at
 * once when a session is ended in this process, and every {@link LOOK_MS} for what other processes do. It runs only while
 * a request waits.
 */
@Injectable()
export class FeedWaiters implements OnModuleDestroy {
  private readonly waiters = new Set<Waiter>();
  private readonly unsubscribe = changedSessions.subscribe((ownerId) => {
    for (const waiter of this.waiters) if (waiter.ownerId === ownerId) return this.look();
  });
  private timer: NodeJS.Timeout | undefined;
  private isLooking = false;
  private lookAgain = false;
  private isEnding = false;

  constructor(private readonly feed: RevocationFeed) {}

  get count(): number {
    return this.waiters.size;
  }

  /**
   * Waits until the feed is no longer where the reader stands, for at most `ms`, or until the client disconnects or the
   * process ends. Where too many wait already, it waits for no longer than a moment.
   *
   * @throws UNAVAILABLE if the feed cannot be looked at
   */
  async wait(place: FeedPlace, ms: number, disconnection: AbortSignal): Promise<void> {
    if (this.isEnding || disconnection.aborted) return;
    const ofClient = [...this.waiters].filter(
      ({ ownerId, clientId }) => ownerId === place.ownerId && clientId === place.clientId,
    );
    if (ofClient.length >= MAX_PER_CLIENT || this.waiters.size >= MAX_WAITERS) {
      await sleep(Math.min(ms, AT_LEAST_MS), undefined, { signal: disconnection }).catch(() => undefined);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const end = (error?: unknown): void => {
        if (!this.waiters.delete(waiter)) return;
        for (const timer of timers) clearTimeout(timer);
        disconnection.removeEventListener('abort', leave);
        if (this.waiters.size === 0) clearInterval(this.timer);
        if (error === undefined) resolve();
        else reject(error);
      };
      const leave = (): void => end();
      const waiter: Waiter = { ...place, notBefore: performance.now() + AT_LEAST_MS, end };
      // One millisecond more, as a timer may be early.
      const timers = [setTimeout(leave, ms), setTimeout(() => this.look(), AT_LEAST_MS + 1)];
      disconnection.addEventListener('abort', leave);
      if (this.waiters.size === 0) this.timer = setInterval(() => this.look(), LOOK_MS);
      this.waiters.add(waiter);
    });
  }

  /** Answers all, and lets nobody wait any more: the process is about to end. */
  end(): void {
    this.isEnding = true;
    for (const waiter of this.waiters) waiter.end();
  }

  onModuleDestroy(): void {
    this.end();
    this.unsubscribe();
  }

  private look(): void {
    this.lookAgain = true;
    if (!this.isLooking) void this.lookWhileAsked();
  }

  private async lookWhileAsked(): Promise<void> {
    this.isLooking = true;
    while (this.lookAgain) {
      this.lookAgain = false;
      await this.endThoseWithNews();
    }
    this.isLooking = false;
  }

  private async endThoseWithNews(): Promise<void> {
    const now = performance.now();
    const waiters = [...this.waiters].filter(({ notBefore }) => notBefore <= now);
    if (waiters.length === 0) return;
    try {
      const heads = await this.feed.heads([...new Set(waiters.map(({ ownerId }) => ownerId))]);
      for (const { ownerId, seq, end } of waiters) if (heads.get(ownerId) !== seq) end();
    } catch (error) {
      for (const { end } of waiters) end(error);
    }
  }
}
