import { DataSource } from 'typeorm';
import type { DatabaseConfig } from '../config/variables.js';
import { dataSourceOptions, migrations, type SqliteFile } from './data-source.js';

/** The names of the migrations that have not run yet, in the order in which they will run. Read-only. */
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
    const applied = new Set(rows.map(({ name }) => name));
    return migrations.map(({ name }) => name).filter((name) => !applied.has(name));
  } finally {
    await dataSource.destroy();
  }
}
