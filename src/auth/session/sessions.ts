import { Injectable } from '@nestjs/common';
import { type Awaitable, andThen } from '../../awaitable.js';
import { type Read, TieredCache } from '../../cache/tiered-cache.js';
import { Clock } from '../../config/clock.js';
import { Topic } from '../../diagnostics/topic.js';
import { RefreshTokenMint } from '../refresh-token/refresh-token-mint.js';
import { importedTokenHash, parseRefreshToken, type TokenPosition } from '../refresh-token/refresh-token.js';
import { changed, type Session, type SessionChange } from './session.js';
import { SessionStore } from './session.store.js';

/** A session found by one of its tokens, and which of them it was. */
export interface PresentedSession {
  readonly read: Read<Session>;
  readonly presented: TokenPosition;
}

/** How long the session of an imported token is cached; after its deletion the token may be imported again. */
const IMPORTED_MS = 10 * 60_000;

/** Sessions of this project were changed or ended in this process. What other processes do is not published here. */
export const changedSessions = new Topic<string>('bo-auth:session-change');

/** A token issued elsewhere stands for the first of its family. */
const IMPORTED: TokenPosition = { generation: 0, branch: 0 };

/** Reads sessions from the nearest copy, or from the database if a copy must not decide. */
@Injectable()
export class Sessions {
  constructor(
    private readonly store: SessionStore,
    private readonly cache: TieredCache,
    private readonly mint: RefreshTokenMint,
    private readonly clock: Clock,
  ) {}

  /** By a refresh token, from the nearest copy that is no older than `maxAgeMs`. */
  findNearest(ownerId: string, token: string, maxAgeMs: number): Promise<PresentedSession | null> {
    return this.findBy(token, ownerId, (id) => this.nearest(ownerId, id, maxAgeMs));
  }

  /** By a refresh token, as the database has it now. */
  findCommitted(ownerId: string, token: string): Promise<PresentedSession | null> {
    return this.findBy(token, ownerId, (id) => this.committed(ownerId, id));
  }

  /** From a copy that is no older than `maxAgeMs`, else from the database. */
  nearest(ownerId: string, id: string, maxAgeMs: number): Awaitable<Read<Session> | null> {
    const peeked = this.cache.peek<Session>(sessionKey(ownerId, id), maxAgeMs);
    return andThen(peeked, (known) => known ?? this.committed(ownerId, id));
  }

  committed(ownerId: string, id: string): Promise<Read<Session> | null> {
    return this.cache.loadFresh(sessionKey(ownerId, id), () => this.store.find(ownerId, id));
  }

  /** Caches the session after a successful compare-and-set that started at `began`. */
  keep(session: Session, change: SessionChange, began: number): void {
    const key = sessionKey(session.ownerId, session.id);
    this.cache.keep(key, changed(session, change), this.clock.now(), began);
  }

  /** Drops cached copies; call this after any other change. */
  forget(ownerId: string, ...ids: readonly string[]): Promise<void> {
    if (ids.length > 0) changedSessions.publish(ownerId);
    return this.cache.drop(...ids.map((id) => sessionKey(ownerId, id)));
  }

  private async findBy(
    token: string,
    ownerId: string,
    read: (id: string) => Awaitable<Read<Session> | null>,
  ): Promise<PresentedSession | null> {
    const parsed = parseRefreshToken(token);
    if (parsed !== null) {
      const found = await read(parsed.familyId);
      if (found !== null && this.mint.verify(found.value, parsed)) return { read: found, presented: parsed };
      // A forged token must take equally long whether or not its family is cached.
      if (found?.cacheType === 'local') await this.store.find(ownerId, parsed.familyId);
    }
    const tokenHash = importedTokenHash(token);
    const id = await this.cache.read(`${ownerId}/imported/${tokenHash}`, IMPORTED_MS, () =>
      this.store.findImported(ownerId, tokenHash),
    );
    const found = id === null ? null : await read(id.value);
    return found?.value.importedTokenHash === tokenHash ? { read: found, presented: IMPORTED } : null;
  }
}

/** The tenant's characters exclude `/`. */
function sessionKey(ownerId: string, id: string): string {
  return `${ownerId}/session/${id}`;
}
