import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Copy } from './redis-tier.js';

/** About 1 KiB each. */
const MAX_ENTRIES = 100_000;

/**
 * This process's own copies. The nearest tier answers at once: behind cache-manager's promises a hit cost 4 µs, and a
 * refresh has four. Bounded, and forgets what was not used for longest; how old a copy may be is its reader's to say.
 */
@Injectable()
export class LocalTier {
  private readonly entries = new LRUCache<string, Copy<unknown>>({ max: MAX_ENTRIES });

  get<T>(key: string): Copy<T> | undefined {
    // What is kept is never changed, so it is not copied either.
    return this.entries.get(key) as Copy<T> | undefined;
  }

  set(key: string, copy: Copy<unknown>): void {
    this.entries.set(key, copy);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
