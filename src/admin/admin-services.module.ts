import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditServicesModule } from '../audit/audit.module.js';
import { AuthServicesModule } from '../auth/auth-services.module.js';
import { Area } from '../tenancy/area/area.entity.js';
import { Project } from '../tenancy/project/project.entity.js';
import { System } from '../tenancy/system/system.entity.js';
import { User } from '../tenancy/user/user.entity.js';
import { OAuthClient } from '../auth/oauth-client/oauth-client.entity.js';
import { ClientAdministration } from './client/client-administration.js';
import { AreaImport } from './import/area-import.js';
import { EventLog } from './event/event-log.js';
import { SessionGrants } from './grant/session-grants.js';
import { ProjectAdministration } from './project/project-administration.js';
import { SessionImport } from './import/session-import.js';
import { SigningKeyAdministration } from './signing-key/signing-key-administration.js';
import { SystemAdministration } from './system/system-administration.js';
import { UserLocks } from './user/user-locks.js';
import { UserSecondFactor } from './user/user-second-factor.js';
import { UserAdministration } from './user/user-administration.js';
import { UserDeletion } from './user/user-deletion.js';
import { UserSessions } from './session/user-sessions.js';

const SERVICES = [
  ProjectAdministration,
  SigningKeyAdministration,
  SystemAdministration,
  ClientAdministration,
  UserAdministration,
  UserLocks,
  UserSecondFactor,
  UserDeletion,
  SessionGrants,
  UserSessions,
  AreaImport,
  SessionImport,
  EventLog,
];

/** The administration services, shared by the HTTP calls and the command line. */
@Module({
  imports: [
    AuditServicesModule,
    AuthServicesModule,
    TypeOrmModule.forFeature([Project, System, User, Area, OAuthClient]),
  ],
  providers: SERVICES,
  exports: SERVICES,
})
export class AdminServicesModule {}
