import { Cache } from '@nestjs/cache-manager';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../config/clock.js';
import { SqlDatabase } from '../database/sql-database.js';
import type { Provenance } from './provenance.js';
import { type Awaitable, andThen } from '../awaitable.js';
import { ChangeLog, type Watch } from './change-log.js';
import { type LocalCopy, LocalTier } from './local-tier.js';
import { type Copy, RedisTier } from './redis-tier.js';
import { STALENESS_MS } from './staleness.js';
import { tierReading, tierReads } from './tier-report.js';

/** A value and where it was read from. */
export interface Read<T> extends Provenance {
  readonly value: T;
}

/** For projects and users: a copy is used until the {@link ChangeLog} names it, and without the log {@link STALENESS_MS}. */
export const UNTIL_CHANGED = 'until-changed';

/** In ms: a copy older than this is not used. */
export type MaxAge = number | typeof UNTIL_CHANGED;

/** How long Redis keeps a copy. How old a copy may be to be used is up to each reader. */
const KEEP_MS = 10 * 60_000;

/**
 * Read-through copies in front of the database, nearest tier first.
 *
 * For reading only: nothing here decides a rotation or a revocation. A tier that fails counts as a miss. Only rows that
 * exist are kept, so that nobody can fill a tier with invented names.
 */
@Injectable()
export class TieredCache {
  private readonly hasRedis: boolean;
  private readonly loading = new Map<string, Promise<Read<unknown> | null>>();
  /** When keys were dropped, so that a read that began earlier does not bring one back. */
  private readonly dropped = new LRUCache<string, number>({ max: 10_000 });
  /** When all keys were dropped. */
  private clearedAt = -Infinity;

  constructor(
    private readonly local: LocalTier,
    private readonly cache: Cache,
    private readonly redis: RedisTier,
    private readonly database: SqlDatabase,
    private readonly clock: Clock,
    private readonly changes: ChangeLog,
  ) {
    this.hasRedis = redis.isConfigured;
    redis.listen(
      (keys) => this.forget(keys),
      () => this.clear(),
    );
    changes.listen((keys) => this.forget(keys));
  }

  /**
   * @param key begins with the tenant, and holds no token in the clear
   * @param load reads the database
   */
  read<T>(key: string, maxAge: MaxAge, load: () => Promise<T | null>): Awaitable<Read<T> | null> {
    return andThen(this.peek<T>(key, maxAge), (known) => known ?? this.load(key, load));
  }

  /** Asks the tiers only, nearest first. A copy found in Redis is kept in the local tier too. */
  peek<T>(key: string, maxAge: MaxAge): Awaitable<Read<T> | null> {
    const { local } = this;
    const near = tierReading.run({ tier: 'local' }, () => local.get<T>(key));
    if (near !== undefined && this.isUsable(near, maxAge)) return answer(near);
    if (near !== undefined && maxAge === UNTIL_CHANGED) return this.peekChecked(key);
    return this.hasRedis ? this.peekRedis(key, maxAge === UNTIL_CHANGED ? STALENESS_MS : maxAge) : null;
  }

  /** Where only a check of the log can tell whether the copy is still valid. */
  private async peekChecked<T>(key: string): Promise<Read<T> | null> {
    await this.changes.check();
    const near = this.local.get<T>(key);
    if (near !== undefined && this.isUsable(near, UNTIL_CHANGED)) return answer(near);
    return this.hasRedis ? this.peekRedis(key, STALENESS_MS) : null;
  }

  private isUsable(near: LocalCopy<unknown>, maxAge: MaxAge): boolean {
    if (maxAge !== UNTIL_CHANGED) return isFresh(near, this.clock.now(), maxAge);
    if (near.watch !== null) return this.changes.vouchesFor(near.watch);
    return isFresh(near, this.clock.now(), STALENESS_MS);
  }

  private async peekRedis<T>(key: string, maxAgeMs: number): Promise<Read<T> | null> {
    const now = this.clock.now();
    const held = await tierReading.run({ tier: 'redis' }, () => this.cache.get<Copy<T>>(key));
    if (held === undefined || !isFresh(held, now, maxAgeMs)) return null;
    // Clocks differ: a copy must not appear to be from the future.
    const copy = { value: held.value, readAt: Math.min(held.readAt, now) };
    if (this.isOutdated(key, copy.readAt)) return null;
    this.local.set(key, { ...copy, watch: null });
    tierReads.publish('redis');
    return { ...copy, cacheType: 'redis' };
  }

  /** Reads the database, once for all concurrent callers, and keeps the result. */
  load<T>(key: string, load: () => Promise<T | null>): Promise<Read<T> | null> {
    const underWay = this.loading.get(key) as Promise<Read<T> | null> | undefined;
    if (underWay !== undefined) return underWay;
    const loading = this.loadFresh(key, load).finally(() => {
      if (this.loading.get(key) === loading) this.loading.delete(key);
    });
    this.loading.set(key, loading);
    return loading;
  }

  /** As {@link load}, but never joins a read that began earlier: for decisions, not for display. */
  async loadFresh<T>(key: string, load: () => Promise<T | null>): Promise<Read<T> | null> {
    const watch = this.changes.watch();
    const readAt = watch.began.wall;
    const tier = this.database.kind;
    const value = await tierReading.run({ tier }, load);
    tierReads.publish(tier);
    if (value === null) return null;
    this.keep(key, value, readAt, readAt, watch);
    return { value, readAt, cacheType: tier };
  }

  /**
   * Keeps what the caller read from the database at `readAt`, or had durably written to it by then.
   *
   * @param began when the caller asked the database: a key dropped since then is not kept
   * @param watch begun before the caller asked the database
   */
  keep(key: string, value: unknown, readAt: number, began = readAt, watch: Watch | null = null): void {
    if (this.isOutdated(key, began)) return;
    // Not awaited. Commands arrive in the order in which they are sent, so a later drop comes after.
    if (this.hasRedis) void this.cache.set(key, { value, readAt } satisfies Copy<unknown>, KEEP_MS);
    const isWatched = watch !== null && this.isSettled(key, readAt) && this.changes.isUnbroken(watch);
    this.local.set(key, { value, readAt, watch: isWatched ? watch : null });
  }

  /** Drops copies that are no longer valid, here and in every other process that can be reached. */
  async drop(...keys: readonly string[]): Promise<void> {
    this.forget(keys);
    await this.redis.drop(keys);
  }

  /** Whether the key was dropped after the read began: a slow read must not bring it back. */
  private isOutdated(key: string, readAt: number): boolean {
    return readAt <= Math.max(this.clearedAt, this.dropped.get(key) ?? -Infinity);
  }

  /** A row read soon after a change may have come from a replica that lags. */
  private isSettled(key: string, readAt: number): boolean {
    return (this.dropped.get(key) ?? -Infinity) < readAt - STALENESS_MS;
  }

  private forget(keys: readonly string[]): void {
    const now = this.clock.now();
    for (const key of keys) {
      this.dropped.set(key, now);
      this.loading.delete(key);
      this.local.delete(key);
    }
  }

  private clear(): void {
    this.clearedAt = this.clock.now();
    this.loading.clear();
    this.local.clear();
  }
}

function answer<T>({ value, readAt }: LocalCopy<T>): Read<T> {
  tierReads.publish('local');
  return { value, readAt, cacheType: 'local' };
}

/** A copy from the future was read before the clock was set back, so its age is unknown. */
function isFresh({ readAt }: Copy<unknown>, now: number, maxAgeMs: number): boolean {
  return Math.abs(now - readAt) <= maxAgeMs;
}
