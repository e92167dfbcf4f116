export type SqlValue = string | number | null;

/** Runs statements inside one transaction. */
export interface SqlTransaction {
  /** Runs one statement and returns its rows (`SELECT`, or `… RETURNING`). */
  all<Row>(sql: string, values: readonly SqlValue[]): Promise<Row[]>;
}

/**
 * Database access for the hot path, next to TypeORM: prepared statements, one round trip each.
 *
 * Placeholders are `$1`, `$2`, …, as in Postgres.
 * Every method rejects with {@link StoreUnavailable} if the database is unreachable or its answer was lost.
 */
export abstract class SqlDatabase {
  abstract readonly kind: 'sqlite' | 'postgres';

  /** Reads committed rows. */
  abstract all<Row>(sql: string, values: readonly SqlValue[]): Promise<Row[]>;

  /**
   * Finds one committed row. Concurrent callers may share one statement, but a read never returns data older than the
   * call.
   *
   * @param values of the columns in `select.by`
   */
  abstract find<Row>(select: SharedSelect, values: readonly SqlValue[]): Promise<Row | null>;

  /** Runs `work` in an isolated transaction, which is durable when the promise resolves. */
  abstract transact<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;

  /**
   * Updates one row if it still matches `update.where`. Concurrent callers may share one durable commit; each promise
   * resolves only after its own commit.
   *
   * @param also further writes in the same transaction, run only if the row changed; such a commit is not shared
   * @returns whether the row changed
   */
  abstract compareAndSet(
    update: SharedUpdate,
    values: readonly SqlValue[],
    also: ((transaction: SqlTransaction) => Promise<void>) | null,
  ): Promise<boolean>;

  /** Runs `work` while holding a lock across all processes on this database, for work at startup. */
  abstract alone<T>(work: () => Promise<T>): Promise<T>;

  abstract close(): Promise<void>;
}

/** A query for one row, described as data so that a database can run it alone or combine many into one statement. */
export interface SharedSelect {
  /** Expressions over `target` and the joined tables. */
  readonly columns: string;
  /** The table; its alias is `target`. */
  readonly from: string;
  /** `JOIN …`, or empty. */
  readonly joins: string;
  /** Columns of `target` that identify one row, in the order in which callers pass their values. */
  readonly by: readonly string[];
}

/** A compare-and-set, described as data so that a database can run it alone or combine many into one statement. */
export interface SharedUpdate {
  readonly table: string;
  /** Names of the values, in the order in which callers pass them. The first is the row's primary key, `id`. */
  readonly values: readonly string[];
  /** Column name to new value: an expression over `:name` values. */
  readonly set: Readonly<Record<string, string>>;
  /** Conditions on columns (`target.column`) and `:name` values, in addition to the primary key. */
  readonly where: readonly string[];
}
