import { FileWatch } from './file-watch.js';
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

const PROBE = 'SELECT owner_id FROM bo_project LIMIT 1';
const PROBE_WRITE =
  'UPDATE bo_project SET status = status WHERE owner_id = (SELECT min(owner_id) FROM bo_project)';

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
  /** The last failure of the file or the disk, until a write succeeds; corruption is never cleared. */
  private damage: SqliteFailure | null = null;
  private readonly selects = new Map<SharedSelect, GroupRead<readonly SqlValue[], unknown>>();

  private constructor(
    private readonly reader: SqliteConnection,
    private readonly writer: SqliteConnection,
    private readonly startLock: StartLock,
    private readonly file: FileWatch,
    /** The items of a JSON list as a table. */
    private readonly items: string,
  ) {
    super();
  }

  static async open(file: string, startLock: StartLock): Promise<SqliteDatabase> {
    const watch = await FileWatch.of(file);
    const reader = await SqliteConnection.open(file);
    const writer = await SqliteConnection.open(file);
    // SQLite parses each item again for each of its values unless it is JSONB, which versions before 3.51 do not have.
    const items = await reader.all(`SELECT 1 FROM jsonb_each('[]')`, []).then(
      () => 'jsonb_each($1)',
      () => 'json_each($1)',
    );
    return new SqliteDatabase(reader, writer, startLock, watch, items);
  }

  override async all<Row>(sql: string, values: readonly SqlValue[]): Promise<Row[]> {
    try {
      return await this.reader.all(sql, values);
    } catch (error) {
      this.note(error);
      throw error;
    }
  }

  override async probe(): Promise<void> {
    await this.file.look();
    await this.all(PROBE, []);
    const { damage } = this;
    if (damage === null) return;
    if (damage.isCorruption) throw damage;
    // Requests may no longer arrive while this process is not ready, so the probe itself tries a write.
    await this.transact((transaction) => transaction.all(PROBE_WRITE, []));
    if (damage.code !== 'SQLITE_FULL' || (await this.file.hasRoom())) return;
    // The small write fitted into the log's remaining space; the writes of requests may not.
    this.damage = damage;
    throw damage;
  }

  override find<Row>(select: SharedSelect, values: readonly SqlValue[]): Promise<Row | null> {
    return this.reads(select).submit(values) as Promise<Row | null>;
  }

  override transact<T>(
    work: (transaction: SqlTransaction) => Promise<T>,
    { durable } = { durable: true },
  ): Promise<T> {
    return this.write(async () => {
      if (durable) return this.transactNow(work);
      // No other write runs meanwhile, and the commit of the next durable one covers this one, too.
      await this.writer.execute('PRAGMA synchronous = NORMAL');
      try {
        return await this.transactNow(work);
      } finally {
        await this.writer.execute('PRAGMA synchronous = FULL');
      }
    });
  }

  private async transactNow<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
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
      const sql = batchSelect(select, this.items);
      reads = new GroupRead((keys) => this.findAll(sql, keys), concernsAll);
      this.selects.set(select, reads);
    }
    return reads;
  }

  private async findAll(sql: string, keys: readonly (readonly SqlValue[])[]): Promise<unknown[]> {
    const rows = await this.all<{ position: number; found: string }>(sql, [JSON.stringify(keys)]);
    const found = new Map(rows.map((row) => [row.position, row.found]));
    return keys.map((_, index) => {
      const text = found.get(index);
      return text === undefined ? null : (JSON.parse(text) as unknown);
    });
  }

  private shared<Seen extends Bindable<Seen> & RowKey, Next extends Bindable<Next>>(
    update: SharedUpdate<Seen, Next>,
  ): Shared {
    const known = this.updates.get(update);
    if (known !== undefined) return known;
    // One statement for any number of rows, hence one transaction and one round trip to sqlite3's thread pool.
    const sql = update.statement((index) => `item.value ->> ${index}`, `FROM ${this.items} AS item`);
    const commit = new GroupCommit<readonly SqlValue[], boolean>(
      {
        key: ([id]) => String(id),
        commit: (batch) => this.commit(sql, batch),
        concernsAll,
      },
      (work) =>
        this.writes.run(async () => {
          const look = this.file.recently();
          if (look !== null) await look;
          return work();
        }),
    );
    const shared = { sql, commit };
    this.updates.set(update, shared);
    return shared;
  }

  private async commit(sql: string, batch: readonly (readonly SqlValue[])[]): Promise<boolean[]> {
    try {
      const changed = await this.writer.all<{ id: string }>(sql, [JSON.stringify(batch)]);
      this.hasWritten();
      const ids = new Set(changed.map(({ id }) => id));
      return batch.map(([id]) => ids.has(String(id)));
    } catch (error) {
      this.writes.recordFailure(error);
      this.note(error);
      throw error;
    }
  }

  private write<T>(work: () => Promise<T>): Promise<T> {
    return this.writes.run(async () => {
      const look = this.file.recently();
      if (look !== null) await look;
      try {
        const result = await work();
        this.hasWritten();
        return result;
      } catch (error) {
        this.note(error);
        throw error;
      }
    });
  }

  private note(error: unknown): void {
    if (error instanceof SqliteFailure && error.isDamage && this.damage?.isCorruption !== true)
      this.damage = error;
  }

  private hasWritten(): void {
    if (this.damage !== null && !this.damage.isCorruption) this.damage = null;
  }
}

function concernsAll(error: unknown): boolean {
  return error instanceof SqliteFailure && error.concernsAll;
}

/**
 * One statement for any number of keys. CROSS JOIN makes SQLite loop over the keys instead of scanning the table.
 *
 * Each row comes as JSON text: node-sqlite3 sets the columns of a row one by one, by name, which takes twice as long.
 */
function batchSelect({ columns, from, joins, by }: SharedSelect, items: string): string {
  const conditions = by.map((column, index) => `target.${column} = item.value ->> ${index}`);
  const fields = Object.entries(columns).map(([name, expression]) => `'${name}', ${expression}`);
  return (
    `SELECT item.key AS position, json_object(${fields.join(', ')}) AS found FROM ${items} AS item ` +
    `CROSS JOIN ${from} AS target ON ${conditions.join(' AND ')} ${joins}`
  );
}
