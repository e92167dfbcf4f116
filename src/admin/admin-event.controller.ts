import { Controller, Get, Param, Query, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Reply } from '../response/reply.js';
import type { Administrator } from './administrator.js';
import { AdministratorGuard, CurrentAdministrator } from './administrator.guard.js';
import { EventLog, type EventListRequest, eventListSchema, type EventView } from './event-log.js';
import { ownerId } from './field.js';
import type { Page } from './page.js';

const projectPath = z.object({ ownerId });

@ApiTags('administration')
@Controller({ path: 'admin', version: '3' })
@UseGuards(AdministratorGuard)
export class AdminEventController {
  constructor(private readonly events: EventLog) {}

  @Get('events')
  @ApiOperation({ summary: 'List the audit trail of all projects. Operator only' })
  async listAll(
    @CurrentAdministrator() administrator: Administrator,
    @Query({ schema: eventListSchema }) query: EventListRequest,
  ): Promise<Reply<Page<EventView>>> {
    return new Reply(await this.events.list(administrator, null, query));
  }

  @Get('projects/:ownerId/events')
  @ApiOperation({ summary: 'List the audit trail of a project' })
  async list(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Query({ schema: eventListSchema }) query: EventListRequest,
  ): Promise<Reply<Page<EventView>>> {
    return new Reply(await this.events.list(administrator, path.ownerId, query));
  }
}
