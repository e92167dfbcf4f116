import pg, { Pool, type PoolClient, type PoolConfig, types as pgTypes } from 'pg';
import { postgresFailure } from './postgres-failure.js';

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

/** Creates a pool. Errors of idle connections are ignored: the next request gets a new connection. */
export function openPool(url: string, max: number): Pool {
  const pool = new Pool(poolOptions(url, max));
  pool.on('error', () => undefined);
  return pool;
}

type Release = (error?: Error | boolean) => void;
type OnConnect = (error: Error | undefined, client: PoolClient | undefined, done: Release) => void;

/** A property of a `pg` client that the typings lack. */
interface Readiness {
  readonly readyForQuery?: boolean;
}

/**
 * The pool for TypeORM, with two fixes: a failed connection becomes a {@link PostgresFailure}, and a connection
 * whose query never got an answer is closed. TypeORM would return it to the pool as idle.
 */
class TypeOrmPool extends Pool {
  override connect(): Promise<PoolClient>;
  override connect(callback: OnConnect): void;
  override connect(callback?: OnConnect): Promise<PoolClient> | void {
    if (callback === undefined) return super.connect();
    super.connect((error, client, done) => {
      if (error !== undefined && error !== null) return callback(postgresFailure(error), undefined, done);
      const release: Release = (failure) =>
        done(failure ?? ((client as Readiness | undefined)?.readyForQuery === false ? true : undefined));
      callback(undefined, client, release);
    });
  }
}

/** Passed to TypeORM in place of the `pg` package. */
export const typeOrmDriver = { ...pg, Pool: TypeOrmPool };
