import { Client } from 'pg';
import sqlite3 from 'sqlite3';

/** Direct access to the servers' database. */
export interface Rows {
  columnsOf(table: string): Promise<string[]>;
  /** Placeholders are `$1`, `$2`, …. */
  all(sql: string, values: readonly (string | number)[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function sqliteRows(file: string): Promise<Rows> {
  const database = await new Promise<sqlite3.Database>((resolve, reject) => {
    const opened = new sqlite3.Database(file, sqlite3.OPEN_READWRITE, (error) =>
      error === null ? resolve(opened) : reject(error),
    );
  });
  const all = (sql: string, values: readonly unknown[]): Promise<Record<string, unknown>[]> =>
    new Promise((resolve, reject) => {
      database.all<Record<string, unknown>>(sql.replaceAll(/\$(\d+)/g, '?$1'), [...values], (error, rows) =>
        error === null ? resolve(rows) : reject(error),
      );
    });
  return {
    columnsOf: async (table) =>
      (await all('SELECT name FROM pragma_table_info($1)', [table])).map(({ name }) => String(name)),
    all,
    close: () => new Promise((resolve) => database.close(() => resolve())),
  };
}

export async function postgresRows(url: string): Promise<Rows> {
  const client = new Client(url);
  await client.connect();
  return {
    columnsOf: async (table) => {
      const { rows } = await client.query<{ column_name: string }>(
        'SELECT column_name FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position',
        [table],
      );
      return rows.map(({ column_name }) => column_name);
    },
    all: async (sql, values) => (await client.query<Record<string, unknown>>(sql, [...values])).rows,
    close: () => client.end(),
  };
}
