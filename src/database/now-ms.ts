/**
 * The time by the database's clock, in ms since the epoch; SQLite knows whole seconds in all its versions. On Postgres the
 * time of the statement, which is constant, so that an index serves a comparison with it.
 */
export const NOW_MS = {
  sqlite: `CAST(strftime('%s', 'now') AS integer) * 1000`,
  postgres: `CAST(extract(epoch FROM statement_timestamp()) * 1000 AS bigint)`,
} as const;
