import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { StatusModes } from '../response/status-modes.js';
import { Area } from './area.entity.js';
import { AreaTree } from './area-tree.js';
import { Project } from './project.entity.js';
import { ProjectDirectory } from './project-directory.js';
import { ProjectStatusModes } from './project-status-modes.js';
import { ReplayMemory } from './replay-memory.js';
import { RequestRate } from './request-rate.js';
import { SharedReplays } from './shared-replays.js';
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
    RequestRate,
    SharedReplays,
    { provide: ReplayMemory, useFactory: () => new ReplayMemory() },
    { provide: StatusModes, useClass: ProjectStatusModes },
  ],
  exports: [
    ProjectDirectory,
    SystemDirectory,
    UserDirectory,
    AreaTree,
    RequestRate,
    SharedReplays,
    StatusModes,
  ],
})
export class TenancyModule {}
