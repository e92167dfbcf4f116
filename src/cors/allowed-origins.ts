import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { LOCAL_ORIGINS, matchesOrigin, type OriginPattern } from '../network/origin.js';
import { type BrowserProject, ProjectDirectory } from '../tenancy/project/project-directory.js';

/** Which origins may read the responses of which project. */
@Injectable()
export class AllowedOrigins {
  private readonly ofAllProjects: readonly OriginPattern[];
  /** The projects that allow origins of their own, as last read: during an outage, pages must be able to read the 503. */
  private known: readonly BrowserProject[] = [];

  constructor(
    @Inject(CONFIG) { corsOrigins, environment }: Config,
    private readonly projects: ProjectDirectory,
  ) {
    this.ofAllProjects = environment === 'development' ? [...corsOrigins, ...LOCAL_ORIGINS] : corsOrigins;
  }

  /** @param ownerId the project of the request; if it is `null` or unknown, any project that allows the origin will do */
  async allows(ownerId: string | null, origin: string): Promise<boolean> {
    if (isListed(this.ofAllProjects, origin)) return true;
    const projects = await this.browserProjects();
    const project = projects.find((each) => each.ownerId === ownerId);
    if (project !== undefined) return isListed(project.allowedOrigins, origin);
    if (ownerId !== null && (await this.exists(ownerId))) return false;
    return projects.some(({ allowedOrigins }) => isListed(allowedOrigins, origin));
  }

  private async browserProjects(): Promise<readonly BrowserProject[]> {
    try {
      this.known = await this.projects.browserProjects();
    } catch {
      // The request itself is answered with 503.
    }
    return this.known;
  }

  private async exists(ownerId: string): Promise<boolean> {
    try {
      return (await this.projects.find(ownerId)) !== null;
    } catch {
      return false;
    }
  }
}

function isListed(patterns: readonly OriginPattern[], origin: string): boolean {
  return patterns.some((pattern) => matchesOrigin(pattern, origin));
}
