import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient, QueryResultRow } from 'pg';
import { PostgresFailure, postgresFailure } from './postgres-failure.js';
import { openPool } from './postgres-pool.js';
import {
  type SharedSelect,
  type SharedUpdate,
  SqlDatabase,
  type SqlTransaction,
  type SqlValue,
} from '../sql-database.js';
import { StartLock } from '../start-lock.js';

/** How often work that lost a deadlock or a serialisation conflict is begun again before it counts as failed. */
const MAX_ATTEMPTS = 4;
const PAUSE_MS = 5;

/** Postgres behind a pool of our own: named prepared statements, one round trip each. */
export class PostgresDatabase extends SqlDatabase {
  override readonly kind = 'postgres';
  private readonly pool: Pool;
  private readonly names = new Map<string, string>();
  private readonly updates = new WeakMap<SharedUpdate, string>();
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
    // No text in Postgres holds NUL, so no row matches one; asked, it would call the question ill-formed.
    if (values.some((value) => typeof value === 'string' && value.includes('\0'))) return [];
    try {
      return await this.ask<Row>(this.pool, sql, values);
    } catch (error) {
      // An idle connection may have broken unnoticed, as all do when the server restarts. To read twice is safe.
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

  override transact<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return persistently(() => this.transactOnce(work));
  }

  override async compareAndSet(
    update: SharedUpdate,
    values: readonly SqlValue[],
    also: ((transaction: SqlTransaction) => Promise<void>) | null,
  ): Promise<boolean> {
    const sql = this.statement(update);
    if (also === null) return persistently(async () => (await this.ask(this.pool, sql, values)).length === 1);
    return this.transact(async (transaction) => {
      const changed = await transaction.all(sql, values);
      if (changed.length === 0) return false;
      await also(transaction);
      return true;
    });
  }

  override alone<T>(work: () => Promise<T>): Promise<T> {
    return this.startLock.hold(work);
  }

  override async close(): Promise<void> {
    await this.pool.end();
  }

  private async transactOnce<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    const client = await answered(this.pool.connect());
    // A connection that breaks also fails the statement under way; unheard, the event would end the process.
    const onError = (): void => undefined;
    client.on('error', onError);
    let isInOrder = false;
    try {
      await answered(client.query('BEGIN'));
      const result = await work({ all: (sql, values) => this.ask(client, sql, values) });
      await answered(client.query('COMMIT'));
      isInOrder = true;
      return result;
    } catch (error) {
      isInOrder = await rolledBack(client, error);
      throw error;
    } finally {
      client.removeListener('error', onError);
      client.release(!isInOrder);
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

  /** Statements are constants of this program: a name each, under which every connection prepares it once. */
  private name(sql: string): string {
    const known = this.names.get(sql);
    if (known !== undefined) return known;
    const name = `s${this.names.size}`;
    this.names.set(sql, name);
    return name;
  }

  private statement(update: SharedUpdate): string {
    const known = this.updates.get(update);
    if (known !== undefined) return known;
    const sql = updateStatement(update);
    this.updates.set(update, sql);
    return sql;
  }
}

function selectStatement({ columns, from, joins, by }: SharedSelect): string {
  const conditions = by.map((column, index) => `target.${column} = $${index + 1}`);
  return `SELECT ${columns} FROM ${from} AS target ${joins} WHERE ${conditions.join(' AND ')}`;
}

/** One statement, which Postgres makes durable by itself; its own group commit serves many of them at once. */
function updateStatement({ table, values, set, where }: SharedUpdate): string {
  const bind = (expression: string) =>
    expression.replaceAll(/:(\w+)/g, (_, name: string) => `$${values.indexOf(name) + 1}`);
  const assignments = Object.entries(set).map(([column, expression]) => `${column} = ${bind(expression)}`);
  const conditions = ['target.id = $1', ...where.map(bind)];
  return `UPDATE ${table} AS target SET ${assignments.join(', ')} WHERE ${conditions.join(' AND ')} RETURNING id`;
}

/** @throws {PostgresFailure} */
async function answered<T>(question: Promise<T>): Promise<T> {
  try {
    return await question;
  } catch (error) {
    throw postgresFailure(error);
  }
}

/** @returns whether the connection is good for others; where it is not, to close it undoes the work too */
async function rolledBack(client: PoolClient, error: unknown): Promise<boolean> {
  if (error instanceof PostgresFailure && !error.isAnswer) return false;
  return client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
}

/** Tries again what Postgres has undone entirely. A lost answer is not tried again: the work may have been done. */
async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PostgresFailure) || !error.mayBeTriedAgain || attempt === MAX_ATTEMPTS)
        throw error;
      await sleep(PAUSE_MS * attempt * (1 + Math.random()));
    }
  }
}
