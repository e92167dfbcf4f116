import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessTokens } from '../../auth/access-token/access-token.js';
import { AUTHORIZATION, refusedToken } from '../../auth/bearer/bearer.guard.js';
import { dpopChallenge } from '../../auth/dpop/dpop-challenge.js';
import { DpopProofs } from '../../auth/dpop/dpop-proofs.js';
import { GRANT_SCOPE } from '../../auth/oauth-client/oauth-client.entity.js';
import { OAuthClients } from '../../auth/oauth-client/oauth-clients.js';
import { Clock } from '../../config/clock.js';
import { clientAddress } from '../../network/client-address.js';
import { scopeValues } from '../../oauth/scope.js';
import { ApiError, errors } from '../../response/error/error-catalogue.js';
import { tenantOf } from '../../tenancy/tenant.js';
import { TenantScope } from '../../tenancy/tenant-scope.js';
import type { Administrator } from '../administrator.js';
import { AdministratorGuard } from '../administrator.guard.js';

const CHALLENGE = dpopChallenge('invalid_token');

/** Admits the platform operator, and services of the project whose access token has the scope `grant`. */
@Injectable()
export class GrantGuard implements CanActivate {
  constructor(
    private readonly clock: Clock,
    private readonly administrators: AdministratorGuard,
    private readonly accessTokens: AccessTokens,
    private readonly proofs: DpopProofs,
    private readonly clients: OAuthClients,
    private readonly scope: TenantScope,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const service = await this.serviceOf(request, http.getResponse<FastifyReply>());
    if (service === null) return this.administrators.canActivate(context);
    if (service instanceof ApiError) {
      // As a user's client, a service gets a new access token and then repeats the request.
      await request.releaseXverifyApi?.();
      throw service;
    }
    await this.scope.assertKnown(tenantOf(request));
    request.administrator = service;
    return true;
  }

  /** @returns the error with which its token is refused, and `null` if the request has no token of a service */
  private async serviceOf(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Administrator | ApiError | null> {
    const { project } = tenantOf(request);
    const [, scheme, token] = AUTHORIZATION.exec(request.headers.authorization ?? '') ?? [];
    if (scheme === undefined || token === undefined) return null;
    const claims = await this.accessTokens.verifyForService(project, token, this.clock.now());
    if (claims === null) return null;
    const jkt = claims.cnf?.jkt;
    if ((scheme.toLowerCase() === 'dpop') !== (jkt !== undefined))
      return refusedToken('not of the kind of its scheme', CHALLENGE);
    if (jkt !== undefined) {
      const proof = await this.proofs.judge(request, reply, project, { jkt, accessToken: token });
      if (proof instanceof ApiError) return proof;
    }
    // The registration may have changed since the token was issued.
    const client = await this.clients.find(project.ownerId, claims.sub);
    if (client === null) return refusedToken('its client was removed', CHALLENGE);
    const has = (scopes: readonly string[]) => scopes.includes(GRANT_SCOPE);
    if (!has(client.scopes) || !has(scopeValues(claims.scope ?? null)))
      return errors.ADMIN_FORBIDDEN({ detail: 'without the scope grant' });
    return {
      kind: 'client',
      ownerId: project.ownerId,
      userId: null,
      clientId: client.clientId,
      ip: clientAddress(request),
      requestId: request.id,
    };
  }
}
