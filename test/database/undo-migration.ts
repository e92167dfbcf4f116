import { DataSource } from 'typeorm';
import type { DatabaseConfig } from '../../src/config/variables.js';
import { dataSourceOptions, type SqliteFile, sqliteFile } from '../../src/database/data-source.js';

export const fileOf = (database: DatabaseConfig): SqliteFile | null =>
  database.kind === 'sqlite' ? sqliteFile(database.file) : null;

/** Runs `work` on a connection as migrations have it. */
export async function onDataSource<T>(
  database: DatabaseConfig,
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  const dataSource = new DataSource(dataSourceOptions(database, fileOf(database)));
  await dataSource.initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

export const undoLastMigration = (database: DatabaseConfig): Promise<void> =>
  onDataSource(database, (dataSource) => dataSource.undoLastMigration());
