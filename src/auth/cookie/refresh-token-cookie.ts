import { Inject, Injectable } from '@nestjs/common';
import { stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import type { TenantProject } from '../../tenancy/project/tenant-project.js';
import { parseRefreshToken } from '../refresh-token/refresh-token.js';

const PATH = '/bo/api/v3/auth';

/**
 * The cookie that carries the refresh token of a project whose `refreshTokenIn` is `cookie`: no script of the page can
 * read it, and the browser sends it to the calls under `/auth` alone.
 *
 * @see RFC 6265bis §4.1.3 for the prefix `__Secure-`
 */
@Injectable()
export class RefreshTokenCookie {
  private readonly isAlwaysSecure: boolean;

  constructor(@Inject(CONFIG) { environment }: Config) {
    this.isAlwaysSecure = environment === 'production';
  }

  /** All values that the browser sent under the project's name: it may hold several, of different paths or domains. */
  valuesOf(request: FastifyRequest, project: TenantProject): string[] {
    const prefix = `${this.name(request, project)}=`;
    return (request.headers.cookie ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(prefix))
      .map((pair) => pair.slice(prefix.length));
  }

  /** @param expiresAt the absolute end of the session, in ms since the epoch */
  set(
    request: FastifyRequest,
    project: TenantProject,
    refreshToken: string,
    expiresAt: number,
    now: number,
  ): string {
    return this.write(request, project, refreshToken, Math.max(0, Math.ceil((expiresAt - now) / 1000)));
  }

  clear(request: FastifyRequest, project: TenantProject, reply: FastifyReply): void {
    reply.header('set-cookie', this.write(request, project, '', 0));
  }

  /** Clears the cookie if it belongs to this session, which has ended. */
  clearIfOf(sessionId: string, request: FastifyRequest, project: TenantProject, reply: FastifyReply): void {
    if (project.refreshTokenIn !== 'cookie') return;
    const tokens = this.valuesOf(request, project);
    if (tokens.some((token) => parseRefreshToken(token)?.familyId === sessionId))
      this.clear(request, project, reply);
  }

  private write(request: FastifyRequest, project: TenantProject, value: string, maxAge: number): string {
    return stringifySetCookie({
      name: this.name(request, project),
      value,
      maxAge,
      path: PATH,
      httpOnly: true,
      secure: this.isSecure(request),
      sameSite: project.cookieSameSite,
    });
  }

  private name(request: FastifyRequest, { ownerId }: TenantProject): string {
    return this.isSecure(request) ? `__Secure-bo_rt.${ownerId}` : `bo_rt.${ownerId}`;
  }

  /** `protocol` is the trusted proxy's where there is one. */
  private isSecure({ protocol }: FastifyRequest): boolean {
    return this.isAlwaysSecure || protocol === 'https';
  }
}
