import type { FastifyRequest } from 'fastify';
import type { TenantProject } from './project/tenant-project.js';

/** The tenant of a request, from its tenant headers. */
export interface Tenant {
  readonly project: TenantProject;
  /** `XsysId`, `XuserFrom…ShareId` and `XfilterAreaCode` as sent; {@link TenantScope} checks that they exist. */
  readonly systemId: string | null;
  readonly firstShareUserId: string | null;
  readonly secondShareUserId: string | null;
  readonly areaCode: string | null;
}

export function tenantOf(request: FastifyRequest): Tenant {
  if (request.tenant === null) throw new Error('the request has no tenant: TenantHeadersGuard did not run');
  return request.tenant;
}
