import { DataSource } from 'typeorm';
import type { DatabaseConfig } from '../config/config.js';
import { dataSourceOptions, migrations, type SqliteFile } from './data-source.js';

/** The names of the migrations that the database has not had yet, in their order. Changes nothing. */
export async function pendingMigrations(
  database: DatabaseConfig,
  file: SqliteFile | null,
): Promise<string[]> {
  const dataSource = new DataSource(dataSourceOptions(database, file));
  await dataSource.initialize();
  try {
    const runner = dataSource.createQueryRunner();
    const hasTable = await runner.hasTable('migrations');
    const rows = hasTable ? ((await runner.query('SELECT name FROM migrations')) as { name: string }[]) : [];
    await runner.release();
    const had = new Set(rows.map(({ name }) => name));
    return migrations.map(({ name }) => name).filter((name) => !had.has(name));
  } finally {
    await dataSource.destroy();
  }
}
