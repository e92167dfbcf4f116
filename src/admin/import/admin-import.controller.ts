import { Body, Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { Prepared } from '../../response/prepared.js';
import type { Area } from '../../tenancy/area/area.entity.js';
import { ApiAdministration, ApiAdministrationCalls } from '../admin-api.js';
import type { Administrator } from '../administrator.js';
import { AdministratorGuard, CurrentAdministrator } from '../administrator.guard.js';
import { AreaImport, type AreaImported } from './area-import.js';
import { ownerId } from '../field.js';
import { described } from '../field-text.js';
import { itemsOf, itemsSchema } from './import-item.js';
import { pageSchema } from '../field.js';
import { type Page, type PageRequest } from '../../response/page.js';
import { SessionImport, type SessionsImported } from './session-import.js';
import { areasAnswer, areasImportedAnswer, sessionsImportedAnswer } from './import-answers.js';

const projectPath = z.object(described({ ownerId }));
const areasBody = itemsSchema(500).meta({
  example: { items: [{ areaCode: '440000', name: '广东省' }], strict: false },
});
const sessionsBody = itemsSchema(200)
  .omit({ strict: true })
  .meta({
    example: { items: [{ userId: 'ptdev', refreshToken: 'a-refresh-token-of-another-service' }] },
  });

/** Imports of short lists; the command line imports files of any length. */
@ApiAdministrationCalls()
@Controller({ path: 'admin', version: '3' })
@UseGuards(AdministratorGuard)
export class AdminImportController {
  constructor(
    private readonly areas: AreaImport,
    private readonly sessions: SessionImport,
  ) {}

  @Get('areas')
  @ApiAdministration(areasAnswer, {
    id: 'adminListAreas',
    summary: 'List administrative areas (operator only)',
  })
  async list(
    @CurrentAdministrator() administrator: Administrator,
    @Query({ schema: pageSchema }) page: PageRequest,
  ): Promise<Prepared<Page<Area>>> {
    return new Prepared(await this.areas.list(administrator, page));
  }

  @Post('areas')
  @HttpCode(200)
  @ApiAdministration(areasImportedAnswer, {
    id: 'adminImportAreas',
    summary: 'Import administrative areas, at most 500 (operator only)',
  })
  async importAreas(
    @CurrentAdministrator() administrator: Administrator,
    @Body({ schema: areasBody }) body: z.output<typeof areasBody>,
  ): Promise<Prepared<AreaImported>> {
    return new Prepared(await this.areas.import(administrator, itemsOf(body.items), body.strict));
  }

  @Post('projects/:ownerId/sessions')
  @HttpCode(200)
  @ApiAdministration(sessionsImportedAnswer, {
    id: 'adminImportSessions',
    summary: 'Import sessions from another service, at most 200',
    errors: ['ADMIN_PROJECT_UNKNOWN'],
  })
  async importSessions(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Body({ schema: sessionsBody }) body: z.output<typeof sessionsBody>,
  ): Promise<Prepared<SessionsImported>> {
    return new Prepared(await this.sessions.import(administrator, path.ownerId, itemsOf(body.items)));
  }
}
