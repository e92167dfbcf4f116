import { type Cache, CACHE_MANAGER } from '@nestjs/cache-manager';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../config/clock.js';
import { SqlDatabase } from '../database/sql-database.js';
import type { Provenance } from '../response/reply.js';
import { tierReading, tierReads } from './tier-report.js';

/** A copy of what the database held. */
interface Copy<T> {
  readonly value: T;
  /** When the database was asked, ms since the epoch. */
  readonly readAt: number;
}

/** What was read, and from where. */
export interface Read<T> extends Provenance {
  readonly value: T;
}

/** How long a copy is kept at all; how old it may be to be believed is the reader's to say. */
const KEEP_MS = 10 * 60_000;

/**
 * Read-through copies in front of the database, nearest tier first.
 *
 * The tiers are for reading alone: nothing here decides a rotation or a revocation. A tier that fails is a tier
 * that does not know. Only what exists is kept, so that nobody can fill a tier with names of his own invention.
 */
@Injectable()
export class TieredCache {
  private readonly loading = new Map<string, Promise<Read<unknown> | null>>();
  private readonly dropped = new LRUCache<string, number>({ max: 10_000 });

  constructor(
    @Inject(CACHE_MANAGER) private readonly cache: Cache,
    private readonly database: SqlDatabase,
    private readonly clock: Clock,
  ) {}

  /**
   * @param key begins with the tenant, and holds no token in the clear
   * @param maxAgeMs a copy older than this is not believed
   * @param load asks the database
   */
  async read<T>(key: string, maxAgeMs: number, load: () => Promise<T | null>): Promise<Read<T> | null> {
    return (await this.peek<T>(key, maxAgeMs)) ?? this.load(key, load);
  }

  /** Asks the tiers alone. */
  async peek<T>(key: string, maxAgeMs: number): Promise<Read<T> | null> {
    const copy = await tierReading.run({ tier: 'local' }, async () =>
      this.cache.stores[0]?.get<Copy<T>>(key),
    );
    // A copy from the future was read before the clock was set back: its age is unknown.
    if (copy === undefined || Math.abs(this.clock.now() - copy.readAt) > maxAgeMs) return null;
    tierReads.tell('local');
    return { value: copy.value, readAt: copy.readAt, cacheType: 'local' };
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
    tierReads.tell(tier);
    if (value === null) return null;
    await this.keep(key, value, readAt);
    return { value, readAt, cacheType: tier };
  }

  /** Keeps what the caller has read from, or durably written to, the database at `readAt`. */
  async keep(key: string, value: unknown, readAt: number): Promise<void> {
    // A slow read must not bring back what was dropped after it began.
    if (readAt <= (this.dropped.get(key) ?? 0)) return;
    const copy: Copy<unknown> = { value, readAt };
    await Promise.all(this.cache.stores.map((tier) => tier.set(key, copy, KEEP_MS)));
  }

  /** Forgets copies that are no longer true. */
  async drop(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      this.dropped.set(key, this.clock.now());
      this.loading.delete(key);
    }
    await Promise.all(this.cache.stores.flatMap((tier) => keys.map((key) => tier.delete(key))));
  }
}
