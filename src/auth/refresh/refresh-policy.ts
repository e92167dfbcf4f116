import type { TenantProject } from '../../tenancy/project/tenant-project.js';
import type { RefreshPolicy } from '../refresh-token/decide.js';

/** The project's settings in the form that `decide` takes. */
export function refreshPolicy(project: TenantProject): RefreshPolicy {
  return {
    mode: project.refreshPolicy,
    graceMs: project.graceSeconds * 1000,
    idleMs: project.idleSeconds === null ? null : project.idleSeconds * 1000,
    lostResponse: project.lostResponse,
  };
}
