import { z } from 'zod';
import type { Session } from '../session/session.js';

/** A session as its user sees it; times are ISO 8601, UTC. */
export const sessionViewSchema = z
  .object({
    sessionId: z.string().describe('The session id, as `DELETE /auth/sessions/{sessionId}` takes it.'),
    clientId: z.string().describe('The client application that signed in.'),
    createdAt: z.iso.datetime().describe('Time of the login (ISO 8601, UTC).'),
    lastRefreshedAt: z.iso
      .datetime()
      .describe(
        'When the newest refresh token was issued (ISO 8601, UTC). With the policy `reuse`: the time of the login.',
      ),
    expiresAt: z.iso
      .datetime()
      .describe(
        'When the session expires (ISO 8601, UTC): its idle or its absolute end, whichever comes first.',
      ),
    ip: z.string().describe('The client address at login.'),
    userAgent: z.string().describe('The `User-Agent` at login, cut to 256 characters.'),
    current: z.boolean().describe('Whether the access token of this request belongs to this session.'),
  })
  .meta({ id: 'SessionView', description: 'A session, as its user sees it.' });

export type SessionView = z.infer<typeof sessionViewSchema>;

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
