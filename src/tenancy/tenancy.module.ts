import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ResponseSettingsSource } from '../response/error/response-settings.js';
import { Area } from './area/area.entity.js';
import { AreaTree } from './area/area-tree.js';
import { Project } from './project/project.entity.js';
import { ProjectDirectory } from './project/project-directory.js';
import { ProjectResponseSettings } from './project/project-response-settings.js';
import { VerifyKeySeal } from './project/verify-key-seal.js';
import { VerifyKeysAtRest } from './project/verify-keys-at-rest.js';
import { System } from './system/system.entity.js';
import { SystemDirectory } from './system/system-directory.js';
import { TenantScope } from './tenant-scope.js';
import { User } from './user/user.entity.js';
import { UserDirectory } from './user/user-directory.js';

const SERVICES = [
  VerifyKeySeal,
  VerifyKeysAtRest,
  ProjectDirectory,
  SystemDirectory,
  UserDirectory,
  AreaTree,
  TenantScope,
  { provide: ResponseSettingsSource, useClass: ProjectResponseSettings },
];

@Global()
@Module({
  imports: [TypeOrmModule.forFeature([Project, System, User, Area])],
  providers: SERVICES,
  exports: SERVICES,
})
export class TenancyModule {}
