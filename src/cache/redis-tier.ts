import { Inject, Injectable } from '@nestjs/common';
import { Keyv } from 'keyv';
import { z } from 'zod';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { CopySeal, type SealedCopy } from './copy-seal.js';
import { RedisLink } from './redis-link.js';

/** A copy of what the database held. */
export interface Copy<T> {
  readonly value: T;
  /** When the database was read, ms since the epoch. */
  readonly readAt: number;
}

/** The number is the version of the format: releases with different formats do not read each other's copies. */
const NAMESPACE = 'bo-auth:5';

/** Longer than any database read takes: a read that began before the drop has ended by then. */
const TOMBSTONE_MS = 15_000;
const TOMBSTONE = JSON.stringify({ dropped: true });

const KEYS_PER_MESSAGE = 500;
const MAX_UNSENT = 10_000;

/**
 * Stores a copy unless a newer one exists. A tombstone rejects every copy while it exists, so that a slow reader does
 * not bring back what was dropped while it read.
 */
const PUT = `
  local held = redis.call('GET', KEYS[1])
  if held then
    local copy = cjson.decode(held)
    if copy.dropped or (copy.at and copy.at > tonumber(ARGV[2])) then return 0 end
  end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
  return 1`;

/** The message by which processes tell each other about dropped copies. */
const droppedSchema = z.object({ from: z.string(), keys: z.array(z.string()).readonly() });
type Dropped = z.output<typeof droppedSchema>;

/**
 * The copies that all processes share in Redis, and the messages about those that are no longer valid.
 *
 * This is the store beneath Nest's cache manager: `get`, `set`, `delete` and `clear` are what Keyv calls. They add to
 * cache-manager-redis-yet's store what it lacks: a deadline, encryption and tombstones. Reads and writes never fail:
 * without Redis nothing is found and nothing is stored.
 *
 * @see docs/decisions/0006-one-seam-to-redis.md
 */
@Injectable()
export class RedisTier {
  /** This store as Nest's cache manager takes it. The store writes JSON itself, so Keyv serializes nothing. */
  readonly keyv = new Keyv({
    store: this,
    namespace: NAMESPACE,
    serialize: undefined,
    deserialize: undefined,
  });
  private readonly seal: CopySeal;
  /** Keys whose drop could not be sent to Redis. */
  private readonly unsent = new Set<string>();

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly link: RedisLink,
  ) {
    this.seal = new CopySeal(config.peppers);
  }

  /** Whether a Redis is configured, reachable or not. */
  get isConfigured(): boolean {
    return this.link.isConfigured;
  }

  /** @returns the copy in the form that Keyv unwraps; `undefined` if there is no copy that we can decrypt */
  async get(key: string): Promise<{ value: Copy<unknown> } | undefined> {
    const held = await this.link.ask((_client, store) => store.get<Partial<SealedCopy>>(key));
    if (held?.sealed === undefined) return undefined;
    const sealed = held as SealedCopy;
    const value = this.seal.open(key, sealed);
    if (value === undefined) return undefined;
    return { value: { value, readAt: sealed.at - this.link.clockAhead } };
  }

  /** @param ttl in ms */
  async set(key: string, entry: { readonly value: Copy<unknown> }, ttl: number): Promise<void> {
    if (!this.link.isAnswering) return;
    const { value, readAt } = entry.value;
    const copy = this.seal.seal(key, readAt + this.link.clockAhead, value);
    await this.link.ask((client) =>
      client.eval(PUT, { keys: [key], arguments: [JSON.stringify(copy), String(copy.at), String(ttl)] }),
    );
  }

  async delete(key: string): Promise<boolean> {
    return (await this.link.ask((_client, store) => store.del(key).then(() => true))) ?? false;
  }

  /** Refused: the store's own `reset` is FLUSHDB, and Redis may hold other applications' data. */
  clear(): Promise<void> {
    return Promise.reject(new Error('copies in Redis expire; they cannot be cleared'));
  }

  /**
   * @param onDropped another process has dropped the copies of these keys
   * @param onGap messages of other processes may have been missed
   */
  listen(onDropped: (keys: readonly string[]) => void, onGap: () => void): void {
    this.link.listen({
      message: (text) => {
        const dropped = droppedIn(text);
        if (dropped !== null && dropped.from !== this.link.id) onDropped(dropped.keys);
      },
      answering: () => {
        onGap();
        const keys = [...this.unsent];
        this.unsent.clear();
        void this.drop(keys);
      },
    });
  }

  /** Drops the copies in Redis and in all other processes, in one round trip. */
  async drop(keys: readonly string[]): Promise<void> {
    if (!this.link.isConfigured) return;
    for (let start = 0; start < keys.length; start += KEYS_PER_MESSAGE) {
      const some = keys.slice(start, start + KEYS_PER_MESSAGE);
      const sent = await this.link.ask((client) => {
        const published = this.link.publish(
          client,
          JSON.stringify({ from: this.link.id, keys: some } satisfies Dropped),
        );
        const dropped = some.map((key) => client.set(`${NAMESPACE}:${key}`, TOMBSTONE, { PX: TOMBSTONE_MS }));
        return Promise.all([...dropped, published]);
      });
      if (sent === undefined && this.unsent.size < MAX_UNSENT) for (const key of some) this.unsent.add(key);
    }
  }
}

/** @returns `null` for messages that are not ours: anyone who reaches Redis can publish, and must not crash a process */
function droppedIn(text: string): Dropped | null {
  try {
    return droppedSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
