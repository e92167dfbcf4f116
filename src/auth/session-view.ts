import type { Session } from './session.js';

/** A session, as its user may see it; times are ISO 8601, UTC. */
export interface SessionView {
  sessionId: string;
  clientId: string;
  createdAt: string;
  /** The last new refresh token; a project that reuses tokens writes none, so there it is the login. */
  lastRefreshedAt: string;
  /** The earlier of the idle and the absolute end. */
  expiresAt: string;
  ip: string;
  userAgent: string;
  /** Whether the caller's access token is of this session. */
  current: boolean;
}

export function sessionView(session: Session, current: Pick<Session, 'id'>): SessionView {
  const expiresAt = Math.min(session.idleExpiresAt ?? Infinity, session.expiresAt);
  return {
    sessionId: session.id,
    clientId: session.clientId,
    createdAt: new Date(session.createdAt).toISOString(),
    lastRefreshedAt: new Date(session.rotatedAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    ip: session.ip,
    userAgent: session.userAgent,
    current: session.id === current.id,
  };
}
