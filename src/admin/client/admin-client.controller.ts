import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  UseGuards,
} from '@nestjs/common';
import { z } from 'zod';
import { type Page, type PageRequest } from '../../response/page.js';
import { Prepared } from '../../response/prepared.js';
import { ApiAdministration, ApiAdministrationCalls } from '../admin-api.js';
import type { Administrator } from '../administrator.js';
import { AdministratorGuard, CurrentAdministrator } from '../administrator.guard.js';
import { ownerId, pageSchema } from '../field.js';
import { described } from '../field-text.js';
import { ClientAdministration } from './client-administration.js';
import {
  type ClientChange,
  clientChangeSchema,
  clientId,
  type NewClient,
  newClientSchema,
  type SecretRotation,
  secretRotationSchema,
} from './client-input.js';
import type { ClientView, ClientViewWithSecret } from './client-view.js';
import {
  clientAnswer,
  clientRemovedAnswer,
  clientWithSecretAnswer,
  clientsAnswer,
} from './client-answers.js';

const projectPath = z.object(described({ ownerId }));
const clientPath = z.object({ ...described({ ownerId }), clientId });
type ClientPath = z.output<typeof clientPath>;

@ApiAdministrationCalls()
@Controller({ path: 'admin/projects/:ownerId/clients', version: '3' })
@UseGuards(AdministratorGuard)
export class AdminClientController {
  constructor(private readonly clients: ClientAdministration) {}

  @Get()
  @ApiAdministration(clientsAnswer, {
    id: 'adminListClients',
    summary: 'List the clients of the OAuth endpoints',
    errors: ['ADMIN_PROJECT_UNKNOWN'],
  })
  async list(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Query({ schema: pageSchema }) page: PageRequest,
  ): Promise<Prepared<Page<ClientView>>> {
    return new Prepared(await this.clients.list(administrator, path.ownerId, page));
  }

  @Post()
  @ApiAdministration(clientWithSecretAnswer, {
    id: 'adminAddClient',
    summary: 'Register a client; the response alone contains its secret',
    status: 201,
    errors: ['ADMIN_PROJECT_UNKNOWN', 'CLIENT_EXISTS'],
  })
  async add(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Body({ schema: newClientSchema }) body: NewClient,
  ): Promise<Prepared<ClientViewWithSecret>> {
    return new Prepared(await this.clients.add(administrator, path.ownerId, body));
  }

  @Get(':clientId')
  @ApiAdministration(clientAnswer, {
    id: 'adminShowClient',
    summary: 'Show a client',
    errors: ['CLIENT_UNKNOWN'],
  })
  async show(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: clientPath }) path: ClientPath,
  ): Promise<Prepared<ClientView>> {
    return new Prepared(await this.clients.show(administrator, path.ownerId, path.clientId));
  }

  @Patch(':clientId')
  @ApiAdministration(clientAnswer, {
    id: 'adminChangeClient',
    summary: 'Change a client',
    errors: ['ADMIN_PROJECT_UNKNOWN', 'CLIENT_UNKNOWN'],
  })
  async change(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: clientPath }) path: ClientPath,
    @Body({ schema: clientChangeSchema }) body: ClientChange,
  ): Promise<Prepared<ClientView>> {
    return new Prepared(await this.clients.change(administrator, path.ownerId, path.clientId, body));
  }

  @Post(':clientId/rotate-secret')
  @HttpCode(200)
  @ApiAdministration(clientWithSecretAnswer, {
    id: 'adminRotateClientSecret',
    summary: 'Give a confidential client a new secret; the response alone contains it',
    errors: ['ADMIN_PROJECT_UNKNOWN', 'CLIENT_UNKNOWN'],
  })
  async rotateSecret(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: clientPath }) path: ClientPath,
    @Body({ schema: secretRotationSchema }) body: SecretRotation,
  ): Promise<Prepared<ClientViewWithSecret>> {
    return new Prepared(await this.clients.rotateSecret(administrator, path.ownerId, path.clientId, body));
  }

  @Delete(':clientId')
  @ApiAdministration(clientRemovedAnswer, {
    id: 'adminRemoveClient',
    summary: 'Remove a client: it gets no more tokens',
    errors: ['ADMIN_PROJECT_UNKNOWN', 'CLIENT_UNKNOWN'],
  })
  async remove(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: clientPath }) path: ClientPath,
  ): Promise<Prepared<{ removed: 1 }>> {
    return new Prepared(await this.clients.remove(administrator, path.ownerId, path.clientId));
  }
}
