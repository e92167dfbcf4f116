import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { ApiTags } from '../response/api-decorators.js';
import { Prepared } from '../response/prepared.js';
import { TakesResponsePlugin } from '../response/response-plugin.decorator.js';
import { ApiTenantHeaders } from '../tenancy/api-tenant-headers.decorator.js';
import { CurrentTenant } from '../tenancy/current-tenant.decorator.js';
import type { Tenant } from '../tenancy/tenant.js';
import { type Client, CurrentClient, Disconnection } from './client.js';
import { Introspection, type Introspected } from './introspection.js';
import { Login } from './login/login.js';
import { Refresh } from './refresh/refresh.js';
import { Revocation } from './revocation.js';
import type { TokenGrant } from './token-grant.js';
import { ApiIntrospect, ApiLogin, ApiRefresh, ApiRefreshByPost, ApiRevoke } from './token-api.js';

const text = (max: number) => {
  const rule = `must be given exactly once, as 1 to ${max} characters`;
  // No column contains NUL, and Postgres rejects it.
  return z
    .string(rule)
    .min(1, rule)
    .max(max, rule)
    .refine((value) => !value.includes('\0'), rule);
};

const refreshSchema = z.object({
  refreshToken: text(4096).describe('The newest refresh token of the session.'),
});
const revokeSchema = z.object({
  refreshToken: text(4096).describe('Any refresh token of the session.'),
});
const introspectSchema = z.object({
  token: text(8192).describe('The access token or refresh token to introspect.'),
});
const loginSchema = z.object({
  userName: text(64).describe('The login name.'),
  password: text(1024).describe('The password.').meta({ format: 'password' }),
  clientId: text(64)
    .optional()
    .describe('The client application that signs in. Default: the client application of the user.'),
});

@ApiTags('Tokens')
@ApiTenantHeaders()
@Controller({ path: 'auth/token', version: '3' })
export class TokenController {
  constructor(
    private readonly logins: Login,
    private readonly refreshes: Refresh,
    private readonly revocation: Revocation,
    private readonly introspection: Introspection,
  ) {}

  @Post()
  @HttpCode(200)
  @TakesResponsePlugin()
  @ApiLogin()
  login(
    @CurrentTenant() tenant: Tenant,
    @Body({ schema: loginSchema }) body: z.infer<typeof loginSchema>,
    @CurrentClient() client: Client,
    @Disconnection() signal: AbortSignal,
  ): Promise<Prepared<TokenGrant>> {
    return this.logins.login(tenant, body, client, signal);
  }

  @Get('refresh')
  @TakesResponsePlugin()
  @ApiRefresh()
  refresh(
    @CurrentTenant() tenant: Tenant,
    @Query({ schema: refreshSchema }) query: z.infer<typeof refreshSchema>,
    @CurrentClient() client: Client,
  ): Promise<Prepared<TokenGrant>> {
    return this.refreshes.refresh(tenant, query.refreshToken, client);
  }

  @Post('refresh')
  @HttpCode(200)
  @TakesResponsePlugin()
  @ApiRefreshByPost()
  refreshByPost(
    @CurrentTenant() tenant: Tenant,
    @Body({ schema: refreshSchema }) body: z.infer<typeof refreshSchema>,
    @CurrentClient() client: Client,
  ): Promise<Prepared<TokenGrant>> {
    return this.refreshes.refresh(tenant, body.refreshToken, client);
  }

  @Post('revoke')
  @HttpCode(200)
  @ApiRevoke()
  async revoke(
    @CurrentTenant() tenant: Tenant,
    @Body({ schema: revokeSchema }) body: z.infer<typeof revokeSchema>,
    @CurrentClient() client: Client,
  ): Promise<Prepared<{ revoked: true }>> {
    await this.revocation.revokeToken(tenant, body.refreshToken, client);
    return new Prepared({ revoked: true });
  }

  @Post('introspect')
  @HttpCode(200)
  @ApiIntrospect()
  async introspect(
    @CurrentTenant() tenant: Tenant,
    @Body({ schema: introspectSchema }) body: z.infer<typeof introspectSchema>,
  ): Promise<Prepared<Introspected>> {
    return new Prepared(await this.introspection.introspect(tenant, body.token));
  }
}
