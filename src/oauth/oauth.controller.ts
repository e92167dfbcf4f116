import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Client, CurrentClient, Disconnection } from '../auth/client.js';
import type { Introspected } from '../auth/introspection.js';
import { Introspection } from '../auth/introspection.js';
import { ClientAuthentication } from '../auth/oauth-client/client-authentication.js';
import { ApiTags } from '../response/api-decorators.js';
import { Prepared } from '../response/prepared.js';
import { CurrentTenant } from '../tenancy/current-tenant.decorator.js';
import type { Tenant } from '../tenancy/tenant.js';
import { type Form, FormBody, required } from './form.js';
import { ApiIntrospection, ApiRevocation, ApiToken } from './oauth-api.js';
import { OAuthEndpoint } from './oauth-endpoint.js';
import { TokenGrants, type TokenResponse } from './token-grants.js';
import { TokenRevocation } from './token-revocation.js';

/** The standard endpoints of a project. @see RFC 6749, RFC 7009, RFC 7662 */
@ApiTags('OAuth 2')
@OAuthEndpoint()
@Controller({ path: 'oauth/:ownerId', version: '3' })
export class OAuthController {
  constructor(
    private readonly clients: ClientAuthentication,
    private readonly grants: TokenGrants,
    private readonly revocation: TokenRevocation,
    private readonly introspection: Introspection,
  ) {}

  @Post('token')
  @HttpCode(200)
  @ApiToken()
  async token(
    @CurrentTenant() tenant: Tenant,
    @FormBody() form: Form,
    @CurrentClient() sender: Client,
    @Disconnection() signal: AbortSignal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Prepared<TokenResponse>> {
    const client = await this.clients.authenticate(request, tenant.project.ownerId);
    return this.grants.grant({ tenant, client, form, sender, signal, request, reply });
  }

  @Post('revoke')
  @HttpCode(200)
  @ApiRevocation()
  async revoke(
    @CurrentTenant() tenant: Tenant,
    @FormBody() form: Form,
    @CurrentClient() sender: Client,
    @Req() request: FastifyRequest,
  ): Promise<Prepared<object>> {
    const client = await this.clients.authenticate(request, tenant.project.ownerId);
    await this.revocation.revoke(tenant, client, required(form, 'token'), sender);
    return new Prepared({});
  }

  @Post('introspect')
  @HttpCode(200)
  @ApiIntrospection()
  async introspect(
    @CurrentTenant() tenant: Tenant,
    @FormBody() form: Form,
    @Req() request: FastifyRequest,
  ): Promise<Prepared<Introspected>> {
    await this.clients.confidential(request, tenant.project.ownerId);
    return new Prepared(await this.introspection.introspect(tenant, required(form, 'token')));
  }
}
