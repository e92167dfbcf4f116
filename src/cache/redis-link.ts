import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Clock } from '../config/clock.js';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { type RedisFailure, redisFailure, SILENCE } from './redis-failure.js';
import type { ConnectionEvents, RedisClient, RedisConnection, RedisStore } from './redis-connection.js';

export const CHANNEL = 'bo-auth:dropped';

/** How long a start waits for Redis, in ms, so that the first request already has it. */
const START_MS = 500;

/** The pause between two attempts to connect, in ms: doubled from the first to the last, with jitter. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 2_000;

export interface RedisListener {
  message(text: string): void;
  /** Redis answers, for the first time or again. Messages of other processes may have been missed. */
  answering(): void;
}

/**
 * The link to Redis, if one is configured. It connects in the background and never gives up. Redis is optional, so its
 * failures are not thrown: a question without an answer returns `undefined`.
 */
@Injectable()
export class RedisLink implements OnModuleInit, OnApplicationShutdown {
  /** Identifies this process among those that share the Redis. */
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

  /** Why Redis cannot be used; `null` if it can, or is not configured. */
  get failure(): RedisFailure | null {
    return this.isConfigured && !this.isAnswering ? (this.unusable ?? SILENCE) : null;
  }

  /** How far Redis's clock is ahead of this process's, in ms. */
  get clockAhead(): number {
    return this.connection?.clockAhead ?? 0;
  }

  async onModuleInit(): Promise<void> {
    const { url } = this;
    if (url === null) return;
    // Loaded only if Redis is configured: its client is a quarter of all modules that a start loads.
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

  /** @returns `undefined` without Redis, or if there is no answer in time */
  async ask<T>(question: (client: RedisClient, store: RedisStore) => Promise<T>): Promise<T | undefined> {
    return this.connection?.ask(question);
  }

  /** Sends a message to all processes, including this one. Call it within a question. */
  publish(client: Pick<RedisClient, 'publish'>, text: string): Promise<number> {
    return client.publish(CHANNEL, text);
  }

  /** Logged when the reason changes, not at each attempt. A reason outlives the silence that follows it. */
  private report(failure: RedisFailure): void {
    if (this.stopping.signal.aborted || failure.code === this.unusable?.code) return;
    if (failure.code === SILENCE.code && this.unusable !== null) return;
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
