import { Injectable } from '@nestjs/common';
import { type Awaitable, whenThere } from '../../awaitable.js';
import { type Read, TieredCache } from '../../cache/tiered-cache.js';
import { Clock } from '../../config/clock.js';
import { RefreshTokenMint } from '../refresh-token/refresh-token-mint.js';
import { importedTokenHash, parseRefreshToken, type TokenPosition } from '../refresh-token/refresh-token.js';
import { changed, type Session, type SessionChange } from './session.js';
import { SessionStore } from './session.store.js';

/** A session found by one of its tokens, and which of them it was. */
export interface PresentedSession {
  readonly read: Read<Session>;
  readonly presented: TokenPosition;
}

/** For how long it is believed which session an imported token stands for: it may be imported again once that is gone. */
const IMPORTED_MS = 10 * 60_000;

/** A token issued elsewhere stands for the first of its family. */
const IMPORTED: TokenPosition = { generation: 0, branch: 0 };

/** Reads sessions: from the nearest copy, or from the database where a copy must not be the judge. */
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
    return whenThere(peeked, (known) => known ?? this.committed(ownerId, id));
  }

  committed(ownerId: string, id: string): Promise<Read<Session> | null> {
    return this.cache.loadAlone(sessionKey(ownerId, id), () => this.store.find(ownerId, id));
  }

  /** Keeps what a compare-and-set has just made of the session; it was asked for at `began`. */
  keep(session: Session, change: SessionChange, began: number): void {
    const key = sessionKey(session.ownerId, session.id);
    this.cache.keep(key, changed(session, change), this.clock.now(), began);
  }

  /** To be called when sessions have changed otherwise. */
  forget(ownerId: string, ...ids: readonly string[]): Promise<void> {
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
      // A forged token of a family at hand is to take as long as one of a family that is not.
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
