import type { QueryRunner } from 'typeorm';

/** Column definitions by column name. A column that must not be null needs a default. */
type Columns = Readonly<Record<string, string>>;

/**
 * Adds columns to a table, for a migration. TypeORM's `addColumn` would copy the whole table on SQLite. The default also
 * serves rows that the previous release inserts.
 */
export async function addColumns(queryRunner: QueryRunner, table: string, columns: Columns): Promise<void> {
  for (const [name, definition] of Object.entries(columns))
    await queryRunner.query(`ALTER TABLE ${table} ADD COLUMN ${name} ${definition}`);
}

export async function dropColumns(queryRunner: QueryRunner, table: string, columns: Columns): Promise<void> {
  for (const name of Object.keys(columns))
    await queryRunner.query(`ALTER TABLE ${table} DROP COLUMN ${name}`);
}
