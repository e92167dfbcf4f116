import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { dataSourceOptions, type SqliteFile, sqliteFile } from './data-source.js';
import { SqlDatabase } from './sql-database.js';
import { SqliteDatabase } from './sqlite-database.js';

/** Injection token of the {@link SqliteFile}, `null` where the database is another. */
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

@Global()
@Module({
  imports: [
    SqliteFileModule,
    TypeOrmModule.forRootAsync({
      imports: [SqliteFileModule],
      inject: [CONFIG, SQLITE_FILE],
      useFactory: ({ database }: Config, file: SqliteFile | null) => ({
        ...dataSourceOptions(database, file),
        autoLoadEntities: true,
        retryAttempts: 1,
      }),
    }),
  ],
  providers: [
    {
      provide: SqlDatabase,
      // The data source has migrated by the time that it can be injected.
      inject: [SQLITE_FILE, DataSource],
      useFactory: (file: SqliteFile | null): Promise<SqlDatabase> => {
        if (file === null) throw new Error('not yet');
        return SqliteDatabase.open(file.path);
      },
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
