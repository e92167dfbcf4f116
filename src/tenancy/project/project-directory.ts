import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { type Awaitable, andThen } from '../../awaitable.js';
import { TieredCache } from '../../cache/tiered-cache.js';
import { EntityTable } from '../../database/entity-table.js';
import { SqlDatabase } from '../../database/sql-database.js';
import type { OriginPattern } from '../../network/origin.js';
import { Project } from './project.entity.js';
import { STALENESS_MS } from '../../cache/staleness.js';
import { TenantProject } from './tenant-project.js';

/** What a project allows pages of other origins. */
export interface BrowserProject {
  readonly ownerId: string;
  readonly allowedOrigins: readonly OriginPattern[];
}

const BROWSER_PROJECTS = `SELECT owner_id, allowed_origins FROM bo_project WHERE allowed_origins IS NOT NULL`;

/** No project has an empty `XownerId`. */
const BROWSER_PROJECTS_KEY = '/browser-projects';

/** Finds projects by their `XownerId`. */
@Injectable()
export class ProjectDirectory {
  /** Prepared projects by row object, so that a cached row is prepared once. */
  private readonly prepared = new WeakMap<Project, TenantProject>();

  private readonly rows: EntityTable<Project>;

  constructor(
    @InjectRepository(Project) projects: Repository<Project>,
    private readonly database: SqlDatabase,
    private readonly cache: TieredCache,
  ) {
    this.rows = new EntityTable(projects, database);
  }

  /** @returns the project, even if it is disabled, or `null` */
  find(ownerId: string): Awaitable<TenantProject | null> {
    const read = this.cache.read(projectKey(ownerId), STALENESS_MS, () => this.rows.find(ownerId));
    return andThen(read, (known) => (known === null ? null : this.prepare(known.value)));
  }

  /** The projects that allow origins of their own. */
  async browserProjects(): Promise<readonly BrowserProject[]> {
    const read = await this.cache.read<readonly BrowserProject[]>(
      BROWSER_PROJECTS_KEY,
      STALENESS_MS,
      async () => {
        const rows = await this.database.all<{ owner_id: string; allowed_origins: string }>(
          BROWSER_PROJECTS,
          [],
        );
        return rows.map((row) => ({
          ownerId: row.owner_id,
          allowedOrigins: JSON.parse(row.allowed_origins) as OriginPattern[],
        }));
      },
    );
    return read?.value ?? [];
  }

  /** Call after changing a project. */
  forget(ownerId: string): Promise<void> {
    return this.cache.drop(projectKey(ownerId), BROWSER_PROJECTS_KEY);
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
