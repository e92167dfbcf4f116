import type { EventEmitter } from 'node:events';
import pg, { Pool, type PoolClient, type PoolConfig, types as pgTypes } from 'pg';
import { postgresFailure, READ_ONLY } from './postgres-failure.js';

/** How long a request waits for a connection, in ms. Bounds the queue while the database is unavailable. */
const CONNECT_MS = 2_000;
/** Time-outs that the server enforces, in ms. Statements on the hot path take less than 1 ms. */
const STATEMENT_MS = 2_000;
const LOCK_MS = 1_500;
const IDLE_IN_TRANSACTION_MS = 5_000;
/** Time-out on our side, for a server that does not answer at all, in ms. */
const ANSWER_MS = 3_000;
/** Connections are replaced after this time, so that they move to a new server after a DNS change. */
const LIFETIME_SECONDS = 1_800;

/** Parses bigint as number: ours are counts and times in ms, which fit. */
const getTypeParser: typeof pgTypes.getTypeParser = (type, format) =>
  type === pgTypes.builtins.INT8 ? Number : (pgTypes.getTypeParser(type, format) as unknown);

export function poolOptions(url: string, max: number): PoolConfig {
  return {
    connectionString: url,
    application_name: 'bo-auth',
    max,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: 30_000,
    maxLifetimeSeconds: LIFETIME_SECONDS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    statement_timeout: STATEMENT_MS,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    query_timeout: ANSWER_MS,
    types: { getTypeParser },
  };
}

type Release = (error?: Error | boolean) => void;
type OnConnect = (error: Error | undefined, client: PoolClient | undefined, done: Release) => void;

/** Properties of a `pg` client that the typings lack. */
interface ClientState {
  readonly readyForQuery?: boolean;
  readonly connection?: EventEmitter;
}

/** Incremented when a server turns out to be read-only. Connections that are older are closed instead of reused. */
let generation = 0;

/** After a failover, the open connections of all pools may lead to the former primary. */
export function renewConnections(): void {
  generation++;
}

/**
 * A pool with three fixes: a failed connection becomes a {@link PostgresFailure}; a connection whose query never got
 * an answer is closed, while TypeORM would return it to the pool as idle; and so is one to a server that has become
 * read-only, which would otherwise be reused until the end of its lifetime.
 */
class ServicePool extends Pool {
  private readonly generations = new WeakMap<PoolClient, number>();

  constructor(options?: PoolConfig) {
    super(options);
    this.on('connect', (client) => {
      this.generations.set(client, generation);
      (client as ClientState).connection?.on('errorMessage', ({ code }: { code?: string }) => {
        if (code === READ_ONLY) renewConnections();
      });
    });
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: OnConnect): void;
  override connect(callback?: OnConnect): Promise<PoolClient> | void {
    if (callback === undefined) return this.connectCurrent();
    super.connect((error, client, done) => {
      if (error !== undefined && error !== null) return callback(postgresFailure(error), undefined, done);
      if (client !== undefined && this.isOutdated(client)) {
        done(true);
        return this.connect(callback);
      }
      const release: Release = (failure) =>
        done(failure ?? ((client as ClientState | undefined)?.readyForQuery === false ? true : undefined));
      callback(undefined, client, release);
    });
  }

  private async connectCurrent(): Promise<PoolClient> {
    for (;;) {
      const client = await super.connect();
      if (!this.isOutdated(client)) return client;
      client.release(true);
    }
  }

  private isOutdated(client: PoolClient): boolean {
    return generation > 0 && this.generations.get(client) !== generation;
  }
}

/** Creates a pool. Errors of idle connections are ignored: the next request gets a new connection. */
export function openPool(url: string, max: number): Pool {
  const pool = new ServicePool(poolOptions(url, max));
  pool.on('error', () => undefined);
  return pool;
}

/** Passed to TypeORM in place of the `pg` package. */
export const typeOrmDriver = { ...pg, Pool: ServicePool };
