import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { StatusModes } from '../response/status-modes.js';
import { Area } from './area.entity.js';
import { AreaTree } from './area-tree.js';
import { Project } from './project.entity.js';
import { ProjectDirectory } from './project-directory.js';
import { ProjectStatusModes } from './project-status-modes.js';
import { System } from './system.entity.js';
import { SystemDirectory } from './system-directory.js';
import { User } from './user.entity.js';
import { UserDirectory } from './user-directory.js';

@Global()
@Module({
  imports: [TypeOrmModule.forFeature([Project, System, User, Area])],
  providers: [
    ProjectDirectory,
    SystemDirectory,
    UserDirectory,
    AreaTree,
    { provide: StatusModes, useClass: ProjectStatusModes },
  ],
  exports: [ProjectDirectory, SystemDirectory, UserDirectory, AreaTree, StatusModes],
})
export class TenancyModule {}
