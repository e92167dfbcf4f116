import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Config, DatabaseConfig } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { dataSourceOptions, migrate, type SqliteFile, sqliteFile } from './data-source.js';
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

@Global()
@Module({
  imports: [
    SqliteFileModule,
    TypeOrmModule.forRootAsync({
      imports: [SqliteFileModule],
      inject: [CONFIG, SQLITE_FILE],
      useFactory: async ({ database, isPrepared }: Config, file: SqliteFile | null) => {
        if (!isPrepared) await migrate(database, file);
        return { ...dataSourceOptions(database, file), autoLoadEntities: true, retryAttempts: 1 };
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
