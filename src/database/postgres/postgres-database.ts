import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { PostgresFailure, postgresFailure, READ_ONLY } from './postgres-failure.js';
import { openPool, renewConnections } from './postgres-pool.js';
import {
  type Bindable,
  type RowKey,
  type SharedSelect,
  type SharedUpdate,
  selectList,
  SqlDatabase,
  type SqlTransaction,
  type SqlValue,
} from '../sql-database.js';
import { StartLock } from '../start-lock.js';

/** Attempts for work that fails with a deadlock or a serialisation conflict. */
const MAX_ATTEMPTS = 4;
const RETRY_DELAY_MS = 5;

/** Postgres through a pool separate from TypeORM's: named prepared statements, one round trip each. */
export class PostgresDatabase extends SqlDatabase {
  override readonly kind = 'postgres';
  private readonly pool: Pool;
  private readonly names = new Map<string, string>();
  private readonly updates = new WeakMap<object, string>();
  private readonly selects = new WeakMap<SharedSelect, string>();

  constructor(
    url: string,
    private readonly startLock: StartLock,
    maxConnections: number,
  ) {
    super();
    this.pool = openPool(url, maxConnections);
  }

  override async all<Row>(sql: string, values: readonly SqlValue[]): Promise<Row[]> {
    // Postgres text cannot contain NUL, so no row matches; sending it would fail with an encoding error.
    if (values.some((value) => typeof value === 'string' && value.includes('\0'))) return [];
    try {
      return await this.ask<Row>(this.pool, sql, values);
    } catch (error) {
      // An idle connection may have broken unnoticed, e.g. when the server restarted. Repeating a read is safe.
      if (error instanceof PostgresFailure && error.isBrokenConnection)
        return this.ask<Row>(this.pool, sql, values);
      throw error;
    }
  }

  override async find<Row>(select: SharedSelect, values: readonly SqlValue[]): Promise<Row | null> {
    let sql = this.selects.get(select);
    if (sql === undefined) this.selects.set(select, (sql = selectStatement(select)));
    const [row] = await this.all<Row>(sql, values);
    return row ?? null;
  }

  override transact<T>(
    work: (transaction: SqlTransaction) => Promise<T>,
    { durable } = { durable: true },
  ): Promise<T> {
    const begin = durable ? 'BEGIN' : 'BEGIN; SET LOCAL synchronous_commit = off';
    return withRetries(() => this.transactOnce(begin, work));
  }

  override async compareAndSet<Seen extends Bindable<Seen> & RowKey, Next extends Bindable<Next>>(
    update: SharedUpdate<Seen, Next>,
    seen: Seen,
    next: Next,
    also: ((transaction: SqlTransaction) => Promise<void>) | null,
  ): Promise<boolean> {
    const known = this.updates.get(update);
    // Postgres makes the statement durable by itself; its own group commit serves many of them at once.
    const sql = known ?? update.statement((index) => `$${index + 1}`);
    if (known === undefined) this.updates.set(update, sql);
    const values = update.values(seen, next);
    if (also === null) return withRetries(async () => (await this.ask(this.pool, sql, values)).length === 1);
    return this.transact(async (transaction) => {
      const changed = await transaction.all(sql, values);
      if (changed.length === 0) return false;
      await also(transaction);
      return true;
    });
  }

  override async probe(): Promise<void> {
    // After a failover, an old connection reads well and cannot write; a new one may lead to the new primary.
    if (await this.isWritable()) return;
    renewConnections();
    if (!(await this.isWritable())) throw new PostgresFailure(READ_ONLY, {});
  }

  private async isWritable(): Promise<boolean> {
    const [row] = await this.all<{ mode: string }>(
      `SELECT current_setting('transaction_read_only') AS mode, (SELECT owner_id FROM bo_project LIMIT 1)`,
      [],
    );
    return row?.mode === 'off';
  }

  override alone<T>(work: () => Promise<T>): Promise<T> {
    return this.startLock.hold(work);
  }

  override async close(): Promise<void> {
    await this.pool.end();
  }

  private async transactOnce<T>(
    begin: string,
    work: (transaction: SqlTransaction) => Promise<T>,
  ): Promise<T> {
    const client = await answered(this.pool.connect());
    // A broken connection also fails the running statement. Without a listener, its 'error' event would end the process.
    const onError = (): void => undefined;
    client.on('error', onError);
    let isReusable = false;
    try {
      await answered(client.query(begin));
      const result = await work({
        all: (sql, values) => this.ask(client, sql, values),
        forUpdate: 'FOR NO KEY UPDATE',
      });
      await answered(client.query('COMMIT'));
      isReusable = true;
      return result;
    } catch (error) {
      isReusable = await rolledBack(client, error);
      throw error;
    } finally {
      client.removeListener('error', onError);
      client.release(!isReusable);
    }
  }

  private async ask<Row>(
    client: Pool | PoolClient,
    sql: string,
    values: readonly SqlValue[],
  ): Promise<Row[]> {
    const query = { name: this.name(sql), text: sql, values: [...values] };
    return (await answered(client.query<Row & QueryResultRow>(query))).rows;
  }

  /** Each statement gets a name, so that every connection prepares it once. The set is fixed: all SQL is constant. */
  private name(sql: string): string {
    const known = this.names.get(sql);
    if (known !== undefined) return known;
    const name = `s${this.names.size}`;
    this.names.set(sql, name);
    return name;
  }
}

function selectStatement({ columns, from, joins, by }: SharedSelect): string {
  const conditions = by.map((column, index) => `target.${column} = $${index + 1}`);
  return `SELECT ${selectList(columns)} FROM ${from} AS target ${joins} WHERE ${conditions.join(' AND ')}`;
}

/** @throws {PostgresFailure} */
async function answered<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw postgresFailure(error);
  }
}

/** @returns whether the connection can be reused; if not, closing it rolls back the transaction */
async function rolledBack(client: PoolClient, error: unknown): Promise<boolean> {
  if (error instanceof PostgresFailure && !error.isAnswer) return false;
  return client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
}

/** Retries only work that Postgres rolled back. After a lost answer the work may have been committed. */
async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PostgresFailure) || !error.mayBeTriedAgain || attempt === MAX_ATTEMPTS)
        throw error;
      await sleep(RETRY_DELAY_MS * attempt * (1 + Math.random()));
    }
  }
}
