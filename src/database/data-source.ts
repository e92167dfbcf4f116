import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import sqlite3 from 'sqlite3';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { DatabaseConfig } from '../config/config.js';
import { Tenancy1764000000000 } from './migrations/1764000000000-tenancy.js';
import { Sessions1764000000001 } from './migrations/1764000000001-sessions.js';
import { VerifyKeyOverlap1764000000010 } from './migrations/1764000000010-verify-key-overlap.js';
import { SigningKeys1764000000020 } from './migrations/1764000000020-signing-keys.js';
import { EventIndexes1764000000030 } from './migrations/1764000000030-event-indexes.js';
import { poolOptions, typeOrmDriver } from './postgres/postgres-pool.js';
import { StartLock } from './start-lock.js';

export const migrations = [
  Tenancy1764000000000,
  Sessions1764000000001,
  VerifyKeyOverlap1764000000010,
  SigningKeys1764000000020,
  EventIndexes1764000000030,
];

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
  migrationsTransactionMode: 'each',
  synchronize: false,
  // Without this, `findOneBy({ id: undefined })` finds some row.
  invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
} as const;

/** TypeORM reads projects, users and areas, which the tiers keep: it needs few connections. */
const TYPEORM_CONNECTIONS = 4;

export function dataSourceOptions(database: DatabaseConfig, file: SqliteFile | null): DataSourceOptions {
  if (database.kind === 'postgres')
    return {
      ...COMMON,
      type: 'postgres',
      url: database.url,
      driver: typeOrmDriver,
      // No column needs one, and a database's user may not be allowed to install them.
      installExtensions: false,
      poolErrorHandler: () => undefined,
      extra: poolOptions(database.url, TYPEORM_CONNECTIONS),
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

/**
 * Brings the tables to what this program expects, on a connection of its own that ends afterwards. Where several
 * processes start at once, one does and the others wait.
 */
export function migrate(database: DatabaseConfig, file: SqliteFile | null): Promise<void> {
  return StartLock.of(database, file).hold(async () => {
    const dataSource = new DataSource(migrationOptions(database, file));
    await dataSource.initialize();
    try {
      await dataSource.runMigrations();
    } finally {
      await dataSource.destroy();
    }
  });
}

/** As for requests, but without their deadlines: an index over many rows takes its time. */
function migrationOptions(database: DatabaseConfig, file: SqliteFile | null): DataSourceOptions {
  const options = dataSourceOptions(database, file);
  if (options.type !== 'postgres') return options;
  return { ...options, extra: { application_name: 'bo-auth migration', max: 1 } };
}
