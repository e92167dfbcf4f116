import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { Prepared } from '../../response/prepared.js';
import { answers, ApiAdministration, ApiAdministrationCalls } from '../admin-api.js';
import type { Administrator } from '../administrator.js';
import { AdministratorGuard, CurrentAdministrator } from '../administrator.guard.js';
import { ownerId } from '../field.js';
import { described } from '../field-text.js';
import { type Page, type PageRequest, pageSchema } from '../page.js';
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

const projectPath = z.object(described({ ownerId }));
type ProjectPath = z.output<typeof projectPath>;

@ApiAdministrationCalls()
@Controller({ path: 'admin/projects', version: '3' })
@UseGuards(AdministratorGuard)
export class AdminProjectController {
  constructor(private readonly projects: ProjectAdministration) {}

  @Get()
  @ApiAdministration(answers.projects, {
    id: 'adminListProjects',
    summary: 'List projects; a developer sees the own one / 项目列表（开发者仅见所属项目）',
  })
  async list(
    @CurrentAdministrator() administrator: Administrator,
    @Query({ schema: pageSchema }) page: PageRequest,
  ): Promise<Prepared<Page<ProjectView>>> {
    return new Prepared(await this.projects.list(administrator, page));
  }

  @Post()
  @ApiAdministration(answers.project, {
    id: 'adminAddProject',
    summary: 'Make a project; its key is told this once. Operator only / 新建项目，密钥仅显示一次（仅运维）',
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
  @ApiAdministration(answers.project, {
    id: 'adminShowProject',
    summary: 'Show a project, its key masked / 查看项目（密钥已遮盖）',
    errors: ['ADMIN_PROJECT_UNKNOWN'],
  })
  async show(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: ProjectPath,
  ): Promise<Prepared<ProjectView>> {
    return new Prepared(await this.projects.show(administrator, path.ownerId));
  }

  @Patch(':ownerId')
  @ApiAdministration(answers.project, {
    id: 'adminChangeProject',
    summary: 'Change the settings of a project / 修改项目设置',
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
  @ApiAdministration(answers.project, {
    id: 'adminDisableProject',
    summary: 'Disable a project: it answers nobody. Operator only / 停用项目（仅运维）',
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
  @ApiAdministration(answers.project, {
    id: 'adminEnableProject',
    summary: 'Enable a project. Operator only / 启用项目（仅运维）',
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
  @ApiAdministration(answers.project, {
    id: 'adminChangeVerifyKey',
    summary:
      'Change the key of XverifyApi; told this once, the old one overlaps / 更换 XverifyApi 密钥（仅显示一次，旧密钥暂时有效）',
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
