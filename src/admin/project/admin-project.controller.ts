import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { Prepared } from '../../response/prepared.js';
import { ApiAdministration, ApiAdministrationCalls } from '../admin-api.js';
import type { Administrator } from '../administrator.js';
import { AdministratorGuard, CurrentAdministrator } from '../administrator.guard.js';
import { ownerId } from '../field.js';
import { described } from '../field-text.js';
import { pageSchema } from '../field.js';
import { type Page, type PageRequest } from '../../response/page.js';
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
import { projectAnswer, projectsAnswer } from './project-answers.js';

const projectPath = z.object(described({ ownerId }));
type ProjectPath = z.output<typeof projectPath>;

@ApiAdministrationCalls()
@Controller({ path: 'admin/projects', version: '3' })
@UseGuards(AdministratorGuard)
export class AdminProjectController {
  constructor(private readonly projects: ProjectAdministration) {}

  @Get()
  @ApiAdministration(projectsAnswer, {
    id: 'adminListProjects',
    summary: 'List projects; a developer sees only their own',
  })
  async list(
    @CurrentAdministrator() administrator: Administrator,
    @Query({ schema: pageSchema }) page: PageRequest,
  ): Promise<Prepared<Page<ProjectView>>> {
    return new Prepared(await this.projects.list(administrator, page));
  }

  @Post()
  @ApiAdministration(projectAnswer, {
    id: 'adminAddProject',
    summary: 'Add a project; the key is shown only once (operator only)',
    status: 201,
    errors: ['PROJECT_EXISTS'],
  })
  async add(
    @CurrentAdministrator() administrator: Administrator,
    @Body({ schema: newProjectSchema }) body: NewProject,
  ): Promise<Prepared<ProjectView>> {
    return new Prepared(await this.projects.add(administrator, body));
  }

  @Get(':ownerId')
  @ApiAdministration(projectAnswer, {
    id: 'adminShowProject',
    summary: 'Show a project; the key is masked',
    errors: ['ADMIN_PROJECT_UNKNOWN'],
  })
  async show(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: ProjectPath,
  ): Promise<Prepared<ProjectView>> {
    return new Prepared(await this.projects.show(administrator, path.ownerId));
  }

  @Patch(':ownerId')
  @ApiAdministration(projectAnswer, {
    id: 'adminChangeProject',
    summary: 'Change the settings of a project',
    errors: ['ADMIN_PROJECT_UNKNOWN'],
  })
  async change(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: ProjectPath,
    @Body({ schema: projectChangeSchema }) body: ProjectChange,
  ): Promise<Prepared<ProjectView>> {
    return new Prepared(await this.projects.change(administrator, path.ownerId, body));
  }

  @Post(':ownerId/disable')
  @HttpCode(200)
  @ApiAdministration(projectAnswer, {
    id: 'adminDisableProject',
    summary: 'Disable a project: every request is refused (operator only)',
    errors: ['ADMIN_PROJECT_UNKNOWN'],
  })
  async disable(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: ProjectPath,
  ): Promise<Prepared<ProjectView>> {
    return new Prepared(await this.projects.setStatus(administrator, path.ownerId, 'disabled'));
  }

  @Post(':ownerId/enable')
  @HttpCode(200)
  @ApiAdministration(projectAnswer, {
    id: 'adminEnableProject',
    summary: 'Enable a project (operator only)',
    errors: ['ADMIN_PROJECT_UNKNOWN'],
  })
  async enable(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: ProjectPath,
  ): Promise<Prepared<ProjectView>> {
    return new Prepared(await this.projects.setStatus(administrator, path.ownerId, 'active'));
  }

  @Post(':ownerId/verify-key')
  @HttpCode(200)
  @ApiAdministration(projectAnswer, {
    id: 'adminChangeVerifyKey',
    summary: 'Replace the XverifyApi key; shown only once, and the old key stays valid for a while',
    errors: ['ADMIN_PROJECT_UNKNOWN'],
  })
  async changeKey(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: ProjectPath,
    @Body({ schema: keyChangeSchema }) body: KeyChange,
  ): Promise<Prepared<ProjectView>> {
    return new Prepared(await this.projects.changeKey(administrator, path.ownerId, body));
  }
}
