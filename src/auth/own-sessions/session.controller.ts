import { Controller, Delete, Get, Param, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiTags } from '../../response/api-decorators.js';
import { Clock } from '../../config/clock.js';
import { type Page, pageOf, type PageRequest, pageShape, startOf } from '../../response/page.js';
import { Prepared } from '../../response/prepared.js';
import { ApiTenantHeaders } from '../../tenancy/api-tenant-headers.decorator.js';
import { CurrentTenant } from '../../tenancy/current-tenant.decorator.js';
import type { Tenant } from '../../tenancy/tenant.js';
import { ApiBearer } from '../bearer/api-bearer.decorator.js';
import { RefreshTokenCookie } from '../cookie/refresh-token-cookie.js';
import { BearerGuard, type Caller, CurrentCaller } from '../bearer/bearer.guard.js';
import { type Client, CurrentClient } from '../client.js';
import { Revocation } from '../revocation.js';
import { ApiEndSession, ApiEndSessions, ApiSessionList } from './session-api.js';
import type { Session } from '../session/session.js';
import { type SessionPage, SessionStore } from '../session/session.store.js';
import { sessionView, type SessionView } from './session-view.js';

/** Newest first. */
const LIST = 'own-sessions';
/** Clients that know no pages get the first one, which is large enough for nearly all of them. */
const listSchema = z.object({ ...pageShape, limit: pageShape.limit.removeDefault().default(100) });

const scopeSchema = z.object({ scope: z.enum(['others', 'all'], 'must be others or all') });

@ApiTags('Sessions')
@ApiBearer()
@ApiTenantHeaders()
@Controller({ path: 'auth/sessions', version: '3' })
@UseGuards(BearerGuard)
export class SessionController {
  constructor(
    private readonly clock: Clock,
    private readonly store: SessionStore,
    private readonly revocation: Revocation,
    private readonly cookie: RefreshTokenCookie,
  ) {}

  @Get()
  @ApiSessionList()
  async list(
    @CurrentCaller() { session: current }: Caller,
    @Query({ schema: listSchema }) page: z.infer<typeof listSchema>,
  ): Promise<Prepared<Page<SessionView>>> {
    const sessions = await this.store.list(current.ownerId, current.userId, this.clock.now(), {
      limit: page.limit + 1,
      after: startSessionOf(page),
    });
    const keyOf = ({ createdAt, id }: Session) => `${createdAt} ${id}`;
    return new Prepared(
      pageOf(LIST, sessions, page.limit, keyOf, (session) => sessionView(session, current)),
    );
  }

  @Delete()
  @ApiEndSessions()
  async endMany(
    @CurrentCaller() { session: current }: Caller,
    @Query({ schema: scopeSchema }) { scope }: z.infer<typeof scopeSchema>,
    @CurrentClient() client: Client,
    @CurrentTenant() { project }: Tenant,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Prepared<{ ended: number }>> {
    if (scope === 'others') return new Prepared({ ended: await this.revocation.endOthers(current, client) });
    const ended = await this.revocation.endAll(current, client);
    if (project.refreshTokenIn === 'cookie') this.cookie.clear(request, project, reply);
    return new Prepared({ ended });
  }

  @Delete(':sessionId')
  @ApiEndSession()
  async endOne(
    @CurrentCaller() { session: current }: Caller,
    @Param('sessionId') sessionId: string,
    @CurrentClient() client: Client,
    @CurrentTenant() { project }: Tenant,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Prepared<{ ended: number }>> {
    const ended = await this.revocation.endSession(current, sessionId, client);
    this.cookie.clearIfOf(sessionId, request, project, reply);
    return new Prepared({ ended });
  }
}

function startSessionOf(page: PageRequest): SessionPage['after'] {
  const key = startOf(LIST, page, /^\d{1,15} \S+$/);
  if (key === null) return null;
  const [createdAt, id = ''] = key.split(' ');
  return { createdAt: Number(createdAt), id };
}
