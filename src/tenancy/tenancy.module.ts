import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { StatusModes } from '../response/error/status-modes.js';
import { Area } from './area/area.entity.js';
import { AreaTree } from './area/area-tree.js';
import { Project } from './project/project.entity.js';
import { ProjectDirectory } from './project/project-directory.js';
import { ProjectStatusModes } from './project/project-status-modes.js';
import { System } from './system/system.entity.js';
import { SystemDirectory } from './system/system-directory.js';
import { TenantScope } from './tenant-scope.js';
import { User } from './user/user.entity.js';
import { UserDirectory } from './user/user-directory.js';

@Global()
@Module({
  imports: [TypeOrmModule.forFeature([Project, System, User, Area])],
  providers: [
    ProjectDirectory,
    SystemDirectory,
    UserDirectory,
    AreaTree,
    TenantScope,
    { provide: StatusModes, useClass: ProjectStatusModes },
  ],
  exports: [ProjectDirectory, SystemDirectory, UserDirectory, AreaTree, TenantScope, StatusModes],
})
export class TenancyModule {}
