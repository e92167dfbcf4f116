export type SqlValue = string | number | null;

/** Statements of one transaction; they all happen or none does. */
export interface SqlTransaction {
  /** Runs one statement and gives the rows that it returns (`SELECT`, or `… RETURNING`). */
  all<Row>(sql: string, values: readonly SqlValue[]): Promise<Row[]>;
}

/**
 * The hot path's way to the database, beside TypeORM: prepared statements, one round trip each.
 *
 * Placeholders are `$1`, `$2`, …, as Postgres has them.
 * Every method fails with {@link StoreUnavailable} where the database cannot be asked or its answer was lost.
 */
export abstract class SqlDatabase {
  abstract readonly kind: 'sqlite' | 'postgres';

  /** Reads committed rows. */
  abstract all<Row>(sql: string, values: readonly SqlValue[]): Promise<Row[]>;

  /**
   * Finds one committed row. Many callers may share one statement, but none gets an answer from before his question.
   *
   * @param values of the columns that the question is by
   */
  abstract find<Row>(select: SharedSelect, values: readonly SqlValue[]): Promise<Row | null>;

  /** Runs `work` alone in a transaction, durable when the promise resolves. */
  abstract transact<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;

  /**
   * Updates one row if it still is as `where` says. Many callers may share one durable commit, but none hears of
   * its own before it happened.
   *
   * @param also what belongs into the same transaction, where the row was changed; it is then not shared
   * @returns whether this caller's row was changed
   */
  abstract compareAndSet(
    update: SharedUpdate,
    values: readonly SqlValue[],
    also: ((transaction: SqlTransaction) => Promise<void>) | null,
  ): Promise<boolean>;

  /** Runs `work` while no other process does the same on this database: what a start prepares. */
  abstract alone<T>(work: () => Promise<T>): Promise<T>;

  abstract close(): Promise<void>;
}

/** A question for one row as data, so that each database can ask it its own way: alone, or many in one statement. */
export interface SharedSelect {
  /** Expressions over `target` and the joined tables. */
  readonly columns: string;
  /** The table, known as `target`. */
  readonly from: string;
  /** `JOIN …`, or empty. */
  readonly joins: string;
  /** Columns of `target` that together name one row, in the order in which callers pass their values. */
  readonly by: readonly string[];
}

/** A compare-and-set as data, so that each database can run it its own way: alone, or many in one statement. */
export interface SharedUpdate {
  readonly table: string;
  /** Value names in the order in which callers pass them; the first is the row's primary key, `id`. */
  readonly values: readonly string[];
  /** Column = expression over `:name` values. */
  readonly set: Readonly<Record<string, string>>;
  /** Conditions over columns (as `target.column`) and `:name` values, besides the key's. */
  readonly where: readonly string[];
}
