import { Body, Controller, Delete, Get, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Reply } from '../response/reply.js';
import type { Administrator } from './administrator.js';
import { AdministratorGuard, CurrentAdministrator } from './administrator.guard.js';
import { identifier, ownerId } from './field.js';
import { type Page, type PageRequest, pageSchema } from './page.js';
import {
  type NewSystem,
  newSystemSchema,
  SystemAdministration,
  type SystemView,
} from './system-administration.js';

const projectPath = z.object({ ownerId });
const systemPath = z.object({ ownerId, sysId: identifier });

@ApiTags('administration')
@Controller({ path: 'admin/projects/:ownerId/systems', version: '3' })
@UseGuards(AdministratorGuard)
export class AdminSystemController {
  constructor(private readonly systems: SystemAdministration) {}

  @Get()
  @ApiOperation({ summary: 'List the systems of a project' })
  async list(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Query({ schema: pageSchema }) page: PageRequest,
  ): Promise<Reply<Page<SystemView>>> {
    return new Reply(await this.systems.list(administrator, path.ownerId, page));
  }

  @Post()
  @ApiOperation({ summary: 'Add a system, which XsysId may then name' })
  async add(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Body({ schema: newSystemSchema }) body: NewSystem,
  ): Promise<Reply<SystemView>> {
    return new Reply(await this.systems.add(administrator, path.ownerId, body));
  }

  @Delete(':sysId')
  @ApiOperation({ summary: 'Remove a system' })
  async remove(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: systemPath }) path: z.output<typeof systemPath>,
  ): Promise<Reply<{ removed: 1 }>> {
    return new Reply(await this.systems.remove(administrator, path.ownerId, path.sysId));
  }
}
