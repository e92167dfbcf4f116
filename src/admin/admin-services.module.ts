import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthServicesModule } from '../auth/auth-services.module.js';
import { Area } from '../tenancy/area.entity.js';
import { Project } from '../tenancy/project.entity.js';
import { System } from '../tenancy/system.entity.js';
import { User } from '../tenancy/user.entity.js';
import { AreaImport } from './area-import.js';
import { EventLog } from './event-log.js';
import { ProjectAdministration } from './project-administration.js';
import { SessionImport } from './session-import.js';
import { SigningKeyAdministration } from './signing-key-administration.js';
import { SystemAdministration } from './system-administration.js';
import { UserAdministration } from './user-administration.js';
import { UserSessions } from './user-sessions.js';

const SERVICES = [
  ProjectAdministration,
  SigningKeyAdministration,
  SystemAdministration,
  UserAdministration,
  UserSessions,
  AreaImport,
  SessionImport,
  EventLog,
];

/** Administration: plain services, for the HTTP calls and for the command line alike. */
@Module({
  imports: [AuthServicesModule, TypeOrmModule.forFeature([Project, System, User, Area])],
  providers: SERVICES,
  exports: SERVICES,
})
export class AdminServicesModule {}
