import { Controller, Get, Param, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { Prepared } from '../../response/prepared.js';
import { ApiAdministration, ApiAdministrationCalls } from '../admin-api.js';
import type { Administrator } from '../administrator.js';
import { AdministratorGuard, CurrentAdministrator } from '../administrator.guard.js';
import { EventLog, type EventListRequest, eventListSchema, type EventView } from './event-log.js';
import { ownerId } from '../field.js';
import { described } from '../field-text.js';
import type { Page } from '../../response/page.js';
import { eventsAnswer } from './event-answers.js';

const projectPath = z.object(described({ ownerId }));

@ApiAdministrationCalls()
@Controller({ path: 'admin', version: '3' })
@UseGuards(AdministratorGuard)
export class AdminEventController {
  constructor(private readonly events: EventLog) {}

  @Get('events')
  @ApiAdministration(eventsAnswer, {
    id: 'adminListAllEvents',
    summary: 'List audit events of all projects (operator only)',
  })
  async listAll(
    @CurrentAdministrator() administrator: Administrator,
    @Query({ schema: eventListSchema }) query: EventListRequest,
  ): Promise<Prepared<Page<EventView>>> {
    return new Prepared(await this.events.list(administrator, null, query));
  }

  @Get('projects/:ownerId/events')
  @ApiAdministration(eventsAnswer, {
    id: 'adminListEvents',
    summary: 'List audit events of a project',
  })
  async list(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Query({ schema: eventListSchema }) query: EventListRequest,
  ): Promise<Prepared<Page<EventView>>> {
    return new Prepared(await this.events.list(administrator, path.ownerId, query));
  }
}
