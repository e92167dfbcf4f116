import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Config } from '../config/config.js';
import type { DatabaseConfig } from '../config/variables.js';
import { CONFIG } from '../config/config.module.js';
import { StartError } from '../config/start-error.js';
import { dataSourceOptions, migrate, type SqliteFile, sqliteFile } from './data-source.js';
import { pendingMigrations } from './pending-migrations.js';
import { PostgresDatabase } from './postgres/postgres-database.js';
import { SqlDatabase } from './sql-database.js';
import { SqliteDatabase } from './sqlite/sqlite-database.js';
import { StartLock } from './start-lock.js';

/** Injection token of the {@link SqliteFile}; `null` with Postgres. */
const SQLITE_FILE = Symbol('sqlite-file');

@Module({
  providers: [
    {
      provide: SQLITE_FILE,
      inject: [CONFIG],
      useFactory: ({ database }: Config) => (database.kind === 'sqlite' ? sqliteFile(database.file) : null),
    },
  ],
  exports: [SQLITE_FILE],
})
class SqliteFileModule {}

async function openDatabase(
  database: DatabaseConfig,
  file: SqliteFile | null,
  poolSize: number,
): Promise<SqlDatabase> {
  const startLock = StartLock.of(database, file);
  if (database.kind === 'postgres') return new PostgresDatabase(database.url, startLock, poolSize);
  if (file === null) throw new Error('an SQLite database needs a file');
  return SqliteDatabase.open(file.path, startLock);
}

/** A worker of a newer release may find the tables as an older primary left them. */
async function assertMigrated(database: DatabaseConfig, file: SqliteFile | null): Promise<void> {
  const pending = await pendingMigrations(database, file);
  if (pending.length > 0)
    throw new StartError(
      `DATABASE_URL: the database lacks the migrations ${pending.join(', ')}: run bo-auth migrate, or restart the service`,
    );
}

@Global()
@Module({
  imports: [
    SqliteFileModule,
    TypeOrmModule.forRootAsync({
      imports: [SqliteFileModule],
      inject: [CONFIG, SQLITE_FILE],
      useFactory: async ({ database, isPrepared }: Config, file: SqliteFile | null) => {
        if (isPrepared) await assertMigrated(database, file);
        else await migrate(database, file);
        return { ...dataSourceOptions(database, file), autoLoadEntities: true, toRetry: () => false };
      },
    }),
  ],
  providers: [
    {
      provide: SqlDatabase,
      // Injecting the DataSource ensures that migrations have run.
      inject: [CONFIG, SQLITE_FILE, DataSource],
      useFactory: ({ database, databasePoolSize }: Config, file: SqliteFile | null) =>
        openDatabase(database, file, databasePoolSize),
    },
  ],
  exports: [SqlDatabase],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(
    @Inject(SQLITE_FILE) private readonly file: SqliteFile | null,
    private readonly database: SqlDatabase,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
    this.file?.discard();
  }
}
