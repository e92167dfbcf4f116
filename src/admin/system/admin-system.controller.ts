import { Body, Controller, Delete, Get, Param, Post, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { Prepared } from '../../response/prepared.js';
import { ApiAdministration, ApiAdministrationCalls } from '../admin-api.js';
import type { Administrator } from '../administrator.js';
import { AdministratorGuard, CurrentAdministrator } from '../administrator.guard.js';
import { identifier, ownerId } from '../field.js';
import { described } from '../field-text.js';
import { pageSchema } from '../field.js';
import { type Page, type PageRequest } from '../../response/page.js';
import { SystemAdministration, type SystemView } from './system-administration.js';
import { type NewSystem, newSystemSchema } from './system-input.js';
import { systemAnswer, systemRemovedAnswer, systemsAnswer } from './system-answers.js';

const projectPath = z.object(described({ ownerId }));
const systemPath = z.object(described({ ownerId, sysId: identifier }));

@ApiAdministrationCalls()
@Controller({ path: 'admin/projects/:ownerId/systems', version: '3' })
@UseGuards(AdministratorGuard)
export class AdminSystemController {
  constructor(private readonly systems: SystemAdministration) {}

  @Get()
  @ApiAdministration(systemsAnswer, {
    id: 'adminListSystems',
    summary: 'List systems',
    errors: ['ADMIN_PROJECT_UNKNOWN'],
  })
  async list(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Query({ schema: pageSchema }) page: PageRequest,
  ): Promise<Prepared<Page<SystemView>>> {
    return new Prepared(await this.systems.list(administrator, path.ownerId, page));
  }

  @Post()
  @ApiAdministration(systemAnswer, {
    id: 'adminAddSystem',
    summary: 'Add a system, for use in XsysId',
    status: 201,
    errors: ['ADMIN_PROJECT_UNKNOWN', 'SYSTEM_EXISTS'],
  })
  async add(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Body({ schema: newSystemSchema }) body: NewSystem,
  ): Promise<Prepared<SystemView>> {
    return new Prepared(await this.systems.add(administrator, path.ownerId, body));
  }

  @Delete(':sysId')
  @ApiAdministration(systemRemovedAnswer, {
    id: 'adminRemoveSystem',
    summary: 'Remove a system',
    errors: ['ADMIN_SYSTEM_UNKNOWN'],
  })
  async remove(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: systemPath }) path: z.output<typeof systemPath>,
  ): Promise<Prepared<{ removed: 1 }>> {
    return new Prepared(await this.systems.remove(administrator, path.ownerId, path.sysId));
  }
}
