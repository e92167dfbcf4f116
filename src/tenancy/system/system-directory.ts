import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { TieredCache } from '../../cache/tiered-cache.js';
import { EntityLookup } from '../../database/entity-lookup.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { STALENESS_MS } from '../../cache/staleness.js';
import { System } from './system.entity.js';

/** Knows the systems of a project. */
@Injectable()
export class SystemDirectory {
  private readonly rows: EntityLookup<System>;

  constructor(
    @InjectRepository(System) systems: Repository<System>,
    database: SqlDatabase,
    private readonly cache: TieredCache,
  ) {
    this.rows = new EntityLookup(systems, database);
  }

  async has(ownerId: string, sysId: string): Promise<boolean> {
    const read = await this.cache.read(systemKey(ownerId, sysId), STALENESS_MS, () =>
      this.rows.find(ownerId, sysId),
    );
    return read !== null;
  }

  /** To be called after a system was removed. */
  forget(ownerId: string, sysId: string): Promise<void> {
    return this.cache.drop(systemKey(ownerId, sysId));
  }
}

/** The tenant's characters exclude `/`. */
function systemKey(ownerId: string, sysId: string): string {
  return `${ownerId}/system/${sysId}`;
}
