import { Injectable } from '@nestjs/common';
import { Gauge, type Registry } from 'prom-client';
import { RedisLink } from '../cache/redis-link.js';
import { DatabaseHealth } from '../health/database-health.js';
import { Metrics } from './metrics.js';

/** Whether what the service stands on answers: 1 or 0, asked at each scrape. */
@Injectable()
export class StateGauges {
  constructor({ registry }: Metrics, health: DatabaseHealth, redis: RedisLink) {
    gauge(registry, 'bo_auth_database_up', 'Whether the database answers', async () => {
      const { database } = await health.check();
      return database.status === 'up' ? 1 : 0;
    });
    gauge(registry, 'bo_auth_redis_up', 'Whether Redis answers; no sample without REDIS_URL', () => {
      if (!redis.isConfigured) return null;
      return redis.isAnswering ? 1 : 0;
    });
  }
}

/** @param read `null`: there is nothing to have a state */
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
    // Of several processes, the one that has lost it is the one to be heard of.
    aggregator: 'min',
    collect: async () => {
      const state = await read();
      if (state === null) gauge.remove();
      else gauge.set(state);
    },
  });
}
