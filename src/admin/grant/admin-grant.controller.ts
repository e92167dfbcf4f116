import { Body, Controller, Param, Post, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { type Client, CurrentClient } from '../../auth/client.js';
import { EXAMPLE_GRANT } from '../../auth/example-grant.js';
import { type TokenGrant, tokenGrantSchema } from '../../auth/token-grant.js';
import type { Prepared } from '../../response/prepared.js';
import { ApiAdministration, ApiAdministrationCalls } from '../admin-api.js';
import type { Administrator } from '../administrator.js';
import { CurrentAdministrator } from '../administrator.guard.js';
import { identifier, ownerId } from '../field.js';
import { described } from '../field-text.js';
import { GrantGuard } from './grant.guard.js';
import { type GrantRequest, grantSchema } from './grant-input.js';
import { SessionGrants } from './session-grants.js';

const GRANT = { schema: tokenGrantSchema, example: EXAMPLE_GRANT };

const userPath = z.object(described({ ownerId, userId: identifier }));

@ApiAdministrationCalls()
@Controller({ path: 'admin/projects/:ownerId/users/:userId/grants', version: '3' })
@UseGuards(GrantGuard)
export class AdminGrantController {
  constructor(private readonly grants: SessionGrants) {}

  @Post()
  @ApiAdministration(GRANT, {
    id: 'adminGrantSession',
    summary:
      'Open a session for a user who was authenticated elsewhere (platform operator, or a client with the scope `grant`)',
    status: 201,
    errors: [
      'ADMIN_PROJECT_UNKNOWN',
      'DPOP_PROOF_INVALID',
      'USER_UNKNOWN',
      'USER_DISABLED',
      'SESSION_LIMIT_REACHED',
    ],
  })
  grant(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: userPath }) path: z.output<typeof userPath>,
    @Body({ schema: grantSchema }) body: GrantRequest,
    @CurrentClient() client: Client,
  ): Promise<Prepared<TokenGrant>> {
    return this.grants.grant(administrator, path.ownerId, path.userId, body, client);
  }
}
