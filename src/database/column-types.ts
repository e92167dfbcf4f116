import type { ColumnOptions, ValueTransformer } from 'typeorm';

/** Postgres hands a bigint over as text, SQLite as a number; ours are times in ms and fit a number. */
const asNumber: ValueTransformer = {
  to: (value: number | null) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};

/** Milliseconds since the epoch. */
export const epochMs: ColumnOptions = { type: 'bigint', transformer: asNumber };

/** A list of strings, as JSON text: the same in every database, and nothing ever searches inside it. */
export const stringList: ColumnOptions = {
  type: 'text',
  transformer: {
    to: (value: readonly string[] | undefined) => JSON.stringify(value ?? []),
    from: (value: string) => JSON.parse(value) as string[],
  },
};
