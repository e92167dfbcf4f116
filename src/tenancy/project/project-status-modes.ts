import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type StatusMode, StatusModes } from '../../response/error/status-modes.js';
import { ProjectDirectory } from './project-directory.js';
import { ownerIdOf } from '../tenant-header.js';

/** Reads the status mode from the project in the `XownerId` header, because a request can fail before any guard runs. */
@Injectable()
export class ProjectStatusModes extends StatusModes {
  constructor(private readonly projects: ProjectDirectory) {
    super();
  }

  override async of(request: FastifyRequest): Promise<StatusMode> {
    const ownerId = ownerIdOf(request);
    if (ownerId === null) return 'http';
    try {
      return (await this.projects.find(ownerId))?.statusMode ?? 'http';
    } catch {
      // The error being answered may itself be that the database is unavailable.
      return 'http';
    }
  }
}
