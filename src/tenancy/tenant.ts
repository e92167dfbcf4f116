import type { FastifyRequest } from 'fastify';
import type { TenantProject } from './project/tenant-project.js';

/** The tenant of a request, from its verified tenant headers. */
export interface Tenant {
  readonly project: TenantProject;
  /** `XsysId`: a system of the project. */
  readonly systemId: string | null;
  /** `XuserFromFirstShareId`, `XuserFromSecondShareId`: active users of the project. */
  readonly firstShareUserId: string | null;
  readonly secondShareUserId: string | null;
  /** `XfilterAreaCode` followed by its ancestors, nearest first; empty if the request names no area. */
  readonly areaPath: readonly string[];
}

export function tenantOf(request: FastifyRequest): Tenant {
  if (request.tenant === null) throw new Error('the request has no tenant: TenantHeadersGuard did not run');
  return request.tenant;
}
