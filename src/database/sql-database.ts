export type SqlValue = string | number | null;

/** Runs statements inside one transaction. */
export interface SqlTransaction {
  /** Runs one statement and returns its rows (`SELECT`, or `… RETURNING`). */
  all<Row>(sql: string, values: readonly SqlValue[]): Promise<Row[]>;
  /** Ends a `SELECT` that locks its rows until the transaction ends. */
  readonly forUpdate: 'FOR NO KEY UPDATE' | '';
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

  /**
   * Runs `work` in an isolated transaction, which is durable when the promise resolves.
   *
   * @param options.durable `false` for what may be lost if the machine fails, though not if the process does: it does not
   *   wait for the disk, and neither do the writes that queue behind it
   */
  abstract transact<T>(
    work: (transaction: SqlTransaction) => Promise<T>,
    options?: { readonly durable: boolean },
  ): Promise<T>;

  /**
   * Updates one row if it still holds what the caller saw. Concurrent callers may share one durable commit; each
   * promise resolves only after its own commit.
   *
   * @param seen the row's key, and what the row must still hold
   * @param next what is written
   * @param also further writes in the same transaction, run only if the row changed; such a commit is not shared
   * @returns whether the row changed
   */
  abstract compareAndSet<Seen extends Bindable<Seen> & RowKey, Next extends Bindable<Next>>(
    update: SharedUpdate<Seen, Next>,
    seen: Seen,
    next: Next,
    also: ((transaction: SqlTransaction) => Promise<void>) | null,
  ): Promise<boolean>;

  /** Reads a row as requests do. @throws if requests cannot be served, e.g. because the database cannot be written */
  abstract probe(): Promise<void>;

  /** Runs `work` while holding a lock across all processes on this database, for work at startup. */
  abstract alone<T>(work: () => Promise<T>): Promise<T>;

  abstract close(): Promise<void>;
}

/** A query for one row, described as data so that a database can run it alone or combine many into one statement. */
export interface SharedSelect {
  /** Expressions over `target` and the joined tables, by the name that each has in the row. */
  readonly columns: Readonly<Record<string, string>>;
  /** The table; its alias is `target`. */
  readonly from: string;
  /** `JOIN …`, or empty. */
  readonly joins: string;
  /** Columns of `target` that identify one row, in the order in which callers pass their values. */
  readonly by: readonly string[];
}

/** The expressions as the list that follows `SELECT`. */
export function selectList(columns: SharedSelect['columns']): string {
  return Object.entries(columns)
    .map(([name, expression]) => `${expression} AS ${name}`)
    .join(', ');
}

/** The columns of a table under their own names. */
export function columnsOf(names: readonly string[]): SharedSelect['columns'] {
  return Object.fromEntries(names.map((name) => [name, `target.${name}`]));
}

/** A record whose fields SQL can take as they are. */
export type Bindable<Record> = { readonly [Field in keyof Record]: SqlValue };

/** The primary key, column `id`. */
export interface RowKey {
  readonly id: string;
}

/** The columns of a record, by its fields. */
type Columns<Record> = { readonly [Field in keyof Record]: string };

/**
 * A compare-and-set of one row as data, so that each database can run it its own way: alone, or many in one statement.
 * Callers pass records; the order in which their values are bound is known here only.
 */
export class SharedUpdate<Seen extends Bindable<Seen> & RowKey, Next extends Bindable<Next>> {
  private readonly seenFields: readonly (keyof Seen)[];
  private readonly nextFields: readonly (keyof Next)[];

  constructor(
    private readonly update: {
      readonly table: string;
      /** The columns of what the caller saw: they must still hold it. */
      readonly seen: Columns<Seen>;
      /** The columns of what is written. */
      readonly next: Columns<Next>;
      /** Further conditions, over columns as `target.column`. */
      readonly where: readonly string[];
    },
  ) {
    const { id: _, ...seen } = update.seen;
    this.seenFields = ['id', ...(Object.keys(seen) as (keyof Seen)[])];
    this.nextFields = Object.keys(update.next) as (keyof Next)[];
  }

  /** What a statement binds; the first value is the key. */
  values(seen: Seen, next: Next): SqlValue[] {
    const values: SqlValue[] = [];
    for (const field of this.seenFields) values.push(seen[field]);
    for (const field of this.nextFields) values.push(next[field]);
    return values;
  }

  /**
   * @param bound SQL for the value at an index of {@link values}
   * @param from a `FROM` clause that `bound` needs, or empty
   */
  statement(bound: (index: number) => string, from = ''): string {
    const { table, seen, next, where } = this.update;
    const assignments = this.nextFields.map(
      (field, index) => `${next[field]} = ${bound(this.seenFields.length + index)}`,
    );
    const conditions = this.seenFields.map((field, index) => `target.${seen[field]} = ${bound(index)}`);
    return (
      `UPDATE ${table} AS target SET ${assignments.join(', ')} ${from} ` +
      `WHERE ${[...conditions, ...where].join(' AND ')} RETURNING id`
    );
  }
}
