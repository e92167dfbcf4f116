import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessTokens } from '../../auth/access-token/access-token.js';
import { AUTHORIZATION } from '../../auth/bearer/bearer.guard.js';
import { DpopProofs } from '../../auth/dpop/dpop-proofs.js';
import { GRANT_SCOPE } from '../../auth/oauth-client/oauth-client.entity.js';
import { OAuthClients } from '../../auth/oauth-client/oauth-clients.js';
import { Clock } from '../../config/clock.js';
import { clientAddress } from '../../network/client-address.js';
import { errors } from '../../response/error/error-catalogue.js';
import { tenantOf } from '../../tenancy/tenant.js';
import type { Administrator } from '../administrator.js';
import { AdministratorGuard } from '../administrator.guard.js';

/** Admits the platform operator, and services of the project whose access token has the scope `grant`. */
@Injectable()
export class GrantGuard implements CanActivate {
  constructor(
    private readonly clock: Clock,
    private readonly administrators: AdministratorGuard,
    private readonly accessTokens: AccessTokens,
    private readonly proofs: DpopProofs,
    private readonly clients: OAuthClients,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const service = await this.serviceOf(request, http.getResponse<FastifyReply>());
    if (service === null) return this.administrators.canActivate(context);
    request.administrator = service;
    return true;
  }

  /** @returns `null` if the request has no token of a service */
  private async serviceOf(request: FastifyRequest, reply: FastifyReply): Promise<Administrator | null> {
    const { project } = tenantOf(request);
    const [, scheme, token] = AUTHORIZATION.exec(request.headers.authorization ?? '') ?? [];
    if (scheme === undefined || token === undefined) return null;
    const claims = await this.accessTokens.verifyForService(project, token, this.clock.now());
    if (claims === null) return null;
    const jkt = claims.cnf?.jkt;
    if ((scheme.toLowerCase() === 'dpop') !== (jkt !== undefined))
      throw errors.ACCESS_TOKEN_REFUSED({ detail: 'not of the kind of its scheme' });
    if (jkt !== undefined) await this.proofs.verify(request, reply, project, { jkt, accessToken: token });
    // The registration may have changed since the token was issued.
    const client = await this.clients.find(project.ownerId, claims.sub);
    if (client === null) throw errors.ACCESS_TOKEN_REFUSED({ detail: 'its client was removed' });
    const has = (scopes: readonly string[]) => scopes.includes(GRANT_SCOPE);
    if (!has(client.scopes) || !has(claims.scope?.split(' ') ?? []))
      throw errors.ADMIN_FORBIDDEN({ detail: 'without the scope grant' });
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
