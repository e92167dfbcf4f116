import { Inject, Injectable } from '@nestjs/common';
import { KeyvAdapter } from 'cache-manager';
import { Keyv } from 'keyv';
import { z } from 'zod';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { CopySeal, type SealedCopy } from './copy-seal.js';
import { RedisLink } from './redis-link.js';

/** A copy of what the database held. */
export interface Copy<T> {
  readonly value: T;
  /** When the database was asked, ms since the epoch. */
  readonly readAt: number;
}

/** The number is the form of the copies: processes of two releases do not read each other's where it differs. */
const NAMESPACE = 'bo-auth:2';

/** Longer than any reading of the database takes: who began before the drop has ended by then. */
const TOMBSTONE_MS = 15_000;
const TOMBSTONE = JSON.stringify({ dropped: true });

const KEYS_A_MESSAGE = 500;
const MAX_UNSENT = 10_000;

/**
 * Puts a copy where there is none that is newer. A slow reader must not bring back what was dropped while it
 * read, so a tombstone stands against all copies until it is gone.
 */
const PUT = `
  local held = redis.call('GET', KEYS[1])
  if held then
    local copy = cjson.decode(held)
    if copy.dropped or (copy.at and copy.at > tonumber(ARGV[2])) then return 0 end
  end
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
  return 1`;

/** What the processes tell each other. */
const droppedSchema = z.object({ from: z.string(), keys: z.array(z.string()).readonly() });
type Dropped = z.output<typeof droppedSchema>;

/** The copies that all processes share in Redis, and the news of those that are no longer true. */
@Injectable()
export class SharedCopies {
  /** A tier like any other; it never fails, it only does not know. */
  readonly tier: Keyv;
  /** What Redis could not be told. */
  private readonly unsent = new Set<string>();

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly link: RedisLink,
  ) {
    this.tier = new Keyv({
      store: new KeyvAdapter(this.store(new CopySeal(config.peppers))),
      namespace: NAMESPACE,
    });
    // The store writes JSON itself.
    this.tier.serialize = undefined;
    this.tier.deserialize = undefined;
  }

  /** Whether there is a Redis at all, be it answering or not. */
  get isConfigured(): boolean {
    return this.link.isConfigured;
  }

  /**
   * @param onDropped keys of which another process says that their copies are no longer true
   * @param onGap whatever others have said in the meantime was not heard
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

  /** Drops the copies in Redis and those of all other processes, in one round trip. */
  async drop(keys: readonly string[]): Promise<void> {
    if (!this.link.isConfigured) return;
    for (let start = 0; start < keys.length; start += KEYS_A_MESSAGE) {
      const some = keys.slice(start, start + KEYS_A_MESSAGE);
      const sent = await this.link.ask((client) => {
        const told = this.link.publish(
          client,
          JSON.stringify({ from: this.link.id, keys: some } satisfies Dropped),
        );
        const dropped = some.map((key) => client.set(`${NAMESPACE}:${key}`, TOMBSTONE, { PX: TOMBSTONE_MS }));
        return Promise.all([...dropped, told]);
      });
      if (sent === undefined && this.unsent.size < MAX_UNSENT) for (const key of some) this.unsent.add(key);
    }
  }

  /** cache-manager-redis-yet's store, which knows neither deadlines, nor seals, nor tombstones. */
  private store(seal: CopySeal) {
    const { link } = this;
    return {
      name: 'redis',
      isCacheable: () => true,
      get: async <T>(key: string): Promise<T | undefined> => {
        const held = await link.ask((_client, store) => store.get<Partial<SealedCopy>>(key));
        if (held?.sealed === undefined) return undefined;
        const copy = held as SealedCopy;
        const value = seal.open(key, copy);
        if (value === undefined) return undefined;
        const readAt = copy.at - link.clockAhead;
        return { value: { value, readAt } satisfies Copy<unknown> } as T;
      },
      set: async (key: string, entry: unknown, ttl?: number): Promise<void> => {
        if (!link.isAnswering) return;
        const { value, readAt } = (entry as { value: Copy<unknown> }).value;
        const copy = seal.seal(key, readAt + link.clockAhead, value);
        await link.ask((client) =>
          client.eval(PUT, { keys: [key], arguments: [JSON.stringify(copy), String(copy.at), String(ttl)] }),
        );
      },
      del: async (key: string): Promise<void> => {
        await link.ask((_client, store) => store.del(key));
      },
      // Of the rest nothing is used: in this store they ignore the key's prefix.
      mget: () => Promise.resolve([]),
      mset: () => Promise.resolve(),
      mdel: () => Promise.resolve(),
      ttl: () => Promise.resolve(0),
      keys: () => Promise.resolve([]),
    };
  }
}

/** @returns `null` for what no process of ours says: whoever reaches Redis can publish, and must end nobody by it */
function droppedIn(text: string): Dropped | null {
  try {
    return droppedSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
