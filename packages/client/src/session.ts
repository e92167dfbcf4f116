/** `tokenUser` of the service. */
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

/** `data` of a login or refresh. */
export interface TokenGrant {
  tokenUser: TokenUser;
  timeStamp: number;
  /** Empty if the service keeps it in a cookie. */
  refreshToken: string;
  accessToken: string;
  expiresIn: number;
  tokenSeq: number;
}

/** What is stored while somebody is signed in. Times are the server's, in ms since the epoch. */
export interface Session {
  /** When the session began: the same in every answer of one session. */
  readonly id: number;
  readonly seq: number;
  readonly user: TokenUser;
  readonly refreshToken: string;
  readonly accessToken: string;
  readonly expiresAt: number;
  /** A little before `expiresAt`, so that the token is still valid when a request arrives. */
  readonly renewAt: number;
  /** The server's clock minus the device's, as the tab that stored this measured it. */
  readonly ahead: number;
}

/** What is stored after a session has ended, so that other tabs learn the reason and drop late answers. */
export interface Ended {
  readonly id: number;
  /** `null`: the storage was cleared. */
  readonly ended: string | null;
}

/** @param sentAt when the request was sent: the token may be as old as that */
export function sessionOf(grant: TokenGrant, sentAt: number, ahead: number): Session {
  const lifetime = grant.expiresIn * 1000;
  const expiresAt = sentAt + lifetime;
  return {
    id: grant.timeStamp,
    // a refresh token that is never replaced keeps its number
    seq: grant.tokenSeq ?? 0,
    user: grant.tokenUser,
    refreshToken: grant.refreshToken,
    accessToken: grant.accessToken,
    expiresAt,
    renewAt: expiresAt - Math.min(5000, lifetime / 10),
    ahead,
  };
}

/** Whether `next` must not replace `held`: an older token of the same session, or any token of one that has ended. */
export function isOutdated(next: Session | Ended, held: Session | Ended): boolean {
  if (next.id !== held.id || 'ended' in next) return false;
  if ('ended' in held) return true;
  return next.seq < held.seq || (next.seq === held.seq && next.expiresAt < held.expiresAt);
}
