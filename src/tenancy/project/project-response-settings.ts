import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import {
  DEFAULT_SETTINGS,
  type ResponseSettings,
  ResponseSettingsSource,
} from '../../response/error/response-settings.js';
import { ProjectDirectory } from './project-directory.js';
import { ownerIdOf } from '../tenant-header.js';

/** Reads the settings from the project in the `XownerId` header, because a request can fail before any guard runs. */
@Injectable()
export class ProjectResponseSettings extends ResponseSettingsSource {
  constructor(private readonly projects: ProjectDirectory) {
    super();
  }

  override async of(request: FastifyRequest): Promise<ResponseSettings> {
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
