import { errors } from '../../response/error/error-catalogue.js';
import type { Tenant } from '../tenant.js';
import type { User } from './user.entity.js';

/**
 * Holds the headers against the user they are sent for. They can narrow what a caller sees, never widen it: an
 * empty list of the user confines nothing, any other list must cover what the header names.
 *
 * @throws SYSTEM_FORBIDDEN, AREA_FORBIDDEN
 */
export function assertWithinScope(tenant: Tenant, user: Pick<User, 'sysId' | 'areaCode'>): void {
  if (tenant.systemId !== null && user.sysId.length > 0 && !user.sysId.includes(tenant.systemId))
    throw errors.SYSTEM_FORBIDDEN();
  if (tenant.areaPath.length === 0 || user.areaCode.length === 0) return;
  if (!tenant.areaPath.some((code) => user.areaCode.includes(code))) throw errors.AREA_FORBIDDEN();
}
