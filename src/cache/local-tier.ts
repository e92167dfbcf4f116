import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Watch } from './change-log.js';
import type { Copy } from './redis-tier.js';

/** About 1 KiB per entry. */
const MAX_ENTRIES = 100_000;

export interface LocalCopy<T> extends Copy<T> {
  /** Begun before this process read the database; `null` if the copy is not from there. */
  readonly watch: Watch | null;
}

/**
 * This process's own copies, in a bounded LRU cache. Not behind cache-manager: its promises made a hit cost 4 µs, and a
 * refresh has four hits. How old a copy may be is up to each reader.
 */
@Injectable()
export class LocalTier {
  private readonly entries = new LRUCache<string, LocalCopy<unknown>>({
    // Grows with its entries; with `max` it would allocate for all of them at the start.
    maxSize: MAX_ENTRIES,
    sizeCalculation: () => 1,
  });

  get<T>(key: string): LocalCopy<T> | undefined {
    // Kept values are never changed, so they need not be copied.
    return this.entries.get(key) as LocalCopy<T> | undefined;
  }

  set(key: string, copy: LocalCopy<unknown>): void {
    this.entries.set(key, copy);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
