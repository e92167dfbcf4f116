import { z } from 'zod';
import type { Session } from '../session/session.js';

/** A session as its user sees it; times are ISO 8601, UTC. */
export const sessionViewSchema = z
  .object({
    sessionId: z.string().describe('What DELETE /auth/sessions/{sessionId} takes. / 会话标识。'),
    clientId: z.string().describe('The client application that signed in. / 登录的客户端应用。'),
    createdAt: z.iso.datetime().describe('The login: ISO 8601, UTC. / 登录时间，ISO 8601，UTC。'),
    lastRefreshedAt: z.iso
      .datetime()
      .describe(
        'The last new refresh token (ISO 8601, UTC); a project that reuses tokens issues none, so there it is the login. / 最近一次发出新刷新令牌的时间；重复使用令牌的项目中即登录时间。',
      ),
    expiresAt: z.iso
      .datetime()
      .describe(
        'The earlier of the idle and the absolute end: ISO 8601, UTC. / 空闲到期与绝对到期中较早者，UTC。',
      ),
    ip: z.string().describe('The address that signed in. / 登录时的客户端地址。'),
    userAgent: z
      .string()
      .describe('The User-Agent that signed in, at most 256 characters. / 登录时的 User-Agent。'),
    current: z
      .boolean()
      .describe('Whether the caller’s access token is of this session. / 是否为当前访问令牌所属的会话。'),
  })
  .meta({ id: 'SessionView', description: 'A session, as its user may see it. / 用户可见的会话信息。' });

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
