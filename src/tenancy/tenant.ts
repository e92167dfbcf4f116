import type { FastifyRequest } from 'fastify';
import type { TimeZone } from './time-zone.js';
import type { Project } from './project.entity.js';
import type { PreparedProfile } from './verification-profile.js';

/** A project with all that can be made of its settings once. */
export interface TenantProject extends Readonly<Project> {
  readonly zone: TimeZone;
  readonly verification: PreparedProfile;
  /** What is still accepted of before the key was changed, and until when (ms since the epoch). */
  readonly previousVerification: { readonly profile: PreparedProfile; readonly until: number } | null;
}

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
