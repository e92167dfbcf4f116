import { Injectable } from '@nestjs/common';
import { Gauge, type Registry } from 'prom-client';
import { RedisLink } from '../cache/redis-link.js';
import { DatabaseHealth } from '../health/database-health.js';
import { FeedWaiters } from '../oauth/feed/feed-waiters.js';
import { Metrics } from './metrics.js';

/** Gauges that are read at each scrape: whether the database and Redis answer, and how many requests wait for the feed. */
@Injectable()
export class StateGauges {
  constructor({ registry }: Metrics, health: DatabaseHealth, redis: RedisLink, waiters: FeedWaiters) {
    gauge(registry, 'bo_auth_database_up', 'Whether the database answers', async () => {
      const { database } = await health.check();
      return database.status === 'up' ? 1 : 0;
    });
    gauge(registry, 'bo_auth_redis_up', 'Whether Redis answers; no sample without REDIS_URL', () => {
      if (!redis.isConfigured) return null;
      return redis.isAnswering ? 1 : 0;
    });
    degradedGauge(registry, redis);
    waitersGauge(registry, waiters);
  }
}

/** Why Redis cannot be used: one series, with the reason that health and the log name. */
function degradedGauge(registry: Registry, redis: RedisLink): void {
  const gauge = new Gauge({
    name: 'bo_auth_redis_degraded',
    help: 'Redis cannot be used, and why: 1 with the reason as label; no sample while it works',
    labelNames: ['reason'],
    registers: [registry],
    aggregator: 'max',
    collect: () => {
      gauge.reset();
      const { failure } = redis;
      if (failure !== null) gauge.set({ reason: failure.code }, 1);
    },
  });
}

function waitersGauge(registry: Registry, waiters: FeedWaiters): void {
  const gauge = new Gauge({
    name: 'bo_auth_feed_waiters',
    help: 'Requests that wait for the next entry of a revocation feed',
    registers: [registry],
    aggregator: 'sum',
    collect: () => {
      gauge.set(waiters.count);
    },
  });
}

/** @param read returns `null` if the dependency is not configured; the gauge then has no sample */
function gauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => 0 | 1 | null | Promise<0 | 1 | null>,
): void {
  const gauge = new Gauge({
    name,
    help,
    registers: [registry],
    // With several workers, report 0 if any of them lost the connection.
    aggregator: 'min',
    collect: async () => {
      const state = await read();
      if (state === null) gauge.remove();
      else gauge.set(state);
    },
  });
}
