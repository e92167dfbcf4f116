import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { LOCAL_ORIGINS, matchesOrigin, type OriginPattern } from '../network/origin.js';
import { type BrowserProject, ProjectDirectory } from '../tenancy/project/project-directory.js';

/** What an origin may do that may read the response. */
export interface Allowance {
  /** Send the project's cookie. */
  readonly credentials: boolean;
}

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

  /**
   * @param ownerId the project of the request; if it is `null` or unknown, any project that allows the origin will do
   * @returns `null` if the origin may not read the response
   */
  async allowance(ownerId: string | null, origin: string): Promise<Allowance | null> {
    const projects = await this.browserProjects();
    const project = projects.find((each) => each.ownerId === ownerId);
    const isForAll = isListed(this.ofAllProjects, origin);
    const isKnown = project !== undefined || (ownerId !== null && (await this.exists(ownerId)));
    const candidates = isKnown ? projects.filter((each) => each === project) : projects;
    const allowing = candidates.filter(({ allowedOrigins }) => isForAll || isListed(allowedOrigins, origin));
    if (!isForAll && allowing.length === 0) return null;
    return { credentials: allowing.some(({ credentials }) => credentials) };
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
