import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { TieredCache } from '../../cache/tiered-cache.js';
import { EntityTable } from '../../database/entity-table.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { Area } from './area.entity.js';
import { STALENESS_MS } from '../../cache/staleness.js';

/** Deeper than any real administrative division; also ends a cycle in the data. */
export const MAX_DEPTH = 16;

/** Finds administrative areas. All projects share them; their cache keys start with `/`, which no owner id contains. */
@Injectable()
export class AreaTree {
  private readonly rows: EntityTable<Area>;

  constructor(
    @InjectRepository(Area) areas: Repository<Area>,
    database: SqlDatabase,
    private readonly cache: TieredCache,
  ) {
    this.rows = new EntityTable(areas, database);
  }

  /** The area followed by its ancestors, nearest first; empty if the area does not exist. */
  async path(areaCode: string): Promise<readonly string[]> {
    const path: string[] = [];
    for (let code: string | null = areaCode; code !== null && path.length < MAX_DEPTH;) {
      const area = await this.find(code);
      if (area === null) break;
      path.push(area.areaCode);
      code = area.parentCode;
    }
    return path;
  }

  /** Call after changing areas. */
  forget(areaCodes: readonly string[]): Promise<void> {
    return this.cache.drop(...areaCodes.map(areaKey));
  }

  private async find(areaCode: string): Promise<Area | null> {
    const read = await this.cache.read(areaKey(areaCode), STALENESS_MS, () => this.rows.find(areaCode));
    return read?.value ?? null;
  }
}

function areaKey(areaCode: string): string {
  return `/area/${areaCode}`;
}
