import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Clock } from '../config/clock.js';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { type RedisFailure, redisFailure, SILENCE } from './redis-failure.js';
import type { ConnectionEvents, RedisClient, RedisConnection, RedisStore } from './redis-connection.js';

export const CHANNEL = 'bo-auth:dropped';

/** How long a start waits for Redis, in ms: with a Redis at hand, the first request already finds it. */
const START_MS = 500;

/** From one attempt to connect to the next, in ms; doubled up to the last, and spread. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 2_000;

export interface RedisListener {
  message(text: string): void;
  /** Redis answers, at first or again: what others have said in the meantime was not heard. */
  answering(): void;
}

/**
 * The way to Redis, where there is one: connects in the background, for ever. Redis is never needed, so no
 * failure of it leaves here; a question without an answer is `undefined`.
 */
@Injectable()
export class RedisLink implements OnModuleInit, OnApplicationShutdown {
  /** Of this process among those that share the Redis. */
  readonly id = randomUUID();
  private readonly logger = new Logger(RedisLink.name);
  private readonly stopping = new AbortController();
  private readonly url: string | null;
  private connection: RedisConnection | null = null;
  private listener: RedisListener = { message: () => undefined, answering: () => undefined };
  private unusable: RedisFailure | null = null;
  private running: Promise<void> = Promise.resolve();

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly clock: Clock,
  ) {
    this.url = config.redisUrl;
  }

  get isConfigured(): boolean {
    return this.url !== null;
  }

  get isAnswering(): boolean {
    return this.connection?.isAnswering ?? false;
  }

  /** Why Redis cannot be used; `null` where it can, or is not configured. */
  get failure(): RedisFailure | null {
    return this.isConfigured && !this.isAnswering ? (this.unusable ?? SILENCE) : null;
  }

  /** What to add to this process's clock to have Redis's, in ms. */
  get clockAhead(): number {
    return this.connection?.clockAhead ?? 0;
  }

  async onModuleInit(): Promise<void> {
    const { url } = this;
    if (url === null) return;
    // Loaded by those alone who have a Redis: its client is a quarter of all the modules that a start reads.
    const { RedisConnection } = await import('./redis-connection.js');
    const first = new Promise<void>((resolve) => {
      this.running = this.keepConnected(
        (events) => RedisConnection.open(url, this.id, CHANNEL, this.clock, events),
        resolve,
      );
    });
    await Promise.race([first, sleep(START_MS, undefined, { ref: false })]);
    if (!this.isAnswering) this.report(SILENCE);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    this.connection?.end();
    await this.running;
  }

  listen(listener: RedisListener): void {
    this.listener = listener;
  }

  /** @returns `undefined` where there is no Redis, no answer, or none in time */
  async ask<T>(question: (client: RedisClient, store: RedisStore) => Promise<T>): Promise<T | undefined> {
    return this.connection?.ask(question);
  }

  /** To be sent along with a question: tells all processes, this one too. */
  publish(client: Pick<RedisClient, 'publish'>, text: string): Promise<number> {
    return client.publish(CHANNEL, text);
  }

  /** Logged when the reason changes, not at each attempt. A reason outlives the silence that follows it. */
  private report(failure: RedisFailure): void {
    if (this.stopping.signal.aborted || failure.code === this.unusable?.code) return;
    if (failure === SILENCE && this.unusable !== null) return;
    this.unusable = failure;
    this.logger.warn({ reason: failure.code }, `Redis ${failure.says}; the service continues without it`);
  }

  private async keepConnected(
    open: (events: ConnectionEvents) => Promise<RedisConnection>,
    onFirst: () => void,
  ): Promise<void> {
    const { signal } = this.stopping;
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        const connection = await open({
          message: (text) => this.listener.message(text),
          answering: () => {
            this.unusable = null;
            this.logger.log('Redis answers');
            this.listener.answering();
            onFirst();
          },
          unusable: (failure) => this.report(failure),
        });
        this.connection = connection;
        if (signal.aborted) connection.end();
        await connection.ended;
        pause = FIRST_PAUSE_MS;
      } catch (error) {
        this.report(redisFailure(error));
      }
      this.connection = null;
      await sleep(pause * (1 + Math.random()), undefined, { ref: false, signal }).catch(() => undefined);
      pause = Math.min(pause * 2, LAST_PAUSE_MS);
    }
  }
}
