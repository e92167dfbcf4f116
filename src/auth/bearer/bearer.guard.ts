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
import { ANY_CHALLENGE, BEARER_CHALLENGE, dpopChallenge } from '../dpop/dpop-challenge.js';
import { DpopProofs } from '../dpop/dpop-proofs.js';
import { BearerSessions } from './bearer-session.js';
import { RefreshTokenCookie } from '../cookie/refresh-token-cookie.js';
import type { Session } from '../session/session.js';
import { sessionOver } from '../session/session-over.js';

/** The user and session of a verified access token. */
export interface Caller {
  readonly user: User;
  readonly session: Session;
}

/** An access token, and how it was sent. */
export const AUTHORIZATION = /^(Bearer|DPoP) +([\w.-]{1,8192})$/i;

/** The check of one request's access token. */
export const bearerGuarding = new Step('bo-auth:bearer-guard');

/**
 * Admits a request by its access token. The token of a bound session also needs a proof by the session's key.
 *
 * @see RFC 6750 §2.1, RFC 9449 §7
 */
@Injectable()
export class BearerGuard implements CanActivate {
  constructor(
    private readonly clock: Clock,
    private readonly accessTokens: AccessTokens,
    private readonly bearers: BearerSessions,
    private readonly proofs: DpopProofs,
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
    const caller = await this.callerOf(request, reply, tenant.project);
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
  private async callerOf(
    request: FastifyRequest,
    reply: FastifyReply,
    project: TenantProject,
  ): Promise<Caller | ApiError> {
    const [, scheme, token] = AUTHORIZATION.exec(request.headers.authorization ?? '') ?? [];
    if (scheme === undefined || token === undefined)
      return refusedToken('missing or ill-formed', ANY_CHALLENGE);
    const isDpop = scheme.toLowerCase() === 'dpop';
    const challenge = isDpop ? dpopChallenge('invalid_token') : BEARER_CHALLENGE;
    const claims = await this.accessTokens.verify(project, token, this.clock.now());
    if (claims === null) return refusedToken('not verified', challenge);
    const found = await this.bearers.find(project, claims);
    if (found === null) return refusedToken('its session is unknown or foreign', challenge);
    const { session, refusal } = found;
    // Before anything is said of the session: a thief has the token, but not the key.
    const { dpopJkt: jkt } = session;
    if (isDpop !== (jkt !== null) || (claims.cnf?.jkt ?? null) !== jkt)
      return refusedToken('not of the kind of its session', dpopChallenge('invalid_token'));
    if (jkt !== null) {
      const proof = await this.proofs.judge(request, reply, project, { jkt, accessToken: token });
      if (proof instanceof ApiError) return proof;
    }
    const subject = { userId: session.userId, sessionId: session.id };
    if (refusal !== null) return errors[sessionOver(session, refusal)]({ detail: refusal, subject });
    const user = await this.users.find(session.ownerId, session.userId);
    if (user?.status !== 'active')
      return errors.ACCOUNT_DISABLED({ detail: 'its user is disabled', subject });
    return { user, session };
  }
}

/** The error with which an access token is refused. */
export function refusedToken(detail: string, challenge: string): ApiError {
  return errors.ACCESS_TOKEN_REFUSED({ detail, headers: { 'www-authenticate': challenge } });
}

/** The caller as a handler argument. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (caller === null) throw new Error('the caller was asked for where no guard had set it');
  return caller;
});
