import { redisInsStore } from 'cache-manager-redis-yet';
import { createClient } from 'redis';
import type { Clock } from '../config/clock.js';
import { type RedisFailure, redisFailure, SILENCE } from './redis-failure.js';

/** How long a request waits for Redis before it continues without it, in ms. */
const ANSWER_MS = 80;
/** How long a connection may take to be made, in ms. */
const CONNECT_MS = 2_000;
/** A connection that has received nothing for this long is closed, in ms. */
const SILENCE_MS = 5_000;
const BEAT_MS = 1_000;
/**
 * Clocks may differ by a second. Whoever answers for Redis could otherwise move our clock until an old copy, sealed long
 * before a revocation, looks recent.
 */
const MAX_CLOCK_CORRECTION_MS = 2_000;
/** The interval of beats while Redis is silent, in ms. */
const QUICK_BEAT_MS = 200;

/** Tries what the service needs: a write by a script. A replica, a full memory or an ACL refuses it. */
export const BEAT = `redis.call('SET', KEYS[1], '1', 'PX', 60000) return 1`;
export const BEAT_KEY = 'bo-auth:beat';

const newClient = (url: string) =>
  createClient({
    url,
    // A command that cannot be sent now is useless later.
    disableOfflineQueue: true,
    commandsQueueMaxLength: 20_000,
    // A broken connection is replaced as a whole, with its subscription.
    socket: { reconnectStrategy: false, connectTimeout: CONNECT_MS },
  });

export type RedisClient = ReturnType<typeof newClient>;

const storeOn = (client: RedisClient) =>
  redisInsStore(client as unknown as Parameters<typeof redisInsStore>[0]);

/** cache-manager-redis-yet's store, on the connection that answers the question. */
export type RedisStore = ReturnType<typeof storeOn>;

/** What a connection reports. */
export interface ConnectionEvents {
  /** A message on one of the subscribed channels. */
  message(text: string): void;
  /** Redis answers, for the first time or after a silence. Earlier messages may have been missed. */
  answering(): void;
  /** Redis can no longer be used, or the reason has changed. */
  unusable(failure: RedisFailure): void;
}

/**
 * Two sockets to Redis, one for commands and one for a subscription. If one fails, both are closed.
 *
 * Includes a circuit breaker: after the first question that is not answered in time, Redis counts as silent and no
 * request waits for it. A beat in the background notices when it answers again, so that no request has to try.
 */
export class RedisConnection {
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  /** How far Redis's clock is ahead of this process's, in ms, as far as that is believed. */
  clockAhead = 0;

  private readonly store: RedisStore;
  private answers = false;
  private isOver = false;
  private heardAt = performance.now();
  private echoedAt = performance.now();
  private beatTimer: NodeJS.Timeout | undefined;
  private markEnded: () => void = () => undefined;
  private error: unknown;

  private constructor(
    private readonly client: RedisClient,
    private readonly subscriber: RedisClient,
    private readonly heartChannel: string,
    private readonly clock: Clock,
    private readonly events: ConnectionEvents,
  ) {
    this.store = storeOn(client);
    this.ended = new Promise((resolve) => {
      this.markEnded = resolve;
    });
  }

  /** @throws if Redis is unreachable or does not answer in time */
  static async open(
    url: string,
    id: string,
    channel: string,
    clock: Clock,
    events: ConnectionEvents,
  ): Promise<RedisConnection> {
    const client = newClient(url);
    const subscriber = newClient(url);
    const connection = new RedisConnection(client, subscriber, `${channel}:${id}`, clock, events);
    for (const each of [client, subscriber]) {
      // Without listeners, error events would end the process.
      each.on('error', (error: unknown) => connection.end(error));
      each.on('end', () => connection.end());
    }
    try {
      // The client leaves `connect()` pending when it is disconnected, so the end of the connection is awaited as well.
      await inTime(Promise.race([connection.subscribe(channel), connection.ended]), CONNECT_MS);
      if (connection.isOver) throw connection.error;
      connection.beat();
    } catch (error) {
      connection.end();
      throw error;
    }
    return connection;
  }

  get isAnswering(): boolean {
    return this.answers && !this.isOver;
  }

  /** @returns `undefined` if there was no answer in time */
  async ask<T>(question: (client: RedisClient, store: RedisStore) => Promise<T>): Promise<T | undefined> {
    if (!this.isAnswering) return undefined;
    let timer: NodeJS.Timeout | undefined;
    let lastLook: NodeJS.Immediate | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        // If this process itself was late, the answer has arrived but is unread; it is read before this runs.
        lastLook = setImmediate(() => {
          this.fallSilent(SILENCE);
          resolve(undefined);
        });
      }, ANSWER_MS);
    });
    try {
      return await Promise.race([question(this.client, this.store), silence]);
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
      clearImmediate(lastLook);
    }
  }

  /** @param cause the error that broke the connection, if any */
  end(cause?: unknown): void {
    this.error ??= cause;
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.beatTimer);
    for (const each of [this.client, this.subscriber]) {
      if (each.isOpen) each.disconnect().catch(() => undefined);
    }
    if (this.answers) this.fallSilent(cause === undefined ? SILENCE : redisFailure(cause));
    this.markEnded();
  }

  private async subscribe(channel: string): Promise<void> {
    await Promise.all([this.client.connect(), this.subscriber.connect()]);
    await this.subscriber.subscribe(this.heartChannel, () => {
      this.echoedAt = performance.now();
    });
    await this.subscriber.subscribe(channel, (text) => this.events.message(text));
  }

  /** Checks that both sockets still work in both directions. */
  private beat(): void {
    const now = performance.now();
    if (now - Math.min(this.heardAt, this.echoedAt) > SILENCE_MS) {
      this.end();
      return;
    }
    Promise.all([
      this.client.time(),
      this.client.publish(this.heartChannel, ''),
      this.client.eval(BEAT, { keys: [BEAT_KEY] }),
    ]).then(
      ([time]) => this.hear(time),
      (error: unknown) => this.refuse(error),
    );
    this.beatTimer = setTimeout(() => this.beat(), this.answers ? BEAT_MS : QUICK_BEAT_MS);
    this.beatTimer.unref();
  }

  private hear(time: Date): void {
    if (this.isOver) return;
    this.heardAt = performance.now();
    const ahead = time.getTime() - this.clock.now();
    this.clockAhead = Math.max(-MAX_CLOCK_CORRECTION_MS, Math.min(MAX_CLOCK_CORRECTION_MS, ahead));
    if (this.answers) return;
    this.answers = true;
    this.events.answering();
  }

  /** If no beat succeeds, the connection is closed, so that after a failover the next one finds the primary. */
  private refuse(error: unknown): void {
    if (this.isOver) return;
    const failure = redisFailure(error);
    if (this.answers) this.fallSilent(failure);
    else this.events.unusable(failure);
  }

  private fallSilent(failure: RedisFailure): void {
    if (!this.answers) return;
    this.answers = false;
    if (!this.isOver) {
      clearTimeout(this.beatTimer);
      this.beatTimer = setTimeout(() => this.beat(), QUICK_BEAT_MS);
      this.beatTimer.unref();
    }
    this.events.unusable(failure);
  }
}

class RedisTimeout extends Error {
  override readonly name = 'RedisTimeout';
}

async function inTime(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RedisTimeout(`no answer within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
