import { resolve } from 'node:path';
import type { DatabaseConfig } from '../config/variables.js';

/** Where the database is, for an operator: `sqlite:/absolute/path` or `postgres://host:port/name`, without credentials. */
export function databaseLocation(database: DatabaseConfig): string {
  if (database.kind === 'sqlite')
    return `sqlite:${database.file === null ? ':memory:' : resolve(database.file)}`;
  // If a parameter gives the host, the URL itself has none, and `URL` refuses a user name without a host.
  const url = new URL(database.url.replace(/^(postgres(?:ql)?:\/\/)[^/?#]*@(?=[/?])/, '$1'));
  const host = url.searchParams.get('host') ?? url.hostname;
  return `postgres://${host}${url.port === '' ? '' : `:${url.port}`}${url.pathname}`;
}
