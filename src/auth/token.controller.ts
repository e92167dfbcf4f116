import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { errors } from '../response/error/error-catalogue.js';
import { ApiTags } from '../response/api-decorators.js';
import { Prepared } from '../response/prepared.js';
import { TakesResponsePlugin } from '../response/response-plugin.decorator.js';
import { ApiTenantHeaders } from '../tenancy/api-tenant-headers.decorator.js';
import { CurrentTenant } from '../tenancy/current-tenant.decorator.js';
import { type Tenant, tenantOf } from '../tenancy/tenant.js';
import { type Client, clientOf, CurrentClient, Disconnection } from './client.js';
import { loginFields, text } from './credential-fields.js';
import { TokenCarrier } from './cookie/token-carrier.js';
import { DpopProofs } from './dpop/dpop-proofs.js';
import { Introspection, type Introspected } from './introspection.js';
import { Login } from './login/login.js';
import { ClientAuthentication } from './oauth-client/client-authentication.js';
import { Refresh } from './refresh/refresh.js';
import { Revocation } from './revocation.js';
import type { Session } from './session/session.js';
import type { TokenGrant } from './token-grant.js';
import { ApiIntrospect, ApiLogin, ApiRefresh, ApiRefreshByPost, ApiRevoke } from './token-api.js';

const refreshSchema = z.object({
  refreshToken: text(4096)
    .optional()
    .describe('The newest refresh token of the session. Required unless the project keeps it in a cookie.'),
});
const revokeSchema = z.object({
  refreshToken: text(4096)
    .optional()
    .describe('Any refresh token of the session. Required unless the project keeps it in a cookie.'),
});
// A page whose token is in a cookie sends no body.
const refreshBody = refreshSchema.optional();
const revokeBody = revokeSchema.optional();
const introspectSchema = z.object({
  token: text(8192).describe('The access token or refresh token to introspect.'),
});
const loginSchema = z.object(loginFields);

@ApiTags('Tokens')
@ApiTenantHeaders()
@Controller({ path: 'auth/token', version: '3' })
export class TokenController {
  constructor(
    private readonly logins: Login,
    private readonly refreshes: Refresh,
    private readonly revocation: Revocation,
    private readonly introspection: Introspection,
    private readonly proofs: DpopProofs,
    private readonly carrier: TokenCarrier,
    private readonly clients: ClientAuthentication,
  ) {}

  @Post()
  @HttpCode(200)
  @TakesResponsePlugin()
  @ApiLogin()
  async login(
    @CurrentTenant() tenant: Tenant,
    @Body({ schema: loginSchema }) body: z.infer<typeof loginSchema>,
    @CurrentClient() client: Client,
    @Disconnection() signal: AbortSignal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Prepared<TokenGrant>> {
    const { project } = tenant;
    const dpopJkt = await this.proofs.keyOf(request, reply, project, body.clientId);
    const prepared = await this.logins.login(tenant, body, client, signal, { dpopJkt });
    return this.carrier.put(request, project, prepared, body.refreshTokenIn ?? project.refreshTokenIn);
  }

  @Get('refresh')
  @TakesResponsePlugin()
  @ApiRefresh()
  refresh(
    @Query({ schema: refreshSchema }) query: z.infer<typeof refreshSchema>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Prepared<TokenGrant>> {
    return this.refreshBy(query.refreshToken, tenantOf(request), clientOf(request), request, reply);
  }

  @Post('refresh')
  @HttpCode(200)
  @TakesResponsePlugin()
  @ApiRefreshByPost()
  refreshByPost(
    @CurrentTenant() tenant: Tenant,
    @Body({ schema: refreshBody }) body: z.infer<typeof refreshBody>,
    @CurrentClient() client: Client,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Prepared<TokenGrant>> {
    return this.refreshBy(body?.refreshToken, tenant, client, request, reply);
  }

  private async refreshBy(
    parameter: string | undefined,
    tenant: Tenant,
    client: Client,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Prepared<TokenGrant>> {
    const { project } = tenant;
    const presented = await this.carrier.take(request, project, parameter);
    const admit = async (session: Session): Promise<string | null> => {
      // A confidential client refreshes its sessions at the token endpoint, where it authenticates.
      if (session.clientAuthenticated)
        throw errors.REFRESH_TOKEN_EXPIRED({ detail: 'the session belongs to a confidential client' });
      await this.proofs.admit(request, reply, project, session, presented.token);
      return session.scope;
    };
    try {
      const prepared = await this.refreshes.refresh(tenant, presented.token, client, admit);
      return this.carrier.put(request, project, prepared, presented.in === 'cookie' ? 'cookie' : 'body');
    } catch (error) {
      this.carrier.refuse(request, project, reply, presented, error);
      throw error;
    }
  }

  @Post('revoke')
  @HttpCode(200)
  @ApiRevoke()
  async revoke(
    @CurrentTenant() tenant: Tenant,
    @Body({ schema: revokeBody }) body: z.infer<typeof revokeBody>,
    @CurrentClient() client: Client,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Prepared<{ revoked: true }>> {
    const presented = await this.carrier.take(request, tenant.project, body?.refreshToken);
    const sessionId = await this.revocation.revokeToken(tenant, presented.token, client);
    this.carrier.end(request, tenant.project, reply, presented, sessionId);
    return new Prepared({ revoked: true });
  }

  @Post('introspect')
  @HttpCode(200)
  @ApiIntrospect()
  async introspect(
    @CurrentTenant() tenant: Tenant,
    @Body({ schema: introspectSchema }) body: z.infer<typeof introspectSchema>,
    @Req() request: FastifyRequest,
  ): Promise<Prepared<Introspected>> {
    const { introspection, ownerId } = tenant.project;
    if (introspection === 'client') await this.clients.confidential(request, ownerId);
    return new Prepared(await this.introspection.introspect(tenant, body.token));
  }
}
