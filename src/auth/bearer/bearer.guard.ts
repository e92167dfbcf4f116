import { type CanActivate, createParamDecorator, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Clock } from '../../config/clock.js';
import { Step } from '../../diagnostics/step.js';
import { ApiError, errors } from '../../response/error/error-catalogue.js';
import type { TenantProject } from '../../tenancy/project/tenant-project.js';
import { TenantScope } from '../../tenancy/tenant-scope.js';
import { tenantOf } from '../../tenancy/tenant.js';
import { UserDirectory } from '../../tenancy/user/user-directory.js';
import type { User } from '../../tenancy/user/user.entity.js';
import { AccessTokens } from '../access-token/access-token.js';
import { BearerSessions } from './bearer-session.js';
import { RefreshTokenCookie } from '../cookie/refresh-token-cookie.js';
import type { Session } from '../session/session.js';
import { sessionOver } from '../session/session-over.js';

/** The user and session of a verified access token. */
export interface Caller {
  readonly user: User;
  readonly session: Session;
}

const BEARER = /^Bearer +([\w.-]{1,8192})$/i;

/** The check of one request's access token. */
export const bearerGuarding = new Step('bo-auth:bearer-guard');

/** @see RFC 6750 §2.1 */
@Injectable()
export class BearerGuard implements CanActivate {
  constructor(
    private readonly clock: Clock,
    private readonly accessTokens: AccessTokens,
    private readonly bearers: BearerSessions,
    private readonly users: UserDirectory,
    private readonly scope: TenantScope,
    private readonly cookie: RefreshTokenCookie,
  ) {}

  canActivate(context: ExecutionContext): Promise<true> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    return bearerGuarding.run({}, () => this.judge(request, http.getResponse<FastifyReply>()));
  }

  private async judge(request: FastifyRequest, reply: FastifyReply): Promise<true> {
    const tenant = tenantOf(request);
    const caller = await this.callerOf(request, tenant.project);
    if (caller instanceof ApiError) {
      // Clients refresh and then repeat the request with the same tenant headers and a new access token.
      await request.releaseXverifyApi?.();
      const ended = caller.subject?.sessionId;
      if (ended !== undefined) this.cookie.clearIfOf(ended, request, tenant.project, reply);
      throw caller;
    }
    await this.scope.assertWithin(tenant, caller.user);
    request.caller = caller;
    return true;
  }

  /** @returns the caller, or the error with which the access token is refused */
  private async callerOf(request: FastifyRequest, project: TenantProject): Promise<Caller | ApiError> {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return errors.ACCESS_TOKEN_REFUSED({ detail: 'missing or ill-formed' });
    const claims = await this.accessTokens.verify(project, token, this.clock.now());
    if (claims === null) return errors.ACCESS_TOKEN_REFUSED({ detail: 'not verified' });
    const found = await this.bearers.find(project, claims);
    if (found === null) return errors.ACCESS_TOKEN_REFUSED({ detail: 'its session is unknown or foreign' });
    const { session, refusal } = found;
    const subject = { userId: session.userId, sessionId: session.id };
    if (refusal !== null) return errors[sessionOver(session, refusal)]({ detail: refusal, subject });
    const user = await this.users.find(session.ownerId, session.userId);
    if (user?.status !== 'active')
      return errors.ACCOUNT_DISABLED({ detail: 'its user is disabled', subject });
    return { user, session };
  }
}

/** The caller as a handler argument. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (caller === null) throw new Error('the caller was asked for where no guard had set it');
  return caller;
});
