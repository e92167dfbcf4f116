import { errors } from '../../response/error/error-catalogue.js';
import type { Tenant } from '../tenant.js';
import type { User } from './user.entity.js';

/**
 * Checks the tenant headers against the user's own restrictions. Headers can only narrow what a caller sees: if the
 * user has a list of systems or areas, it must include the one in the header; an empty list does not restrict.
 *
 * @throws SYSTEM_FORBIDDEN, AREA_FORBIDDEN
 */
export function assertWithinScope(tenant: Tenant, user: Pick<User, 'sysId' | 'areaCode'>): void {
  if (tenant.systemId !== null && user.sysId.length > 0 && !user.sysId.includes(tenant.systemId))
    throw errors.SYSTEM_FORBIDDEN();
  if (tenant.areaPath.length === 0 || user.areaCode.length === 0) return;
  if (!tenant.areaPath.some((code) => user.areaCode.includes(code))) throw errors.AREA_FORBIDDEN();
}
