import { Cache } from '@nestjs/cache-manager';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../config/clock.js';
import { SqlDatabase } from '../database/sql-database.js';
import type { Provenance } from './provenance.js';
import { type Awaitable, whenThere } from '../awaitable.js';
import { LocalTier } from './local-tier.js';
import { type Copy, RedisTier } from './redis-tier.js';
import { tierReading, tierReads } from './tier-report.js';

/** What was read, and from where. */
export interface Read<T> extends Provenance {
  readonly value: T;
}

/** How long Redis keeps a copy at all; how old it may be to be believed is the reader's to say. */
const KEEP_MS = 10 * 60_000;

/**
 * Read-through copies in front of the database, nearest tier first.
 *
 * The tiers are for reading alone: nothing here decides a rotation or a revocation. A tier that fails is a tier
 * that does not know. Only what exists is kept, so that nobody can fill a tier with names of his own invention.
 */
@Injectable()
export class TieredCache {
  private readonly hasRedis: boolean;
  private readonly loading = new Map<string, Promise<Read<unknown> | null>>();
  /** When keys were dropped, so that no reader who began before brings one back. */
  private readonly dropped = new LRUCache<string, number>({ max: 10_000 });
  /** When all were. */
  private clearedAt = -Infinity;

  constructor(
    private readonly local: LocalTier,
    private readonly cache: Cache,
    private readonly redis: RedisTier,
    private readonly database: SqlDatabase,
    private readonly clock: Clock,
  ) {
    this.hasRedis = redis.isConfigured;
    redis.listen(
      (keys) => this.forget(keys),
      () => this.clear(),
    );
  }

  /**
   * @param key begins with the tenant, and holds no token in the clear
   * @param maxAgeMs a copy older than this is not believed
   * @param load asks the database
   */
  read<T>(key: string, maxAgeMs: number, load: () => Promise<T | null>): Awaitable<Read<T> | null> {
    return whenThere(this.peek<T>(key, maxAgeMs), (known) => known ?? this.load(key, load));
  }

  /** Asks the tiers alone, the nearest first; what a further one knows the nearer then knows too. */
  peek<T>(key: string, maxAgeMs: number): Awaitable<Read<T> | null> {
    const { local } = this;
    const near = tierReading.run({ tier: 'local' }, () => local.get<T>(key));
    if (near !== undefined && isBelieved(near, this.clock.now(), maxAgeMs)) {
      tierReads.publish('local');
      return { value: near.value, readAt: near.readAt, cacheType: 'local' };
    }
    return this.hasRedis ? this.peekRedis(key, maxAgeMs) : null;
  }

  private async peekRedis<T>(key: string, maxAgeMs: number): Promise<Read<T> | null> {
    const now = this.clock.now();
    const held = await tierReading.run({ tier: 'redis' }, () => this.cache.get<Copy<T>>(key));
    if (held === undefined || !isBelieved(held, now, maxAgeMs)) return null;
    // Two clocks agree only so far: a copy is never younger than new.
    const copy = { value: held.value, readAt: Math.min(held.readAt, now) };
    if (this.isOutdated(key, copy.readAt)) return null;
    this.local.set(key, copy);
    tierReads.publish('redis');
    return { ...copy, cacheType: 'redis' };
  }

  /** Asks the database, once for all who ask at the same time, and keeps the answer. */
  load<T>(key: string, load: () => Promise<T | null>): Promise<Read<T> | null> {
    const underWay = this.loading.get(key) as Promise<Read<T> | null> | undefined;
    if (underWay !== undefined) return underWay;
    const loading = this.loadAlone(key, load).finally(() => {
      if (this.loading.get(key) === loading) this.loading.delete(key);
    });
    this.loading.set(key, loading);
    return loading;
  }

  /** As {@link load}, but never joins a question that was asked earlier: for judging, not for showing. */
  async loadAlone<T>(key: string, load: () => Promise<T | null>): Promise<Read<T> | null> {
    const readAt = this.clock.now();
    const tier = this.database.kind;
    const value = await tierReading.run({ tier }, load);
    tierReads.publish(tier);
    if (value === null) return null;
    this.keep(key, value, readAt);
    return { value, readAt, cacheType: tier };
  }

  /**
   * Keeps what the caller has read from the database at `readAt`, or durably written to it by then.
   *
   * @param began when he asked the database: what was dropped since is not kept
   */
  keep(key: string, value: unknown, readAt: number, began = readAt): void {
    if (this.isOutdated(key, began)) return;
    const copy: Copy<unknown> = { value, readAt };
    // Nobody waits for Redis to know it. What is sent to it arrives in this order, so a later drop comes after.
    if (this.hasRedis) void this.cache.set(key, copy, KEEP_MS);
    this.local.set(key, copy);
  }

  /** Forgets copies that are no longer true, here and in all other processes that can be told. */
  async drop(...keys: readonly string[]): Promise<void> {
    this.forget(keys);
    await this.redis.drop(keys);
  }

  /** A slow read must not bring back what was dropped after it began. */
  private isOutdated(key: string, readAt: number): boolean {
    return readAt <= Math.max(this.clearedAt, this.dropped.get(key) ?? -Infinity);
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

/** A copy from the future was read before the clock was set back: its age is unknown. */
function isBelieved({ readAt }: Copy<unknown>, now: number, maxAgeMs: number): boolean {
  return Math.abs(now - readAt) <= maxAgeMs;
}
