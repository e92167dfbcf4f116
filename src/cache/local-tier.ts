import { type KeyvStoreAdapter } from 'keyv';
import { EventEmitter } from 'node:events';
import { LRUCache } from 'lru-cache';

/** Keyv's own in-memory map is unbounded; this one forgets what was not used for longest. */
export class LocalTier extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {};
  namespace?: string;
  private readonly entries: LRUCache<string, object>;

  constructor(maxEntries: number) {
    super();
    this.entries = new LRUCache({ max: maxEntries });
  }

  get<Value>(key: string): Promise<Value | undefined> {
    return Promise.resolve(this.entries.get(key) as Value | undefined);
  }

  set(key: string, value: object, ttl?: number): Promise<boolean> {
    this.entries.set(key, value, ttl === undefined ? {} : { ttl });
    return Promise.resolve(true);
  }

  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.entries.delete(key));
  }

  clear(): Promise<void> {
    this.entries.clear();
    return Promise.resolve();
  }
}
