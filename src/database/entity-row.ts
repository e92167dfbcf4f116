import type { ObjectLiteral, Repository } from 'typeorm';

/** A row of an entity's table, as the database returns it. */
export type EntityRow = Readonly<Record<string, unknown>>;

/** Makes an entity of its row, as TypeORM would. */
export function entityOf<Entity extends ObjectLiteral>(
  repository: Repository<Entity>,
  row: EntityRow,
): Entity {
  const { metadata, manager } = repository;
  const entity: Record<string, unknown> = repository.create();
  for (const column of metadata.columns)
    // Applies the column's transformer, and reads a boolean as this database has it.
    entity[column.propertyName] = manager.connection.driver.prepareHydratedValue(
      row[column.databaseName],
      column,
    );
  return entity as Entity;
}
