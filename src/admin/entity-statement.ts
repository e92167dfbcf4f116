import type { ObjectLiteral, Repository } from 'typeorm';
import type { SqlValue } from '../database/sql-database.js';

/** One explicit statement for {@link SqlDatabase}, made of what the entity says of its columns. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** Inserts a whole row; returns its key where there was none like it, and no row otherwise. */
export function insertStatement<Row extends ObjectLiteral>(repository: Repository<Row>, row: Row): Statement {
  const columns = columnsOf(repository, row, () => true);
  const names = columns.map(([name]) => name);
  const places = columns.map((_, index) => `$${index + 1}`);
  return {
    sql:
      `INSERT INTO ${repository.metadata.tableName} (${names.join(', ')}) VALUES (${places.join(', ')}) ` +
      `ON CONFLICT DO NOTHING RETURNING ${names[0]}`,
    values: columns.map(([, value]) => value),
  };
}

/** Writes a whole row over the one with its key: one text for all changes, so it is prepared once. */
export function updateStatement<Row extends ObjectLiteral>(repository: Repository<Row>, row: Row): Statement {
  const set = columnsOf(repository, row, (isKey) => !isKey);
  const key = columnsOf(repository, row, (isKey) => isKey);
  const assignments = set.map(([name], index) => `${name} = $${index + 1}`);
  const conditions = key.map(([name], index) => `${name} = $${set.length + index + 1}`);
  return {
    sql: `UPDATE ${repository.metadata.tableName} SET ${assignments.join(', ')} WHERE ${conditions.join(' AND ')}`,
    values: [...set, ...key].map(([, value]) => value),
  };
}

function columnsOf<Row extends ObjectLiteral>(
  { metadata, manager }: Repository<Row>,
  row: Row,
  wanted: (isKey: boolean) => boolean,
): [name: string, value: SqlValue][] {
  return metadata.columns
    .filter(({ isPrimary }) => wanted(isPrimary))
    .map((column) => [
      column.databaseName,
      // Applies the column's transformer, and writes a boolean as this database has it.
      manager.connection.driver.preparePersistentValue(row[column.propertyName] ?? null, column) as SqlValue,
    ]);
}
