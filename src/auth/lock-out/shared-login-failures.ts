import { Injectable } from '@nestjs/common';
import { RedisLink } from '../../cache/redis-link.js';
import { LoginFailures, type RecordKey, type StoredRecord } from './login-failures.js';
import { RedisLoginFailures } from './redis-login-failures.js';
import { SqlLoginFailures } from './sql-login-failures.js';

/**
 * Failed logins in Redis if one is configured, and in the database if not, or while Redis does not answer: somebody who
 * can disturb Redis gains one more series of guesses, and nobody is kept from signing in.
 *
 * Locks are in both, so that a user who is locked in Redis stays locked when a busy process does not hear from it in time.
 */
@Injectable()
export class SharedLoginFailures extends LoginFailures {
  constructor(
    private readonly link: RedisLink,
    private readonly redis: RedisLoginFailures,
    private readonly sql: SqlLoginFailures,
  ) {
    super();
  }

  override find(key: RecordKey): Promise<string | null> {
    return this.either((store) => store.find(key));
  }

  override async replace(
    key: RecordKey,
    seen: string | null,
    next: StoredRecord | null,
    now: number,
  ): Promise<boolean> {
    const isReplaced = await this.either((store) => store.replace(key, seen, next, now));
    const isLocked = next !== null && next.lockedUntil !== null;
    if (isReplaced && isLocked && this.link.isConfigured) await this.sql.put(key, next);
    return isReplaced;
  }

  override async lockedUsers(ownerId: string, now: number): Promise<string[]> {
    const locked = await this.both((store) => store.lockedUsers(ownerId, now));
    return [...new Set(locked.flat())];
  }

  override async forget(key: RecordKey, userId: string): Promise<void> {
    await this.both((store) => store.forget(key, userId));
  }

  private async either<T>(work: (store: LoginFailures) => Promise<T>): Promise<T> {
    if (!this.link.isAnswering) return work(this.sql);
    return work(this.redis).catch(() => work(this.sql));
  }

  /** A record may be in either, if Redis did not answer meanwhile. */
  private async both<T>(work: (store: LoginFailures) => Promise<T>): Promise<T[]> {
    const inRedis = this.link.isAnswering ? await work(this.redis).catch(() => null) : null;
    const inSql = await work(this.sql);
    return inRedis === null ? [inSql] : [inRedis, inSql];
  }
}
