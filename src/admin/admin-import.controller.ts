import { Body, Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Reply } from '../response/reply.js';
import type { Area } from '../tenancy/area.entity.js';
import type { Administrator } from './administrator.js';
import { AdministratorGuard, CurrentAdministrator } from './administrator.guard.js';
import { AreaImport, type AreaImported } from './area-import.js';
import { ownerId } from './field.js';
import { itemsOf, itemsSchema } from './import-item.js';
import { type Page, type PageRequest, pageSchema } from './page.js';
import { SessionImport, type SessionsImported } from './session-import.js';

const projectPath = z.object({ ownerId });
const areasBody = itemsSchema(500);
const sessionsBody = itemsSchema(200).omit({ strict: true });

/** Lists that are read in; what is too long for one body is for the command line. */
@ApiTags('administration')
@Controller({ path: 'admin', version: '3' })
@UseGuards(AdministratorGuard)
export class AdminImportController {
  constructor(
    private readonly areas: AreaImport,
    private readonly sessions: SessionImport,
  ) {}

  @Get('areas')
  @ApiOperation({ summary: 'List the administrative areas. Operator only' })
  async list(
    @CurrentAdministrator() administrator: Administrator,
    @Query({ schema: pageSchema }) page: PageRequest,
  ): Promise<Reply<Page<Area>>> {
    return new Reply(await this.areas.list(administrator, page));
  }

  @Post('areas')
  @HttpCode(200)
  @ApiOperation({ summary: 'Import administrative areas, at most 500. Operator only' })
  async importAreas(
    @CurrentAdministrator() administrator: Administrator,
    @Body({ schema: areasBody }) body: z.output<typeof areasBody>,
  ): Promise<Reply<AreaImported>> {
    return new Reply(await this.areas.import(administrator, itemsOf(body.items), body.strict));
  }

  @Post('projects/:ownerId/sessions')
  @HttpCode(200)
  @ApiOperation({ summary: 'Import sessions of another service, at most 200' })
  async importSessions(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Body({ schema: sessionsBody }) body: z.output<typeof sessionsBody>,
  ): Promise<Reply<SessionsImported>> {
    return new Reply(await this.sessions.import(administrator, path.ownerId, itemsOf(body.items)));
  }
}
