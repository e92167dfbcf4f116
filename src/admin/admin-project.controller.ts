import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Reply } from '../response/reply.js';
import type { Administrator } from './administrator.js';
import { AdministratorGuard, CurrentAdministrator } from './administrator.guard.js';
import { ownerId } from './field.js';
import { type Page, type PageRequest, pageSchema } from './page.js';
import { ProjectAdministration } from './project-administration.js';
import {
  type KeyChange,
  keyChangeSchema,
  type NewProject,
  newProjectSchema,
  type ProjectChange,
  projectChangeSchema,
} from './project-input.js';
import type { ProjectView } from './project-view.js';

const projectPath = z.object({ ownerId });
type ProjectPath = z.output<typeof projectPath>;

@ApiTags('administration')
@Controller({ path: 'admin/projects', version: '3' })
@UseGuards(AdministratorGuard)
export class AdminProjectController {
  constructor(private readonly projects: ProjectAdministration) {}

  @Get()
  @ApiOperation({ summary: 'List projects; a developer sees his own' })
  async list(
    @CurrentAdministrator() administrator: Administrator,
    @Query({ schema: pageSchema }) page: PageRequest,
  ): Promise<Reply<Page<ProjectView>>> {
    return new Reply(await this.projects.list(administrator, page));
  }

  @Post()
  @ApiOperation({ summary: 'Make a project; its verify key is told this once. Operator only' })
  async add(
    @CurrentAdministrator() administrator: Administrator,
    @Body({ schema: newProjectSchema }) body: NewProject,
  ): Promise<Reply<ProjectView>> {
    return new Reply(await this.projects.add(administrator, body));
  }

  @Get(':ownerId')
  @ApiOperation({ summary: 'Show a project, its key masked' })
  async show(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: ProjectPath,
  ): Promise<Reply<ProjectView>> {
    return new Reply(await this.projects.show(administrator, path.ownerId));
  }

  @Patch(':ownerId')
  @ApiOperation({ summary: 'Change the settings of a project' })
  async change(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: ProjectPath,
    @Body({ schema: projectChangeSchema }) body: ProjectChange,
  ): Promise<Reply<ProjectView>> {
    return new Reply(await this.projects.change(administrator, path.ownerId, body));
  }

  @Post(':ownerId/disable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Disable a project: it answers nobody. Operator only' })
  async disable(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: ProjectPath,
  ): Promise<Reply<ProjectView>> {
    return new Reply(await this.projects.setStatus(administrator, path.ownerId, 'disabled'));
  }

  @Post(':ownerId/enable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Enable a project. Operator only' })
  async enable(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: ProjectPath,
  ): Promise<Reply<ProjectView>> {
    return new Reply(await this.projects.setStatus(administrator, path.ownerId, 'active'));
  }

  @Post(':ownerId/verify-key')
  @HttpCode(200)
  @ApiOperation({ summary: 'Change the key of XverifyApi; told this once, the old one overlaps' })
  async changeKey(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: ProjectPath,
    @Body({ schema: keyChangeSchema }) body: KeyChange,
  ): Promise<Reply<ProjectView>> {
    return new Reply(await this.projects.changeKey(administrator, path.ownerId, body));
  }
}
