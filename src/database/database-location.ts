import { resolve } from 'node:path';
import { withHost } from '../config/postgres-url.js';
import type { DatabaseConfig } from '../config/variables.js';

/** Where the database is, for an operator: `sqlite:/absolute/path` or {@link PostgresPlace.location}, without credentials. */
export function databaseLocation(database: DatabaseConfig): string {
  if (database.kind === 'postgres') return postgresPlace(database.url).location;
  return `sqlite:${database.file === null ? ':memory:' : resolve(database.file)}`;
}

/** What a Postgres URL says, as `pg` reads it. */
export interface PostgresPlace {
  /** `postgres://host:port/name`, or `postgres:///name?host=/folder` for a Unix socket; without credentials. */
  readonly location: string;
  /** Name of the database; empty if the URL has none. */
  readonly database: string;
  /** Empty if the URL names no user. */
  readonly user: string;
}

export function postgresPlace(text: string): PostgresPlace {
  const parseable = withHost(text);
  const url = new URL(parseable);
  const { searchParams: given } = url;
  const port = given.get('port') ?? url.port;
  const host = given.get('host') ?? (parseable === text ? url.hostname : '');
  const address = `${host}${port === '' ? '' : `:${port}`}`;
  const socket = `${url.pathname}?host=${host}${port === '' ? '' : `&port=${port}`}`;
  return {
    location: `postgres://${host.startsWith('/') ? socket : `${address}${url.pathname}`}`,
    database: decoded(url.pathname.slice(1)),
    user: given.get('user') ?? decoded(url.username),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
