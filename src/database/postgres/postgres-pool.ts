import pg, { Pool, type PoolClient, type PoolConfig, types as pgTypes } from 'pg';
import { postgresFailure } from './postgres-failure.js';

/** How long a request waits for a connection, in ms: behind a database that is away no queue grows for ever. */
const CONNECT_MS = 2_000;
/** What the server itself ends, in ms. The hot path's statements take less than one. */
const STATEMENT_MS = 2_000;
const LOCK_MS = 1_500;
const IDLE_IN_TRANSACTION_MS = 5_000;
/** After which a server that answers nothing at all is given up, in ms. */
const ANSWER_MS = 3_000;
/** A connection is made anew now and then: behind a moved address none stays on the old server. */
const LIFETIME_SECONDS = 1_800;

/** Ours are counts and times in ms, which fit a number. */
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

/** A pool whose idle connections may break without anybody having to notice: the next request gets another. */
export function openPool(url: string, max: number): Pool {
  const pool = new Pool(poolOptions(url, max));
  pool.on('error', () => undefined);
  return pool;
}

type Release = (error?: Error | boolean) => void;
type OnConnect = (error: Error | undefined, client: PoolClient | undefined, done: Release) => void;

/** What `pg-pool` knows of a client and its types do not say. */
interface Readiness {
  readonly readyForQuery?: boolean;
}

/**
 * TypeORM's own pool. It does not tell a database that is away from a fault of ours, and gives back a connection
 * whose answer never came as if it were idle.
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

/** What TypeORM takes for the `pg` package. */
export const typeOrmDriver = { ...pg, Pool: TypeOrmPool };
