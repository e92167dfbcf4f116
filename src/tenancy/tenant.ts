import type { FastifyRequest } from 'fastify';
import type { TenantProject } from './project/tenant-project.js';

/** On whose behalf a request is made: what the tenant headers said, once they were found to be true. */
export interface Tenant {
  readonly project: TenantProject;
  /** `XsysId`: a system of the project. */
  readonly systemId: string | null;
  /** `XuserFromFirstShareId`, `XuserFromSecondShareId`: active users of the project. */
  readonly firstShareUserId: string | null;
  readonly secondShareUserId: string | null;
  /** `XfilterAreaCode` with the areas above it, nearest first; empty: not narrowed. */
  readonly areaPath: readonly string[];
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard; only {@link CurrentTenant} reads it. */
    tenant: Tenant | null;
  }
}

export function tenantOf(request: FastifyRequest): Tenant {
  if (request.tenant === null) throw new Error('the tenant was asked for where no guard had set it');
  return request.tenant;
}
