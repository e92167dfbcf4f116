import { Controller, Get, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Disconnection } from '../../auth/client.js';
import { ClientAuthentication } from '../../auth/oauth-client/client-authentication.js';
import { ApiTags } from '../../response/api-decorators.js';
import { Prepared } from '../../response/prepared.js';
import { CurrentTenant } from '../../tenancy/current-tenant.decorator.js';
import type { Tenant } from '../../tenancy/tenant.js';
import { OAuthEndpoint } from '../oauth-endpoint.js';
import { ApiRevocationFeed } from './feed-api.js';
import { FeedReader, type FeedResponse } from './feed-reader.js';

const MAX_WAIT = 30;
const WAIT_RULE = `must be a whole number from 0 to ${MAX_WAIT}`;

const querySchema = z.object({
  after: z
    .string('must be given once')
    .optional()
    .describe('The `cursor` of the previous answer. Without it: the present state.'),
  wait: z
    .string(WAIT_RULE)
    .regex(/^(?:\d|[12]\d|30)$/, WAIT_RULE)
    .transform(Number)
    .default(0)
    .describe('For how many seconds the call may wait until something happens, 0 to 30.'),
});

/** The feed of ended sessions, for services that verify access tokens themselves. */
@ApiTags('OAuth 2')
@OAuthEndpoint()
@Controller({ path: 'oauth/:ownerId', version: '3' })
export class FeedController {
  constructor(
    private readonly clients: ClientAuthentication,
    private readonly reader: FeedReader,
  ) {}

  @Get('revocations')
  @ApiRevocationFeed()
  async revocations(
    @CurrentTenant() { project: { ownerId } }: Tenant,
    @Query({ schema: querySchema }) { after, wait }: z.output<typeof querySchema>,
    @Disconnection() disconnection: AbortSignal,
    @Req() request: FastifyRequest,
  ): Promise<Prepared<FeedResponse>> {
    const { clientId } = await this.clients.confidential(request, ownerId);
    return new Prepared(await this.reader.read({ ownerId, clientId }, after, wait * 1000, disconnection));
  }
}
