import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { type Awaitable, andThen } from '../../awaitable.js';
import { projectKey } from '../../cache/logged-keys.js';
import { TieredCache, UNTIL_CHANGED } from '../../cache/tiered-cache.js';
import { EntityTable } from '../../database/entity-table.js';
import { SqlDatabase } from '../../database/sql-database.js';
import type { OriginPattern } from '../../network/origin.js';
import { Project } from './project.entity.js';
import { STALENESS_MS } from '../../cache/staleness.js';
import { TenantProject } from './tenant-project.js';
import { VerifyKeySeal } from './verify-key-seal.js';

/** What a project allows pages of other origins. */
export interface BrowserProject {
  readonly ownerId: string;
  readonly allowedOrigins: readonly OriginPattern[];
  /** Whether pages of those origins may send the project's cookie. */
  readonly credentials: boolean;
}

const BROWSER_PROJECTS = `
  SELECT owner_id, allowed_origins, refresh_token_in, cookie_same_site FROM bo_project
  WHERE allowed_origins IS NOT NULL OR refresh_token_in = 'cookie'`;

interface BrowserRow {
  readonly owner_id: string;
  readonly allowed_origins: string | null;
  readonly refresh_token_in: Project['refreshTokenIn'];
  readonly cookie_same_site: Project['cookieSameSite'];
}

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
    private readonly seal: VerifyKeySeal,
  ) {
    this.rows = new EntityTable(projects, database);
  }

  /** @returns the project, even if it is disabled, or `null` */
  find(ownerId: string): Awaitable<TenantProject | null> {
    const read = this.cache.read(projectKey(ownerId), UNTIL_CHANGED, () => this.rows.find(ownerId));
    return andThen(read, (known) => (known === null ? null : this.prepare(known.value)));
  }

  /** The projects that allow origins of their own, or put refresh tokens into cookies. */
  async browserProjects(): Promise<readonly BrowserProject[]> {
    const read = await this.cache.read<readonly BrowserProject[]>(
      BROWSER_PROJECTS_KEY,
      STALENESS_MS,
      async () => {
        const rows = await this.database.all<BrowserRow>(BROWSER_PROJECTS, []);
        return rows.map((row) => ({
          ownerId: row.owner_id,
          allowedOrigins:
            row.allowed_origins === null ? [] : (JSON.parse(row.allowed_origins) as OriginPattern[]),
          credentials: row.refresh_token_in === 'cookie' && row.cookie_same_site === 'none',
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
      project = new TenantProject(row, this.seal);
      this.prepared.set(row, project);
    }
    return project;
  }
}
