import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  UseGuards,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { errors } from '../response/error/error-catalogue.js';
import { OAuthRoute } from '../response/oauth-route.decorator.js';
import { oauthOwnerId } from '../tenancy/oauth-path.js';
import { ProjectDirectory } from '../tenancy/project/project-directory.js';

/** Finds the project that the path names, and makes it the tenant of the request. */
@Injectable()
export class OAuthProjectGuard implements CanActivate {
  private readonly isOffered: boolean;

  constructor(
    private readonly projects: ProjectDirectory,
    @Inject(CONFIG) { publicUrl }: Config,
  ) {
    // Without a public URL there is no issuer, and so nothing that a client could discover or trust.
    this.isOffered = publicUrl !== null;
  }

  async canActivate(context: ExecutionContext): Promise<true> {
    if (!this.isOffered) throw errors.ROUTE_UNKNOWN({ detail: 'PUBLIC_URL is not set' });
    const request = context.switchToHttp().getRequest<FastifyRequest<{ Params: { ownerId: string } }>>();
    const { ownerId } = request.params;
    // CORS, the rate limit and the form of errors go by the path as it was sent: an escaped one would be judged as another.
    if (oauthOwnerId(request.url) !== ownerId) throw errors.ROUTE_UNKNOWN();
    const project = await this.projects.find(ownerId);
    if (project === null || project.status !== 'active')
      throw errors.PROJECT_UNKNOWN({ detail: project === null ? 'unknown' : 'disabled' });
    request.tenant = {
      project,
      systemId: null,
      firstShareUserId: null,
      secondShareUserId: null,
      areaCode: null,
    };
    return true;
  }
}

/** A standard endpoint of a project: `path` below `/bo/api/v3` contains `:ownerId`. `CurrentTenant` gives the project. */
export const OAuthEndpoint = () => applyDecorators(OAuthRoute(), UseGuards(OAuthProjectGuard));
