import { GroupCommit } from './group-commit.js';
import { GroupRead } from './group-read.js';
import {
  type Bindable,
  type RowKey,
  type SharedSelect,
  type SharedUpdate,
  SqlDatabase,
  type SqlTransaction,
  type SqlValue,
} from '../sql-database.js';
import { SqliteConnection, SqliteFailure } from './sqlite-connection.js';
import { StartLock } from '../start-lock.js';
import { WriteQueue } from './write-queue.js';

interface Shared {
  readonly sql: string;
  readonly commit: GroupCommit<readonly SqlValue[], boolean>;
}

/**
 * SQLite through two connections, separate from TypeORM's.
 *
 * TypeORM shares one connection among all callers, so one caller's rollback would undo another's acknowledged
 * write. Here all writes go through one queue on their own connection, so readers never see uncommitted rows.
 */
export class SqliteDatabase extends SqlDatabase {
  override readonly kind = 'sqlite';
  private readonly writes = new WriteQueue(concernsAll);
  private readonly updates = new Map<object, Shared>();
  private readonly selects = new Map<SharedSelect, GroupRead<readonly SqlValue[], unknown>>();

  private constructor(
    private readonly reader: SqliteConnection,
    private readonly writer: SqliteConnection,
    private readonly startLock: StartLock,
  ) {
    super();
  }

  static async open(file: string, startLock: StartLock): Promise<SqliteDatabase> {
    return new SqliteDatabase(
      await SqliteConnection.open(file),
      await SqliteConnection.open(file),
      startLock,
    );
  }

  override all<Row>(sql: string, values: readonly SqlValue[]): Promise<Row[]> {
    return this.reader.all(sql, values);
  }

  override find<Row>(select: SharedSelect, values: readonly SqlValue[]): Promise<Row | null> {
    return this.reads(select).submit(values) as Promise<Row | null>;
  }

  override transact<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.writes.run(async () => {
      // IMMEDIATE takes the write lock now: a transaction that upgrades from read to write later gets
      // SQLITE_BUSY without waiting.
      await this.writer.execute('BEGIN IMMEDIATE');
      try {
        const result = await work(this.writer);
        await this.writer.execute('COMMIT');
        return result;
      } catch (error) {
        // SQLite already rolls back by itself on some failures (disk full); ROLLBACK then fails harmlessly.
        await this.writer.execute('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  override compareAndSet<Seen extends Bindable<Seen> & RowKey, Next extends Bindable<Next>>(
    update: SharedUpdate<Seen, Next>,
    seen: Seen,
    next: Next,
    also: ((transaction: SqlTransaction) => Promise<void>) | null,
  ): Promise<boolean> {
    const shared = this.shared(update);
    const values = update.values(seen, next);
    if (also === null) return shared.commit.submit(values);
    return this.transact(async (transaction) => {
      const changed = await transaction.all(shared.sql, [JSON.stringify([values])]);
      if (changed.length === 0) return false;
      await also(transaction);
      return true;
    });
  }

  override alone<T>(work: () => Promise<T>): Promise<T> {
    return this.startLock.hold(work);
  }

  override async close(): Promise<void> {
    await this.writes.run(() => this.writer.close());
    await this.reader.close();
  }

  private reads(select: SharedSelect): GroupRead<readonly SqlValue[], unknown> {
    let reads = this.selects.get(select);
    if (reads === undefined) {
      const sql = batchSelect(select);
      reads = new GroupRead((keys) => this.findAll(sql, keys));
      this.selects.set(select, reads);
    }
    return reads;
  }

  private async findAll(sql: string, keys: readonly (readonly SqlValue[])[]): Promise<unknown[]> {
    const rows = await this.reader.all<{ position: number }>(sql, [JSON.stringify(keys)]);
    const found = new Map(rows.map((row) => [row.position, row]));
    return keys.map((_, index) => found.get(index) ?? null);
  }

  private shared<Seen extends Bindable<Seen> & RowKey, Next extends Bindable<Next>>(
    update: SharedUpdate<Seen, Next>,
  ): Shared {
    const known = this.updates.get(update);
    if (known !== undefined) return known;
    // One statement for any number of rows, hence one transaction and one round trip to sqlite3's thread pool.
    const sql = update.statement((index) => `item.value ->> ${index}`, 'FROM json_each($1) AS item');
    const commit = new GroupCommit<readonly SqlValue[], boolean>(
      {
        key: ([id]) => String(id),
        commit: (batch) => this.commit(sql, batch),
        concernsAll,
      },
      (work) => this.writes.run(work),
    );
    const shared = { sql, commit };
    this.updates.set(update, shared);
    return shared;
  }

  private async commit(sql: string, batch: readonly (readonly SqlValue[])[]): Promise<boolean[]> {
    try {
      const changed = await this.writer.all<{ id: string }>(sql, [JSON.stringify(batch)]);
      const ids = new Set(changed.map(({ id }) => id));
      return batch.map(([id]) => ids.has(String(id)));
    } catch (error) {
      this.writes.recordFailure(error);
      throw error;
    }
  }
}

function concernsAll(error: unknown): boolean {
  return error instanceof SqliteFailure && error.concernsAll;
}

/** One statement for any number of keys. CROSS JOIN makes SQLite loop over the keys instead of scanning the table. */
function batchSelect({ columns, from, joins, by }: SharedSelect): string {
  const conditions = by.map((column, index) => `target.${column} = item.value ->> ${index}`);
  return (
    `SELECT item.key AS position, ${columns} FROM json_each($1) AS item ` +
    `CROSS JOIN ${from} AS target ON ${conditions.join(' AND ')} ${joins}`
  );
}
