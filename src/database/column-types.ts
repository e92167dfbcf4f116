import type { ColumnOptions, ValueTransformer } from 'typeorm';

/** Postgres drivers return a bigint as text, SQLite's as a number. Ours are times in ms, which fit a number. */
const asNumber: ValueTransformer = {
  to: (value: number | null) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};

/** Milliseconds since the epoch. */
export const epochMs: ColumnOptions = { type: 'bigint', transformer: asNumber };

/** A list of strings, stored as JSON text. No query searches inside it. */
export const stringList: ColumnOptions = {
  type: 'text',
  transformer: {
    to: (value: readonly string[] | undefined) => JSON.stringify(value ?? []),
    from: (value: string) => JSON.parse(value) as string[],
  },
};

/** A list of JSON values, stored as text. An empty list is `NULL`, so that a partial index finds the others. */
export const nullableList: ColumnOptions = {
  type: 'text',
  nullable: true,
  transformer: {
    to: (value: readonly unknown[] | null | undefined) =>
      value === null || value === undefined || value.length === 0 ? null : JSON.stringify(value),
    from: (value: string | null) => (value === null ? null : (JSON.parse(value) as unknown[])),
  },
};
