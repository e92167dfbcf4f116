import { createCache } from 'cache-manager';
import { setImmediate } from 'node:timers/promises';
import type { AuthEvent } from '../../src/audit/auth-event.js';
import { RefreshTokenMint } from '../../src/auth/refresh-token/refresh-token-mint.js';
import type {
  EndReason,
  NewSession,
  SeenSession,
  Session,
  SessionChange,
} from '../../src/auth/session/session.js';
import { type Opening, type SessionLimits, SessionStore } from '../../src/auth/session/session.store.js';
import { Sessions } from '../../src/auth/session/sessions.js';
import { ChangeLog } from '../../src/cache/change-log.js';
import { LocalTier } from '../../src/cache/local-tier.js';
import { RedisLink } from '../../src/cache/redis-link.js';
import { RedisTier } from '../../src/cache/redis-tier.js';
import { TieredCache } from '../../src/cache/tiered-cache.js';
import { Clock } from '../../src/config/clock.js';
import { loadConfig } from '../../src/config/config.js';
import type { SqlDatabase } from '../../src/database/sql-database.js';

/** A strictly increasing clock that never runs ahead of Redis's clock, which dates the copies there. */
class UnhurriedClock extends Clock {
  private readonly begun = Date.now();
  private asked = 0;

  override now(): number {
    return this.begun + ++this.asked / 1000;
  }
}

/**
 * A store behind the product's cache tiers: reads go through {@link Sessions}, which is notified of every change as in
 * the product. Every answer from a tier must equal that of the store.
 */
export class TieredSessionStore extends SessionStore {
  /** Number of answers from the tier. */
  answeredByTier = 0;
  private readonly known = new Map<string, Set<string>>();

  private constructor(
    private readonly store: SessionStore,
    /** Notified of every change. */
    private readonly sessions: Sessions,
    /** The same object, or that of another process, which sees changes only through the copies in Redis. */
    private readonly reader: Sessions,
    private readonly readerLocal: LocalTier,
    private readonly link: RedisLink,
    private readonly clock: Clock,
    private readonly tier: 'local' | 'redis',
  ) {
    super();
  }

  /** @param redisUrl if set, the Redis tier answers and the local one is bypassed */
  static async before(store: SessionStore, redisUrl: string | null): Promise<TieredSessionStore> {
    const config = loadConfig({ NODE_ENV: 'test', ...(redisUrl !== null && { REDIS_URL: redisUrl }) });
    const clock = new UnhurriedClock();
    const link = new RedisLink(config, clock);
    const mint = new RefreshTokenMint(config);
    const database = { kind: 'sqlite' } as SqlDatabase;
    const sessionsOn = (local: LocalTier) => {
      const tier = new RedisTier(config, link);
      const cache = createCache({ stores: [tier.keyv] });
      return new Sessions(
        store,
        new TieredCache(local, cache, tier, database, clock, new ChangeLog(database, clock)),
        mint,
        clock,
      );
    };
    const local = new LocalTier();
    const sessions = sessionsOn(local);
    const readerLocal = redisUrl === null ? local : new LocalTier();
    const reader = redisUrl === null ? sessions : sessionsOn(readerLocal);
    await link.onModuleInit();
    const tier = redisUrl === null ? 'local' : 'redis';
    return new TieredSessionStore(store, sessions, reader, readerLocal, link, clock, tier);
  }

  close(): Promise<void> {
    return this.link.onApplicationShutdown();
  }

  /** Call after changing rows that the sessions of a project depend on, such as users. */
  async forgetAll(ownerId: string): Promise<void> {
    await this.sessions.forget(ownerId, ...(this.known.get(ownerId) ?? []));
  }

  override async find(ownerId: string, sessionId: string): Promise<Session | null> {
    // The first read fills the tier if needed; the second must come from it.
    await this.nearest(ownerId, sessionId);
    const read = await this.nearest(ownerId, sessionId);
    if (read?.cacheType === this.tier) this.answeredByTier++;
    return read?.value ?? null;
  }

  override async open(session: NewSession, limits: SessionLimits, event: AuthEvent): Promise<Opening> {
    const known = this.known.get(session.ownerId) ?? new Set();
    this.known.set(session.ownerId, known.add(session.id));
    const opening = await this.store.open(session, limits, event);
    if (opening.kind === 'opened') await this.sessions.forget(session.ownerId, ...opening.replaced);
    return opening;
  }

  override async move(seen: SeenSession, next: SessionChange, event: AuthEvent | null): Promise<boolean> {
    const began = this.clock.now();
    const moved = await this.store.move(seen, next, event);
    // A holder of the tip has seen the whole session.
    if (moved) this.sessions.keep(seen as Session, next, began);
    else await this.sessions.forget(seen.ownerId, seen.id);
    return moved;
  }

  override async end(
    seen: SeenSession,
    reason: EndReason,
    now: number,
    event: AuthEvent | null,
  ): Promise<boolean> {
    const ended = await this.store.end(seen, reason, now, event);
    await this.sessions.forget(seen.ownerId, seen.id);
    return ended;
  }

  override async endOthers(keep: Session, now: number, event: AuthEvent): Promise<readonly string[]> {
    const ended = await this.store.endOthers(keep, now, event);
    await this.sessions.forget(keep.ownerId, ...ended);
    return ended;
  }

  override async endAll(
    ownerId: string,
    userId: string,
    reason: EndReason,
    now: number,
    event: AuthEvent,
  ): Promise<readonly string[]> {
    const ended = await this.store.endAll(ownerId, userId, reason, now, event);
    await this.sessions.forget(ownerId, ...ended);
    return ended;
  }

  /** Needs no notification: copies of expired sessions are refused as expired anyway. */
  override async purge(before: number, limit: number): Promise<number> {
    const purged = await this.store.purge(before, limit);
    for (const ownerId of this.known.keys()) await this.forgetAll(ownerId);
    return purged;
  }

  override findImported(ownerId: string, tokenHash: string): Promise<string | null> {
    return this.store.findImported(ownerId, tokenHash);
  }

  override list(...args: Parameters<SessionStore['list']>): Promise<readonly Session[]> {
    return this.store.list(...args);
  }

  private async nearest(ownerId: string, sessionId: string) {
    if (this.tier === 'redis') {
      this.readerLocal.clear();
      // The copy was sent to Redis before this read.
      await setImmediate();
    }
    return this.reader.nearest(ownerId, sessionId, Infinity);
  }
}
