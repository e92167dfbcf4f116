import { redisInsStore } from 'cache-manager-redis-yet';
import { createClient } from 'redis';
import type { Clock } from '../config/clock.js';
import { type RedisFailure, redisFailure, SILENCE } from './redis-failure.js';

/** The most that a request waits for Redis, in ms, before it goes on without. */
const ANSWER_MS = 80;
/** How long a connection may take to be made, in ms. */
const CONNECT_MS = 2_000;
/** A connection on which nothing was heard for this long is given up, in ms. */
const SILENCE_MS = 5_000;
const BEAT_MS = 1_000;
/** While Redis is silent, in ms. */
const QUICK_BEAT_MS = 200;

/** Does what the service needs: a write, by a script. A replica, a full memory and an ACL refuse it. */
export const BEAT = `redis.call('SET', KEYS[1], '1', 'PX', 60000) return 1`;
export const BEAT_KEY = 'bo-auth:beat';

const newClient = (url: string) =>
  createClient({
    url,
    // What cannot be sent now is not wanted later.
    disableOfflineQueue: true,
    commandsQueueMaxLength: 20_000,
    // A broken connection is replaced as a whole, with its subscription.
    socket: { reconnectStrategy: false, connectTimeout: CONNECT_MS },
  });

export type RedisClient = ReturnType<typeof newClient>;

const storeOn = (client: RedisClient) =>
  redisInsStore(client as unknown as Parameters<typeof redisInsStore>[0]);

/** cache-manager-redis-yet's store on the connection that a question is asked on. */
export type RedisStore = ReturnType<typeof storeOn>;

/** What a connection tells of itself. */
export interface ConnectionEvents {
  /** On one of the channels subscribed to. */
  message(text: string): void;
  /** It answers: at the beginning, and again after a silence. Messages may have been missed before. */
  answering(): void;
  /** It can no longer be used, or still cannot for another reason. */
  unusable(failure: RedisFailure): void;
}

/**
 * Two sockets to Redis, one for commands and one for a subscription, which live and die together.
 *
 * It is its own circuit breaker: the first question that is not answered in time makes it silent, and while it is
 * silent nobody waits for it. A beat in the background finds out when it answers again, so that no request has to
 * be the one that tries.
 */
export class RedisConnection {
  /** Resolves when it is over. */
  readonly ended: Promise<void>;
  /** What to add to this process's clock to have Redis's, in ms. */
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

  /** @throws where Redis is not there, or does not answer in time */
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
      // Unheard, these would end the process.
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

  /** @returns `undefined` where there was no answer, or none in time */
  async ask<T>(question: (client: RedisClient, store: RedisStore) => Promise<T>): Promise<T | undefined> {
    if (!this.isAnswering) return undefined;
    let timer: NodeJS.Timeout | undefined;
    let lastLook: NodeJS.Immediate | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        // Where it is this process that was late, the answer is here and only unread: it is read before this.
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

  /** @param cause what broke it, where something did */
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

  /** Asks whether both sockets still carry something, in either direction. */
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
    this.clockAhead = time.getTime() - this.clock.now();
    if (this.answers) return;
    this.answers = true;
    this.events.answering();
  }

  /** Without a beat that succeeds the connection is given up, so that after a failover the next one finds the primary. */
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

async function inTime(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
