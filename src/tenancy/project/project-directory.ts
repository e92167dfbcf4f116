import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { type Awaitable, andThen } from '../../awaitable.js';
import { TieredCache } from '../../cache/tiered-cache.js';
import { EntityTable } from '../../database/entity-table.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { Project } from './project.entity.js';
import { STALENESS_MS } from '../../cache/staleness.js';
import { TenantProject } from './tenant-project.js';

/** Finds projects by their `XownerId`. */
@Injectable()
export class ProjectDirectory {
  /** Prepared projects by row object, so that a cached row is prepared once. */
  private readonly prepared = new WeakMap<Project, TenantProject>();

  private readonly rows: EntityTable<Project>;

  constructor(
    @InjectRepository(Project) projects: Repository<Project>,
    database: SqlDatabase,
    private readonly cache: TieredCache,
  ) {
    this.rows = new EntityTable(projects, database);
  }

  /** @returns the project, even if it is disabled, or `null` */
  find(ownerId: string): Awaitable<TenantProject | null> {
    const read = this.cache.read(projectKey(ownerId), STALENESS_MS, () => this.rows.find(ownerId));
    return andThen(read, (known) => (known === null ? null : this.prepare(known.value)));
  }

  /** Call after changing a project. */
  forget(ownerId: string): Promise<void> {
    return this.cache.drop(projectKey(ownerId));
  }

  private prepare(row: Project): TenantProject {
    let project = this.prepared.get(row);
    if (project === undefined) {
      project = new TenantProject(row);
      this.prepared.set(row, project);
    }
    return project;
  }
}

export function projectKey(ownerId: string): string {
  return `${ownerId}/project`;
}
