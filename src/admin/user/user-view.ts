import type { StoredPassword } from '../../auth/password/stored-password.js';
import type { User } from '../../tenancy/user/user.entity.js';

/** A user as an administrator sees it: everything but the password. Times are ISO 8601, UTC. */
export interface UserView extends Omit<
  User,
  'ownerId' | keyof StoredPassword | 'passwordSetAt' | 'validAfter' | 'createdAt'
> {
  /** `null`: before this was recorded. */
  passwordSetAt: string | null;
  secondFactorEnrolled: boolean;
  /** Sessions that began earlier have ended; `null`: the user was never logged out everywhere. */
  validAfter: string | null;
  createdAt: string;
}

/** Copies field by field, so that a column added to the row later is not exposed by accident. */
export function userView(user: User, secondFactorEnrolled: boolean): UserView {
  return {
    userId: user.userId,
    userName: user.userName,
    status: user.status,
    clientId: user.clientId,
    pushName: user.pushName,
    roleId: user.roleId,
    depId: user.depId,
    areaCode: user.areaCode,
    jobId: user.jobId,
    sysId: user.sysId,
    mergeUserId: user.mergeUserId,
    developer: user.developer,
    openId: user.openId,
    wbId: user.wbId,
    wxOpenId: user.wxOpenId,
    wxUnionId: user.wxUnionId,
    telephone: user.telephone,
    headIcon: user.headIcon,
    secondFactorEnrolled,
    mustChangePassword: user.mustChangePassword,
    passwordSetAt: user.passwordSetAt === null ? null : new Date(user.passwordSetAt).toISOString(),
    validAfter: user.validAfter === 0 ? null : new Date(user.validAfter).toISOString(),
    createdAt: new Date(user.createdAt).toISOString(),
  };
}
