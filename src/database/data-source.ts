import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import sqlite3 from 'sqlite3';
import { DataSource, type DataSourceOptions } from 'typeorm';
import type { DatabaseConfig } from '../config/variables.js';
import { Tenancy1764000000000 } from './migrations/1764000000000-tenancy.js';
import { Sessions1764000000001 } from './migrations/1764000000001-sessions.js';
import { VerifyKeyOverlap1764000000010 } from './migrations/1764000000010-verify-key-overlap.js';
import { SigningKeys1764000000020 } from './migrations/1764000000020-signing-keys.js';
import { EventIndexes1764000000030 } from './migrations/1764000000030-event-indexes.js';
import { VerifyPadding1764000000040 } from './migrations/1764000000040-verify-padding.js';
import { SessionLimits1764000000060 } from './migrations/1764000000060-session-limits.js';
import { ProjectLanguage1764000000070 } from './migrations/1764000000070-project-language.js';
import { BrowserCallers1764000000061 } from './migrations/1764000000061-browser-callers.js';
import { LoginFailures1764000000080 } from './migrations/1764000000080-login-failures.js';
import { PasswordFormats1764000000081 } from './migrations/1764000000081-password-formats.js';
import { SecondFactor1764000000082 } from './migrations/1764000000082-second-factor.js';
import { EventChain1764000000083 } from './migrations/1764000000083-event-chain.js';
import { SealedVerifyKeys1764000000084 } from './migrations/1764000000084-sealed-verify-keys.js';
import { Clients1764000000088 } from './migrations/1764000000088-clients.js';
import { OAuthSettings1764000000087 } from './migrations/1764000000087-oauth-settings.js';
import { PasswordRules1764000000085 } from './migrations/1764000000085-password-rules.js';
import { SessionTerms1764000000086 } from './migrations/1764000000086-session-terms.js';
import { ChangeLog1764000000090 } from './migrations/1764000000090-change-log.js';
import { RevocationFeed1764000000089 } from './migrations/1764000000089-revocation-feed.js';
import { createChangeTriggers, hasChangeTriggers } from './change-triggers.js';
import { poolOptions, typeOrmDriver } from './postgres/postgres-pool.js';
import { StartLock } from './start-lock.js';

export const migrations = [
  Tenancy1764000000000,
  Sessions1764000000001,
  VerifyKeyOverlap1764000000010,
  SigningKeys1764000000020,
  EventIndexes1764000000030,
  VerifyPadding1764000000040,
  SessionLimits1764000000060,
  ProjectLanguage1764000000070,
  BrowserCallers1764000000061,
  LoginFailures1764000000080,
  PasswordFormats1764000000081,
  SecondFactor1764000000082,
  EventChain1764000000083,
  SealedVerifyKeys1764000000084,
  PasswordRules1764000000085,
  SessionTerms1764000000086,
  OAuthSettings1764000000087,
  Clients1764000000088,
  RevocationFeed1764000000089,
  ChangeLog1764000000090,
];

/** TypeORM calls `sqlite3.verbose()`, which doubles the cost of every statement; this makes the call a no-op. */
const quietSqlite3 = { ...sqlite3, verbose: () => sqlite3 };

/** The file of an SQLite database; for `sqlite::memory:` a new file in the temporary folder. */
export interface SqliteFile {
  readonly path: string;
  /** Deletes the file of `sqlite::memory:`; does nothing for other databases. */
  discard(): void;
}

export function sqliteFile(file: string | null): SqliteFile {
  if (file !== null) {
    const path = resolve(file);
    makeFolder(dirname(path));
    makeFile(path);
    return { path, discard: () => undefined };
  }
  // A true in-memory database is private to one connection, and we need several.
  const folder = mkdtempSync(join(tmpdir(), 'bo-auth-'));
  return {
    path: join(folder, 'memory.sqlite'),
    discard: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Node's own `recursive` never returns for a folder that cannot be made under `/proc`. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(path)) throw error;
  }
}

/** SQLite itself would let all users of the machine read a new file. The files that it adds get the same mode. */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch {
    // It exists already, or SQLite fails too and says why.
  }
}

const COMMON = {
  migrations,
  migrationsTransactionMode: 'each',
  synchronize: false,
  // By default, `findOneBy({ id: undefined })` returns an arbitrary row.
  invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
} as const;

/** TypeORM serves only administration, logins and cache misses, so it needs few connections. */
const TYPEORM_CONNECTIONS = 4;

export function dataSourceOptions(database: DatabaseConfig, file: SqliteFile | null): DataSourceOptions {
  if (database.kind === 'postgres')
    return {
      ...COMMON,
      type: 'postgres',
      driver: typeOrmDriver,
      // No column needs an extension, and the database user may not be allowed to install one.
      installExtensions: false,
      poolErrorHandler: () => undefined,
      // Holds the URL: `pg` reads it in full, and TypeORM misreads one whose host is a parameter, e.g. a Unix socket.
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
 * Runs the pending migrations on a separate connection. If several processes start together, one migrates and the
 * others wait.
 */
export function migrate(database: DatabaseConfig, file: SqliteFile | null): Promise<void> {
  return StartLock.of(database, file).hold(async () => {
    const dataSource = new DataSource(migrationOptions(database, file));
    await dataSource.initialize();
    try {
      await dataSource.runMigrations();
      await restoreChangeTriggers(dataSource);
    } finally {
      await dataSource.destroy();
    }
  });
}

/** Creates the triggers again if an operator has dropped or disabled one. Where it may not, the service does without. */
async function restoreChangeTriggers(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    if (await hasChangeTriggers(runner)) return;
    await runner.startTransaction();
    await createChangeTriggers(runner);
    await runner.commitTransaction();
  } catch {
    // Of a role that does not own the tables. `ChangeLog` says that the triggers are missing.
    if (runner.isTransactionActive) await runner.rollbackTransaction();
  } finally {
    await runner.release();
  }
}

/** Like the options for requests but without their time-outs: building an index on a large table takes long. */
function migrationOptions(database: DatabaseConfig, file: SqliteFile | null): DataSourceOptions {
  const options = dataSourceOptions(database, file);
  if (database.kind !== 'postgres' || options.type !== 'postgres') return options;
  const extra = { connectionString: database.url, application_name: 'bo-auth migration', max: 1 };
  return { ...options, extra };
}
