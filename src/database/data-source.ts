import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import sqlite3 from 'sqlite3';
import type { DataSourceOptions } from 'typeorm';
import type { DatabaseConfig } from '../config/config.js';
import { Tenancy1764000000000 } from './migrations/1764000000000-tenancy.js';
import { Sessions1764000000001 } from './migrations/1764000000001-sessions.js';

export const migrations = [Tenancy1764000000000, Sessions1764000000001];

/** TypeORM switches sqlite3 into its verbose mode, which doubles the cost of every statement. */
const quietSqlite3 = { ...sqlite3, verbose: () => sqlite3 };

/** The file behind `sqlite:`; for `sqlite::memory:` one of its own in the temporary folder. */
export interface SqliteFile {
  readonly path: string;
  /** Removes what ends with the process. */
  discard(): void;
}

export function sqliteFile(file: string | null): SqliteFile {
  if (file !== null) {
    const path = resolve(file);
    mkdirSync(dirname(path), { recursive: true });
    return { path, discard: () => undefined };
  }
  // A true in-memory database belongs to one connection, and we need several on the same rows.
  const folder = mkdtempSync(join(tmpdir(), 'bo-auth-'));
  return {
    path: join(folder, 'memory.sqlite'),
    discard: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const COMMON = {
  migrations,
  migrationsRun: true,
  migrationsTransactionMode: 'each',
  synchronize: false,
  // Without this, `findOneBy({ id: undefined })` finds some row.
  invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
} as const;

export function dataSourceOptions(database: DatabaseConfig, file: SqliteFile | null): DataSourceOptions {
  if (database.kind === 'postgres')
    return {
      ...COMMON,
      type: 'postgres',
      url: database.url,
      connectTimeoutMS: 3_000,
      poolErrorHandler: () => undefined,
    };
  if (file === null) throw new Error('an SQLite database needs a file');
  return {
    ...COMMON,
    type: 'sqlite',
    database: file.path,
    enableWAL: true,
    busyTimeout: 1_500,
    driver: quietSqlite3,
  };
}
