import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import {
  DEFAULT_SETTINGS,
  type ResponseSettings,
  ResponseSettingsSource,
} from '../../response/error/response-settings.js';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { oauthOwnerId } from '../oauth-path.js';
import { ProjectDirectory } from './project-directory.js';
import { ownerIdOf } from '../tenant-header.js';

const OAUTH: ResponseSettings = { ...DEFAULT_SETTINGS, format: 'oauth' };

/** Reads the settings from the project in the `XownerId` header, because a request can fail before any guard runs. */
@Injectable()
export class ProjectResponseSettings extends ResponseSettingsSource {
  private readonly hasOAuth: boolean;

  constructor(
    private readonly projects: ProjectDirectory,
    @Inject(CONFIG) { publicUrl }: Config,
  ) {
    super();
    this.hasOAuth = publicUrl !== null;
  }

  override async of(request: FastifyRequest): Promise<ResponseSettings> {
    if (this.hasOAuth && oauthOwnerId(request.url) !== null) return OAUTH;
    const ownerId = ownerIdOf(request);
    if (ownerId === null) return DEFAULT_SETTINGS;
    try {
      return (await this.projects.find(ownerId)) ?? DEFAULT_SETTINGS;
    } catch {
      // The error being answered may itself be that the database is unavailable.
      return DEFAULT_SETTINGS;
    }
  }
}
