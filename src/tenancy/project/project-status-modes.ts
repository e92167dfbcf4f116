import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type StatusMode, StatusModes } from '../../response/error/status-modes.js';
import { ProjectDirectory } from './project-directory.js';
import { ownerIdOf } from '../tenant-header.js';

/** How the project named by the header wants its failures; a failure may come before any guard ran. */
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
      // The failure being answered may well be that the database is away.
      return 'http';
    }
  }
}
