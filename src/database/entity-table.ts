import type { ObjectLiteral, Repository } from 'typeorm';
import {
  columnsOf,
  type SharedSelect,
  type SqlDatabase,
  type SqlTransaction,
  type SqlValue,
} from './sql-database.js';

/** A row of an entity's table, as the database returns it. */
export type EntityRow = Readonly<Record<string, unknown>>;

/**
 * Reads and writes whole rows of one entity through {@link SqlDatabase}, with statements made once from TypeORM's
 * metadata.
 *
 * Not TypeORM's own reads: it builds a statement for each call, which costs more than the rest of a refresh. Not its
 * own writes: they take another connection than the {@link SqlTransaction} to which the audit event belongs.
 */
export class EntityTable<Entity extends ObjectLiteral> {
  private readonly select: SharedSelect;
  private readonly insertSql: string;
  private readonly updateSql: string;

  constructor(
    private readonly repository: Repository<Entity>,
    private readonly database: SqlDatabase,
  ) {
    const { columns, primaryColumns, tableName } = repository.metadata;
    const names = columns.map(({ databaseName }) => databaseName);
    const by = primaryColumns.map(({ databaseName }) => databaseName);
    const placeOf = (name: string) => `$${names.indexOf(name) + 1}`;
    const equal = (name: string) => `${name} = ${placeOf(name)}`;
    const others = names.filter((name) => !by.includes(name));
    this.select = { columns: columnsOf(names), from: tableName, joins: '', by };
    this.insertSql = `
      INSERT INTO ${tableName} (${names.join(', ')}) VALUES (${names.map(placeOf).join(', ')})
      ON CONFLICT DO NOTHING RETURNING ${by[0]}`;
    this.updateSql = `
      UPDATE ${tableName} SET ${others.map(equal).join(', ')} WHERE ${by.map(equal).join(' AND ')}`;
  }

  /** @param key the values of the primary key, in the order of the entity's columns */
  async find(...key: readonly SqlValue[]): Promise<Entity | null> {
    const row = await this.database.find<EntityRow>(this.select, key);
    return row === null ? null : this.entityOf(row);
  }

  /** @returns `false` if a row with the same primary key or another unique value exists */
  async insert(transaction: SqlTransaction, entity: Entity): Promise<boolean> {
    const [inserted] = await transaction.all(this.insertSql, this.valuesOf(entity));
    return inserted !== undefined;
  }

  /** Overwrites every column of the row with the entity's primary key. */
  async update(transaction: SqlTransaction, entity: Entity): Promise<void> {
    await transaction.all(this.updateSql, this.valuesOf(entity));
  }

  /** Turns a row into its entity (`SELECT *`, `RETURNING *`), as TypeORM would. */
  entityOf(row: EntityRow): Entity {
    const { metadata, manager } = this.repository;
    const entity: Record<string, unknown> = this.repository.create();
    for (const column of metadata.columns)
      // Applies the column's transformer, and reads a boolean as this database stores it.
      entity[column.propertyName] = manager.connection.driver.prepareHydratedValue(
        row[column.databaseName],
        column,
      );
    return entity as Entity;
  }

  private valuesOf(entity: Entity): SqlValue[] {
    const { metadata, manager } = this.repository;
    return metadata.columns.map(
      (column) =>
        // Applies the column's transformer, and writes a boolean as this database stores it.
        manager.connection.driver.preparePersistentValue(
          entity[column.propertyName] ?? null,
          column,
        ) as SqlValue,
    );
  }
}
