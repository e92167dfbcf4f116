import { Injectable } from '@nestjs/common';
import { RevocationFeed, type Revocations } from '../../auth/revocation-feed/revocation-feed.js';
import { Clock } from '../../config/clock.js';
import { errors } from '../../response/error/error-catalogue.js';
import { FeedCursors } from './feed-cursors.js';
import { type FeedPlace, FeedWaiters } from './feed-waiters.js';

export interface FeedResponse extends Revocations {
  readonly cursor: string;
}

/** Reads the feed of a project from a cursor on. */
@Injectable()
export class FeedReader {
  constructor(
    private readonly clock: Clock,
    private readonly feed: RevocationFeed,
    private readonly cursors: FeedCursors,
    private readonly waiters: FeedWaiters,
  ) {}

  /** @throws CURSOR_GONE, what {@link FeedWaiters.wait} throws */
  async read(
    { ownerId, clientId }: Omit<FeedPlace, 'seq'>,
    cursor: string | undefined,
    waitMs: number,
    disconnection: AbortSignal,
  ): Promise<FeedResponse> {
    const seq = cursor === undefined ? 0 : this.cursors.read(ownerId, cursor, this.clock.now());
    if (seq === null) throw errors.CURSOR_GONE({ detail: 'invented, of another project, or too old' });
    if (waitMs > 0) await this.waiters.wait({ ownerId, clientId, seq }, waitMs, disconnection);
    const now = this.clock.now();
    const page = await this.feed.read(ownerId, seq, now);
    if (page === null) throw errors.CURSOR_GONE({ detail: 'the feed has not come so far' });
    const { ended, users } = page;
    return { cursor: this.cursors.write(ownerId, page.seq, now), ended, users };
  }
}
