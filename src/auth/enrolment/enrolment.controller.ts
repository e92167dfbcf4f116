import { Body, Controller, Delete, HttpCode, Post, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ApiTags } from '../../response/api-decorators.js';
import type { Prepared } from '../../response/prepared.js';
import { ApiTenantHeaders } from '../../tenancy/api-tenant-headers.decorator.js';
import { CurrentTenant } from '../../tenancy/current-tenant.decorator.js';
import type { Tenant } from '../../tenancy/tenant.js';
import { BearerGuard, type Caller, CurrentCaller } from '../bearer/bearer.guard.js';
import { type Client, CurrentClient, Disconnection } from '../client.js';
import { codeField, credentialFields } from '../credential-fields.js';
import { ApiBeginEnrolment, ApiConfirmEnrolment, ApiRemoveSecondFactor } from './enrolment-api.js';
import { Enrolment, type NewSecret } from './enrolment.js';

const EXAMPLE = { userName: 'carol', password: 'the-password' };

const beginSchema = z.object(credentialFields).meta({ example: EXAMPLE });
const confirmSchema = z
  .object({ ...credentialFields, code: codeField })
  .meta({ example: { ...EXAMPLE, code: '123456' } });
const removeSchema = z.object({ code: codeField }).meta({ example: { code: '123456' } });

@ApiTags('Second factor')
@ApiTenantHeaders()
@Controller({ path: 'auth/second-factor', version: '3' })
export class EnrolmentController {
  constructor(private readonly enrolment: Enrolment) {}

  @Post()
  @HttpCode(200)
  @ApiBeginEnrolment()
  begin(
    @CurrentTenant() tenant: Tenant,
    @Body({ schema: beginSchema }) body: z.infer<typeof beginSchema>,
    @CurrentClient() client: Client,
    @Disconnection() signal: AbortSignal,
  ): Promise<Prepared<NewSecret>> {
    return this.enrolment.begin(tenant, body, client, signal);
  }

  @Post('confirm')
  @HttpCode(200)
  @ApiConfirmEnrolment()
  confirm(
    @CurrentTenant() tenant: Tenant,
    @Body({ schema: confirmSchema }) body: z.infer<typeof confirmSchema>,
    @CurrentClient() client: Client,
    @Disconnection() signal: AbortSignal,
  ): Promise<Prepared<{ readonly recoveryCodes: readonly string[] }>> {
    return this.enrolment.confirm(tenant, body, client, signal);
  }

  @Delete()
  @UseGuards(BearerGuard)
  @ApiRemoveSecondFactor()
  remove(
    @CurrentTenant() tenant: Tenant,
    @CurrentCaller() { user }: Caller,
    @Body({ schema: removeSchema }) { code }: z.infer<typeof removeSchema>,
    @CurrentClient() client: Client,
  ): Promise<Prepared<{ readonly removed: 1 }>> {
    return this.enrolment.remove(tenant, user, code, client);
  }
}
