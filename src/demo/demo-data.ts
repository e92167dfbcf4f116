import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../config/clock.js';
import { SqlDatabase } from '../database/sql-database.js';
import { Area } from '../tenancy/area/area.entity.js';
import { Project } from '../tenancy/project/project.entity.js';
import { System } from '../tenancy/system/system.entity.js';
import { User } from '../tenancy/user/user.entity.js';
import { AREAS, PROJECTS, SYSTEMS, USERS } from './demo-rows.js';
import { SeedSession } from './seed-session.js';

/**
 * Writes the demo data into an empty database: the projects, users and areas of the documentation, and the session of
 * its sample refresh token. Development only.
 */
@Injectable()
export class DemoData implements OnApplicationBootstrap {
  private readonly logger = new Logger(DemoData.name);

  constructor(
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
    private readonly database: SqlDatabase,
    private readonly seedSession: SeedSession,
  ) {}

  onApplicationBootstrap(): Promise<void> {
    return this.database.alone(async () => {
      if ((await this.dataSource.getRepository(Project).count()) === 0) await this.fill();
      await this.seedSession.renew();
    });
  }

  private async fill(): Promise<void> {
    const createdAt = this.clock.now();
    // One transaction: if the process is killed here, the next start must still find an empty database.
    await this.dataSource.transaction(async (manager) => {
      await manager.insert(Area, [...AREAS]);
      await manager.insert(System, [...SYSTEMS]);
      // TypeORM leaves out the password, which is no column.
      await manager.insert(
        User,
        USERS.map((user) => ({ ...user, createdAt })),
      );
      await manager.insert(
        Project,
        PROJECTS.map((project) => ({ ...project, createdAt })),
      );
    });
    this.logger.log('demo data written: projects ptdev and acme');
  }
}
