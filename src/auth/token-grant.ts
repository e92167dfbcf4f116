import type { TenantProject } from '../tenancy/tenant.js';
import type { User } from '../tenancy/user.entity.js';
import type { Session } from './session.js';

/** The user, as the callers of the documented API know him. */
export interface TokenUser {
  clientId: string;
  userId: string;
  userName: string;
  pushName: string;
  roleId: string[];
  depId: string[];
  areaCode: string[];
  jobId: string[];
  sysId: string[];
  mergeUserId: string[];
  developer: 0 | 1;
}

/** The `data` of a login or a refresh. */
export interface TokenGrant {
  tokenType: 'Bearer';
  tokenUser: TokenUser;
  /** When the session began, ms since the epoch. */
  timeStamp: number;
  refreshToken: string;
  accessToken: string;
  clientId: string;
  /** The session's absolute end as local time of the project, without offset. */
  expires: string;
  /** Seconds until the access token expires. */
  expiresIn: number;
  /** Grows with each new refresh token of the session; of two answers, the higher one is the newer. */
  tokenSeq: number;
}

export function tokenUser(user: User, clientId: string): TokenUser {
  return {
    clientId,
    userId: user.userId,
    userName: user.userName,
    pushName: user.pushName,
    roleId: user.roleId,
    depId: user.depId,
    areaCode: user.areaCode,
    jobId: user.jobId,
    sysId: user.sysId,
    mergeUserId: user.mergeUserId,
    developer: user.developer,
  };
}

export function tokenGrant(
  project: TenantProject,
  user: User,
  session: Pick<Session, 'clientId' | 'createdAt' | 'expiresAt'>,
  refresh: { refreshToken: string; tokenSeq: number },
  access: { accessToken: string; expiresIn: number },
): TokenGrant {
  return {
    tokenType: 'Bearer',
    tokenUser: tokenUser(user, session.clientId),
    timeStamp: session.createdAt,
    refreshToken: refresh.refreshToken,
    accessToken: access.accessToken,
    clientId: session.clientId,
    expires: project.zone.formatLocal(session.expiresAt),
    expiresIn: access.expiresIn,
    tokenSeq: refresh.tokenSeq,
  };
}
