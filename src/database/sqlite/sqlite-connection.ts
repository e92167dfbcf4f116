import sqlite3 from 'sqlite3';
import type { SqlTransaction, SqlValue } from '../sql-database.js';
import { StoreUnavailable } from '../store-unavailable.js';

/** How long SQLite waits for the lock of another process before SQLITE_BUSY, in ms. */
const BUSY_TIMEOUT_MS = 1_500;

/**
 * How many pages a connection keeps, in KiB: enough for the indexes of a million sessions. SQLite's 2,000 would read them
 * again for each row. A small database fills little of it. Not `mmap_size`: a read error would end the process.
 */
const CACHE_KIB = 32 * 1024;

/** An SQLite error; `code` is e.g. `SQLITE_BUSY` or `SQLITE_FULL`. */
export class SqliteFailure extends StoreUnavailable {
  constructor(
    readonly code: string,
    options: ErrorOptions,
  ) {
    super(code, options);
  }

  /** Whether the file or the disk is at fault. */
  get isDamage(): boolean {
    return DAMAGE.test(this.code);
  }

  /** Whether the file itself is damaged, which no later success disproves. */
  get isCorruption(): boolean {
    return /^SQLITE_(NOTADB|CORRUPT)/.test(this.code);
  }

  override get isStatementError(): boolean {
    return this.code === 'SQLITE_ERROR';
  }

  override get concernsAll(): boolean {
    return /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOTADB|CORRUPT|NOMEM|PROTOCOL)/.test(this.code);
  }
}

/** A fault of the file or the disk; a lock of another process does not count. */
const DAMAGE = /^SQLITE_(FULL|IOERR|CANTOPEN|READONLY|NOTADB|CORRUPT)/;

interface Prepared {
  readonly statement: sqlite3.Statement;
  /** Of the calls until it is prepared: sqlite3 never answers them if that fails. `null` once it is. */
  waiting: ((reason: SqliteFailure) => void)[] | null;
}

/** One connection to an SQLite file, with promises and cached prepared statements. */
export class SqliteConnection implements SqlTransaction {
  /** All transactions are `IMMEDIATE`: they hold the only write lock from the beginning. */
  readonly forUpdate = '';
  private readonly statements = new Map<string, Prepared>();

  private constructor(private readonly database: sqlite3.Database) {}

  static async open(file: string): Promise<SqliteConnection> {
    const connection = await SqliteConnection.openPlain(file, BUSY_TIMEOUT_MS);
    await connection.execute('PRAGMA journal_mode = WAL');
    // FULL: an acknowledged rotation survives a power failure, not only a crash of the process.
    await connection.execute('PRAGMA synchronous = FULL');
    await connection.execute(`PRAGMA cache_size = -${CACHE_KIB}`);
    return connection;
  }

  /** Opens the file without a write-ahead log. */
  static async openPlain(file: string, busyTimeoutMs: number): Promise<SqliteConnection> {
    const database = await new Promise<sqlite3.Database>((resolve, reject) => {
      const opened = new sqlite3.Database(file, (error) =>
        error === null ? resolve(opened) : reject(failure(error)),
      );
    });
    const connection = new SqliteConnection(database);
    await connection.execute(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    return connection;
  }

  execute(sql: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.database.exec(sql, (error) => (error === null ? resolve() : reject(failure(error))));
    });
  }

  all<Row>(sql: string, values: readonly SqlValue[]): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      const { statement, waiting } = this.prepared(sql);
      waiting?.push(reject);
      statement.all<Row>(values, (error, rows) => (error === null ? resolve(rows) : reject(failure(error))));
    });
  }

  async close(): Promise<void> {
    for (const { statement } of this.statements.values())
      await new Promise<void>((resolve) => {
        statement.finalize(() => resolve());
      });
    this.statements.clear();
    await new Promise<void>((resolve, reject) => {
      this.database.close((error) => (error === null ? resolve() : reject(failure(error))));
    });
  }

  private prepared(sql: string): Prepared {
    const known = this.statements.get(sql);
    if (known !== undefined) return known;
    // SQLite treats `$1` as a name and numbers names by first appearance; `?1` is always the first value.
    const statement = this.database.prepare(sql.replaceAll(/\$(\d+)/g, '?$1'), (error) => {
      if (error !== null) {
        this.statements.delete(sql);
        for (const reject of prepared.waiting ?? []) reject(failure(error));
      }
      prepared.waiting = null;
    });
    const prepared: Prepared = { statement, waiting: [] };
    this.statements.set(sql, prepared);
    return prepared;
  }
}

/** Only the code goes into the message: SQLite's own message may quote a value. */
function failure(error: Error & { code?: string }): SqliteFailure {
  return new SqliteFailure(error.code ?? 'SQLITE_ERROR', { cause: new Error(error.message.slice(0, 120)) });
}
