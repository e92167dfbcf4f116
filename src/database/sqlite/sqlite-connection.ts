import sqlite3 from 'sqlite3';
import type { SqlValue } from '../sql-database.js';
import { StoreUnavailable } from '../store-unavailable.js';

/** How long SQLite itself waits for another process's lock before it says busy. */
const BUSY_TIMEOUT_MS = 1_500;

/** A failure that SQLite named, e.g. `SQLITE_BUSY`, `SQLITE_FULL`. */
export class SqliteFailure extends StoreUnavailable {
  constructor(
    readonly code: string,
    options: ErrorOptions,
  ) {
    super(code, options);
  }

  /** The whole database is out of order; it is no fault of the one statement. */
  get concernsAll(): boolean {
    return /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOTADB|CORRUPT|NOMEM|PROTOCOL)/.test(this.code);
  }
}

/** One connection to one file, with promises and statements that are prepared once. */
export class SqliteConnection {
  private readonly statements = new Map<string, sqlite3.Statement>();

  private constructor(private readonly database: sqlite3.Database) {}

  static async open(file: string): Promise<SqliteConnection> {
    const connection = await SqliteConnection.openPlain(file, BUSY_TIMEOUT_MS);
    await connection.execute('PRAGMA journal_mode = WAL');
    // FULL: an acknowledged rotation survives the loss of power, not only of the process.
    await connection.execute('PRAGMA synchronous = FULL');
    return connection;
  }

  /** Without a write-ahead log, and with a patience of its own. */
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
      this.prepared(sql).all<Row>(values, (error, rows) =>
        error === null ? resolve(rows) : reject(failure(error)),
      );
    });
  }

  async close(): Promise<void> {
    for (const statement of this.statements.values())
      await new Promise<void>((resolve) => {
        statement.finalize(() => resolve());
      });
    this.statements.clear();
    await new Promise<void>((resolve, reject) => {
      this.database.close((error) => (error === null ? resolve() : reject(failure(error))));
    });
  }

  private prepared(sql: string): sqlite3.Statement {
    const known = this.statements.get(sql);
    if (known !== undefined) return known;
    // `$1` would be a name to SQLite, numbered by its first appearance; `?1` is the first value.
    const statement = this.database.prepare(sql.replaceAll(/\$(\d+)/g, '?$1'), (error) => {
      if (error !== null) this.statements.delete(sql);
    });
    this.statements.set(sql, statement);
    return statement;
  }
}

/** SQLite's message may quote a value; its code does not. */
function failure(error: Error & { code?: string }): SqliteFailure {
  return new SqliteFailure(error.code ?? 'SQLITE_ERROR', { cause: new Error(error.message.slice(0, 120)) });
}
