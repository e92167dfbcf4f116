import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, type Repository } from 'typeorm';
import { writeEvent } from '../../audit/audit-trail.js';
import { administrationEvent } from '../../audit/auth-event.js';
import { Clock } from '../../config/clock.js';
import { EntityTable } from '../../database/entity-table.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { errors } from '../../response/error/error-catalogue.js';
import { SystemDirectory } from '../../tenancy/system/system-directory.js';
import { System } from '../../tenancy/system/system.entity.js';
import { type Administrator, assertAdministers } from '../administrator.js';
import { type Page, pageOf, type PageRequest, startOf } from '../../response/page.js';
import { ProjectAdministration } from '../project/project-administration.js';
import type { NewSystem } from './system-input.js';

export interface SystemView {
  sysId: string;
  name: string;
}

const REMOVE = `DELETE FROM bo_system WHERE owner_id = $1 AND sys_id = $2 RETURNING sys_id`;

/** Manages the systems of a project, which the `XsysId` header names. */
@Injectable()
export class SystemAdministration {
  private readonly rows: EntityTable<System>;

  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    @InjectRepository(System) private readonly systems: Repository<System>,
    private readonly directory: SystemDirectory,
    private readonly projects: ProjectAdministration,
  ) {
    this.rows = new EntityTable(systems, database);
  }

  /** @throws ADMIN_PROJECT_UNKNOWN */
  async list(administrator: Administrator, ownerId: string, page: PageRequest): Promise<Page<SystemView>> {
    await this.projects.show(administrator, ownerId);
    const after = startOf(`systems ${ownerId}`, page);
    const rows = await this.systems.find({
      where: { ownerId, ...(after !== null && { sysId: MoreThan(after) }) },
      order: { sysId: 'ASC' },
      take: page.limit + 1,
    });
    return pageOf(`systems ${ownerId}`, rows, page.limit, ({ sysId }) => sysId, systemView);
  }

  /** @throws ADMIN_PROJECT_UNKNOWN, SYSTEM_EXISTS */
  async add(administrator: Administrator, ownerId: string, input: NewSystem): Promise<SystemView> {
    await this.projects.show(administrator, ownerId);
    const system: System = { ownerId, sysId: input.sysId, name: input.name };
    const event = administrationEvent('system-added', administrator, { ownerId }, this.clock.now(), {
      sysId: system.sysId,
    });
    const added = await this.database.transact(async (transaction) => {
      if (!(await this.rows.insert(transaction, system))) return false;
      await writeEvent(transaction, event);
      return true;
    });
    if (!added) throw errors.SYSTEM_EXISTS();
    await this.directory.forget(ownerId, system.sysId);
    return systemView(system);
  }

  /** The `sysId` lists of users keep the name: a later system with the same name is theirs again. */
  async remove(administrator: Administrator, ownerId: string, sysId: string): Promise<{ removed: 1 }> {
    assertAdministers(administrator, ownerId);
    const event = administrationEvent('system-removed', administrator, { ownerId }, this.clock.now(), {
      sysId,
    });
    const removed = await this.database.transact(async (transaction) => {
      const [row] = await transaction.all(REMOVE, [ownerId, sysId]);
      if (row !== undefined) await writeEvent(transaction, event);
      return row !== undefined;
    });
    if (!removed) throw errors.ADMIN_SYSTEM_UNKNOWN();
    await this.directory.forget(ownerId, sysId);
    return { removed: 1 };
  }
}

function systemView({ sysId, name }: System): SystemView {
  return { sysId, name };
}
