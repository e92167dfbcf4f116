import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresServer } from '../support/postgres.js';
import { RedisServer } from '../support/redis.js';
import type { Fault } from './nemesis.js';
import { postgresRows, type Rows, sqliteRows } from './rows.js';

/** The stores of the server processes, with fault injection. */
export interface Stores {
  readonly environment: Readonly<Record<string, string>>;
  readonly faults: readonly Fault[];
  rows(): Promise<Rows>;
  close(): Promise<void>;
}

/** A new SQLite file. */
export async function sqliteStores(): Promise<Stores> {
  const folder = await mkdtemp(join(tmpdir(), 'bo-auth-history-'));
  const file = join(folder, 'history.sqlite');
  return {
    environment: { DATABASE_URL: `sqlite:${file}`, REDIS_URL: '' },
    faults: [],
    rows: () => sqliteRows(file),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A Postgres and a Redis server. */
export async function sharedStores(): Promise<Stores> {
  const postgres = await PostgresServer.start();
  const redis = await RedisServer.start();
  const url = await postgres.database();
  return {
    environment: { DATABASE_URL: url, REDIS_URL: redis.url },
    faults: [...redisFaults(redis), ...postgresFaults(postgres)],
    rows: () => postgresRows(url),
    close: async () => {
      redis.thaw();
      await redis.stop();
      await postgres.stop();
    },
  };
}

function redisFaults(redis: RedisServer): Fault[] {
  return [
    {
      key: 'redis-freeze',
      name: 'freeze of Redis',
      weight: 3,
      async strike(_cluster, random) {
        redis.freeze();
        await sleep(random.between(100, 3_000));
        redis.thaw();
      },
    },
    {
      key: 'redis-kill',
      name: 'kill -9 of Redis',
      weight: 2,
      async strike(_cluster, random) {
        await redis.kill();
        await sleep(random.between(0, 1_000));
        await redis.resume();
      },
    },
    {
      key: 'redis-flush',
      name: 'flush of Redis',
      weight: 3,
      async strike() {
        await redis.command('FLUSHALL');
      },
    },
  ];
}

function postgresFaults(postgres: PostgresServer): Fault[] {
  return [
    {
      key: 'postgres-terminate',
      name: 'termination of all connections to Postgres',
      weight: 4,
      strike: () => postgres.terminateConnections(),
    },
    {
      key: 'postgres-restart',
      name: 'restart of Postgres',
      weight: 2,
      async strike(_cluster, random) {
        await postgres.halt();
        await sleep(random.between(0, 500));
        await postgres.resume();
      },
    },
  ];
}
