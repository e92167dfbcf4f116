import { Body, Controller, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiTags } from '../../response/api-decorators.js';
import type { Prepared } from '../../response/prepared.js';
import { TakesResponsePlugin } from '../../response/response-plugin.decorator.js';
import { ApiTenantHeaders } from '../../tenancy/api-tenant-headers.decorator.js';
import { CurrentTenant } from '../../tenancy/current-tenant.decorator.js';
import type { Tenant } from '../../tenancy/tenant.js';
import { type Client, CurrentClient, Disconnection } from '../client.js';
import { TokenCarrier } from '../cookie/token-carrier.js';
import { DpopProofs } from '../dpop/dpop-proofs.js';
import { loginFields, text } from '../credential-fields.js';
import type { TokenGrant } from '../token-grant.js';
import { ApiChangePassword } from './password-api.js';
import { PasswordChange } from './password-change.js';

const changeSchema = z
  .object({
    ...loginFields,
    newPassword: text(1024)
      .describe('The new password, which the rules of the project judge.')
      .meta({ format: 'password' }),
  })
  .meta({
    example: { userName: 'carol', password: 'the-present-password', newPassword: 'a-new-password' },
  });

@ApiTags('Tokens')
@ApiTenantHeaders()
@Controller({ path: 'auth/password', version: '3' })
export class PasswordController {
  constructor(
    private readonly changes: PasswordChange,
    private readonly proofs: DpopProofs,
    private readonly carrier: TokenCarrier,
  ) {}

  @Put()
  @TakesResponsePlugin()
  @ApiChangePassword()
  async change(
    @CurrentTenant() tenant: Tenant,
    @Body({ schema: changeSchema }) body: z.infer<typeof changeSchema>,
    @CurrentClient() client: Client,
    @Disconnection() signal: AbortSignal,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Prepared<TokenGrant>> {
    const { project } = tenant;
    const dpopJkt = await this.proofs.keyOf(request, reply, project, body.clientId);
    const prepared = await this.changes.change(tenant, body, client, signal, { dpopJkt });
    return this.carrier.put(request, project, prepared, body.refreshTokenIn ?? project.refreshTokenIn);
  }
}
