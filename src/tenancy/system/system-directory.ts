import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { TieredCache } from '../../cache/tiered-cache.js';
import { EntityTable } from '../../database/entity-table.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { STALENESS_MS } from '../../cache/staleness.js';
import { System } from './system.entity.js';

/** Finds the systems of a project. */
@Injectable()
export class SystemDirectory {
  private readonly rows: EntityTable<System>;

  constructor(
    @InjectRepository(System) systems: Repository<System>,
    database: SqlDatabase,
    private readonly cache: TieredCache,
  ) {
    this.rows = new EntityTable(systems, database);
  }

  async has(ownerId: string, sysId: string): Promise<boolean> {
    const read = await this.cache.read(systemKey(ownerId, sysId), STALENESS_MS, () =>
      this.rows.find(ownerId, sysId),
    );
    return read !== null;
  }

  /** Call after removing a system. */
  forget(ownerId: string, sysId: string): Promise<void> {
    return this.cache.drop(systemKey(ownerId, sysId));
  }
}

/** An owner id cannot contain `/`, so the key is unique. */
function systemKey(ownerId: string, sysId: string): string {
  return `${ownerId}/system/${sysId}`;
}
