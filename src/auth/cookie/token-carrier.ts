import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Clock } from '../../config/clock.js';
import { AllowedOrigins } from '../../cors/allowed-origins.js';
import { ApiError, errors } from '../../response/error/error-catalogue.js';
import { Prepared } from '../../response/prepared.js';
import type { TenantProject } from '../../tenancy/project/tenant-project.js';
import { Sessions } from '../session/sessions.js';
import { SESSION_OVER_ERRORS } from '../session/session-over.js';
import type { Granted, TokenGrant } from '../token-grant.js';
import { RefreshTokenCookie } from './refresh-token-cookie.js';

/** A refresh token, and how it came; its successor goes back the same way. */
export interface CarriedToken {
  readonly token: string;
  readonly in: 'parameter' | 'cookie';
}

/** Takes refresh tokens out of requests and puts them into responses: as a parameter and in the body, or in a cookie. */
@Injectable()
export class TokenCarrier {
  constructor(
    private readonly clock: Clock,
    private readonly cookie: RefreshTokenCookie,
    private readonly origins: AllowedOrigins,
    private readonly sessions: Sessions,
  ) {}

  /**
   * A parameter wins over the cookie, so that an app and a page can share a project.
   *
   * @throws PARAMETER_INVALID if there is neither
   */
  async take(
    request: FastifyRequest,
    project: TenantProject,
    parameter: string | undefined,
  ): Promise<CarriedToken> {
    if (parameter !== undefined) return { token: parameter, in: 'parameter' };
    const token = project.refreshTokenIn === 'cookie' ? await this.fromCookie(request, project) : undefined;
    if (token !== undefined) return { token, in: 'cookie' };
    throw errors.PARAMETER_INVALID({
      field: 'refreshToken',
      text: 'refreshToken must be given exactly once, as 1 to 4096 characters',
    });
  }

  /** Prepares the response to a login or refresh. */
  put(
    request: FastifyRequest,
    project: TenantProject,
    prepared: Prepared<Granted>,
    where: 'body' | 'cookie',
  ): Prepared<TokenGrant> {
    const { grant, expiresAt } = prepared.data;
    if (where === 'body') return prepared.with(grant);
    const cookie = this.cookie.set(request, project, grant.refreshToken, expiresAt, this.clock.now());
    return prepared.with({ ...grant, refreshToken: '' }, { 'set-cookie': cookie });
  }

  /** Clears the cookie where the error ends the session that it stands for. */
  refuse(
    request: FastifyRequest,
    project: TenantProject,
    reply: FastifyReply,
    presented: CarriedToken,
    error: unknown,
  ): void {
    if (!(error instanceof ApiError) || !ENDING.has(error.errorCode)) return;
    this.end(request, project, reply, presented, error.subject?.sessionId ?? null);
  }

  /** Clears the cookie of a session that has ended, and a cookie that stands for none. */
  end(
    request: FastifyRequest,
    project: TenantProject,
    reply: FastifyReply,
    presented: CarriedToken,
    sessionId: string | null,
  ): void {
    if (presented.in === 'cookie') this.cookie.clear(request, project, reply);
    else if (sessionId !== null) this.cookie.clearIfOf(sessionId, request, project, reply);
  }

  /**
   * Tenant headers force a preflight on pages of other origins. Besides, a cookie is ignored on a request that another
   * site has caused, unless the project allows that site.
   */
  private async fromCookie(request: FastifyRequest, project: TenantProject): Promise<string | undefined> {
    const { origin } = request.headers;
    if (
      request.headers['sec-fetch-site'] === 'cross-site' &&
      (origin === undefined || (await this.origins.allowance(project.ownerId, origin)) === null)
    )
      return undefined;
    const values = this.cookie.valuesOf(request, project);
    if (values.length <= 1) return values[0] || undefined;
    for (const value of values)
      if ((await this.sessions.findNearest(project.ownerId, value, Infinity)) !== null) return value;
    return undefined;
  }
}

const ENDING: ReadonlySet<string> = new Set(['REFRESH_TOKEN_EXPIRED', ...SESSION_OVER_ERRORS]);
