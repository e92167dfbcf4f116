import type { ObjectLiteral, Repository } from 'typeorm';
import { entityOf, type EntityRow } from './entity-row.js';
import type { SharedSelect, SqlDatabase, SqlValue } from './sql-database.js';

/**
 * Finds entities by their primary key.
 *
 * TypeORM makes its statement anew for each question, which costs more than all else that a refresh does; this one is
 * prepared once, and concurrent callers share it.
 */
export class EntityLookup<Entity extends ObjectLiteral> {
  private readonly select: SharedSelect;

  constructor(
    private readonly repository: Repository<Entity>,
    private readonly database: SqlDatabase,
  ) {
    const { tableName, primaryColumns } = repository.metadata;
    const by = primaryColumns.map(({ databaseName }) => databaseName);
    this.select = { columns: 'target.*', from: tableName, joins: '', by };
  }

  /** @param key the values of the primary key, in the order of the entity's columns */
  async find(...key: readonly SqlValue[]): Promise<Entity | null> {
    const row = await this.database.find<EntityRow>(this.select, key);
    return row === null ? null : entityOf(this.repository, row);
  }
}
