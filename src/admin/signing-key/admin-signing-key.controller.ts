import { Body, Controller, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { Prepared } from '../../response/prepared.js';
import { ApiAdministration, ApiAdministrationCalls } from '../admin-api.js';
import type { Administrator } from '../administrator.js';
import { AdministratorGuard, CurrentAdministrator } from '../administrator.guard.js';
import { identifier, ownerId } from '../field.js';
import { described } from '../field-text.js';
import { SigningKeyAdministration } from './signing-key-administration.js';
import {
  type NewSigningKey,
  newSigningKeySchema,
  type SigningKeyStep,
  signingKeyStepSchema,
} from './signing-key-input.js';
import type { SigningKeyView } from './signing-key-view.js';
import { signingKeyAnswer, signingKeysAnswer } from './signing-key-answers.js';

const projectPath = z.object(described({ ownerId }));
const keyPath = z.object(described({ ownerId, kid: identifier }));
type KeyPath = z.output<typeof keyPath>;

@ApiAdministrationCalls()
@Controller({ path: 'admin/projects/:ownerId/signing-keys', version: '3' })
@UseGuards(AdministratorGuard)
export class AdminSigningKeyController {
  constructor(private readonly keys: SigningKeyAdministration) {}

  @Get()
  @ApiAdministration(signingKeysAnswer, {
    id: 'adminListSigningKeys',
    summary: 'List signing keys',
    errors: ['ADMIN_PROJECT_UNKNOWN'],
  })
  async list(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
  ): Promise<Prepared<{ items: SigningKeyView[] }>> {
    return new Prepared(await this.keys.list(administrator, path.ownerId));
  }

  @Post()
  @ApiAdministration(signingKeyAnswer, {
    id: 'adminPublishSigningKey',
    summary: 'Publish a new signing key in the key set, without signing with it yet',
    status: 201,
    errors: ['ADMIN_PROJECT_UNKNOWN', 'SIGNING_KEY_CONFLICT'],
  })
  async publish(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: projectPath }) path: z.output<typeof projectPath>,
    @Body({ schema: newSigningKeySchema }) body: NewSigningKey,
  ): Promise<Prepared<SigningKeyView>> {
    return new Prepared(await this.keys.publish(administrator, path.ownerId, body));
  }

  @Post(':kid/promote')
  @HttpCode(200)
  @ApiAdministration(signingKeyAnswer, {
    id: 'adminPromoteSigningKey',
    summary: 'Promote a key to sign; the previous one only verifies from then on',
    errors: ['SIGNING_KEY_UNKNOWN', 'SIGNING_KEY_CONFLICT', 'SIGNING_KEY_TOO_EARLY'],
  })
  async promote(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: keyPath }) path: KeyPath,
    @Body({ schema: signingKeyStepSchema }) body: SigningKeyStep,
  ): Promise<Prepared<SigningKeyView>> {
    return new Prepared(await this.keys.promote(administrator, path.ownerId, path.kid, body));
  }

  @Post(':kid/demote')
  @HttpCode(200)
  @ApiAdministration(signingKeyAnswer, {
    id: 'adminDemoteSigningKey',
    summary: 'Demote the signing key and sign with HS256 again; the key only verifies from then on',
    errors: ['SIGNING_KEY_UNKNOWN', 'SIGNING_KEY_CONFLICT'],
  })
  async demote(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: keyPath }) path: KeyPath,
  ): Promise<Prepared<SigningKeyView>> {
    return new Prepared(await this.keys.demote(administrator, path.ownerId, path.kid));
  }

  @Post(':kid/retire')
  @HttpCode(200)
  @ApiAdministration(signingKeyAnswer, {
    id: 'adminRetireSigningKey',
    summary: 'Retire a key: remove it from the key set permanently',
    errors: ['SIGNING_KEY_UNKNOWN', 'SIGNING_KEY_CONFLICT', 'SIGNING_KEY_TOO_EARLY'],
  })
  async retire(
    @CurrentAdministrator() administrator: Administrator,
    @Param({ schema: keyPath }) path: KeyPath,
    @Body({ schema: signingKeyStepSchema }) body: SigningKeyStep,
  ): Promise<Prepared<SigningKeyView>> {
    return new Prepared(await this.keys.retire(administrator, path.ownerId, path.kid, body));
  }
}
