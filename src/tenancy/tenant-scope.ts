import { Injectable } from '@nestjs/common';
import { errors } from '../response/error/error-catalogue.js';
import { AreaTree } from './area/area-tree.js';
import { SystemDirectory } from './system/system-directory.js';
import type { Tenant } from './tenant.js';
import { UserDirectory } from './user/user-directory.js';
import type { User } from './user/user.entity.js';

/**
 * Checks what the optional tenant headers name. Only for a caller whose credentials or token are verified: the project's
 * key alone must not tell which systems, users and areas exist.
 */
@Injectable()
export class TenantScope {
  constructor(
    private readonly systems: SystemDirectory,
    private readonly users: UserDirectory,
    private readonly areas: AreaTree,
  ) {}

  /** @throws SYSTEM_UNKNOWN, SHARE_USER_UNKNOWN, AREA_UNKNOWN */
  async assertKnown(tenant: Tenant): Promise<void> {
    if (isNarrowed(tenant)) await this.areaPath(tenant);
  }

  /**
   * Checks the headers against the user's own restrictions too. Headers can only narrow what a caller sees: if the user
   * has a list of systems or areas, it must include the one in the header; an empty list does not restrict.
   *
   * @throws SYSTEM_UNKNOWN, SHARE_USER_UNKNOWN, AREA_UNKNOWN, SYSTEM_FORBIDDEN, AREA_FORBIDDEN
   */
  async assertWithin(tenant: Tenant, user: Pick<User, 'sysId' | 'areaCode'>): Promise<void> {
    if (!isNarrowed(tenant)) return;
    const areaPath = await this.areaPath(tenant);
    if (tenant.systemId !== null && user.sysId.length > 0 && !user.sysId.includes(tenant.systemId))
      throw errors.SYSTEM_FORBIDDEN();
    if (areaPath.length === 0 || user.areaCode.length === 0) return;
    if (!areaPath.some((code) => user.areaCode.includes(code))) throw errors.AREA_FORBIDDEN();
  }

  /** Checks that all the headers name exists. @returns the area followed by its ancestors; empty if none is named */
  private async areaPath(tenant: Tenant): Promise<readonly string[]> {
    const { systemId, firstShareUserId, secondShareUserId, areaCode } = tenant;
    const { ownerId } = tenant.project;
    if (systemId !== null && !(await this.systems.has(ownerId, systemId))) throw errors.SYSTEM_UNKNOWN();
    if (firstShareUserId !== null) await this.assertActive(ownerId, firstShareUserId, 'first');
    if (secondShareUserId !== null) await this.assertActive(ownerId, secondShareUserId, 'second');
    if (areaCode === null) return [];
    const path = await this.areas.path(areaCode);
    if (path.length === 0) throw errors.AREA_UNKNOWN();
    return path;
  }

  private async assertActive(ownerId: string, userId: string, level: string): Promise<void> {
    const user = await this.users.find(ownerId, userId);
    if (user?.status !== 'active') throw errors.SHARE_USER_UNKNOWN({ detail: `the ${level} sharing user` });
  }
}

/** Whether a request has any optional tenant header; most have none. */
export function isNarrowed(tenant: Tenant): boolean {
  return (
    tenant.systemId !== null ||
    tenant.areaCode !== null ||
    tenant.firstShareUserId !== null ||
    tenant.secondShareUserId !== null
  );
}
