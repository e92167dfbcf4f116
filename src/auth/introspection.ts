import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Clock } from '../config/clock.js';
import { STALENESS_MS } from '../cache/staleness.js';
import type { Tenant } from '../tenancy/tenant.js';
import { accessTokenClaimsSchema, AccessTokens } from './access-token/access-token.js';
import { BearerSessions } from './bearer/bearer-session.js';
import { isGranting } from './refresh-token/decide.js';
import { SessionJudge } from './refresh/session-judge.js';

const active = z.literal(true).describe('The token is good right now. / 令牌当前有效。');

/** What an introspection answers (RFC 7662 §2.2). */
export const introspectedSchema = z.union([
  z.object({ active: z.literal(false).describe('Nothing else is told. / 不透露其他信息。') }).meta({
    id: 'InactiveToken',
    description:
      'Unknown, tampered, expired, revoked or another project’s. / 未知、被篡改、已过期、已撤销或属于其他项目。',
  }),
  z
    .object({
      active,
      token_type: z.literal('Bearer').describe('An access token. / 访问令牌。'),
      ...accessTokenClaimsSchema.shape,
    })
    .meta({ id: 'ActiveAccessToken', description: 'The claims of an access token. / 访问令牌的声明。' }),
  z
    .object({
      active,
      token_type: z.literal('refresh_token').describe('A refresh token. / 刷新令牌。'),
      owner_id: z.string().describe('The project (XownerId). / 所属项目（XownerId）。'),
      id: z.string().describe('The user’s identifier within the project. / 项目内的用户标识。'),
      client_id: z.string().describe('The client application of the session. / 会话所属的客户端应用。'),
      sid: z.string().describe('The session. / 会话标识。'),
      iat: z.int().describe('The login: seconds since the Unix epoch. / 登录时间，Unix 秒。'),
      exp: z
        .int()
        .describe(
          'The earlier of the idle and the absolute end: seconds since the Unix epoch. / 空闲到期与绝对到期中较早者，Unix 秒。',
        ),
      token_seq: z
        .int()
        .describe('The number of the session’s newest refresh token. / 会话最新刷新令牌的序号。'),
    })
    .meta({
      id: 'ActiveRefreshToken',
      description: 'The session of a refresh token. / 刷新令牌所属的会话。',
    }),
]);

export type Introspected = z.infer<typeof introspectedSchema>;

const INACTIVE: Introspected = { active: false };

/**
 * Says whether a token is active, and for an active one what it stands for. An inactive token discloses nothing else.
 *
 * @see RFC 7662 §2.2
 */
@Injectable()
export class Introspection {
  constructor(
    private readonly clock: Clock,
    private readonly accessTokens: AccessTokens,
    private readonly bearers: BearerSessions,
    private readonly judge: SessionJudge,
  ) {}

  /** A text with dots may also be a refresh token: one that was issued elsewhere can be a JWT. */
  async introspect(tenant: Tenant, token: string): Promise<Introspected> {
    const found = token.includes('.') ? await this.accessToken(tenant, token) : INACTIVE;
    return found.active ? found : this.refreshToken(tenant, token);
  }

  private async accessToken(tenant: Tenant, token: string): Promise<Introspected> {
    const claims = await this.accessTokens.verify(tenant.project, token, this.clock.now());
    if (claims === null || (await this.bearers.alive(tenant.project, claims)) === null) return INACTIVE;
    return { active: true, token_type: 'Bearer', ...claims };
  }

  /** Judges the token as a refresh would, without the effects of one. */
  private async refreshToken(tenant: Tenant, token: string): Promise<Introspected> {
    const judged = await this.judge.judge(tenant.project, token, this.clock.now(), STALENESS_MS);
    if (judged === null || !isGranting(judged.decision)) return INACTIVE;
    const session = judged.read.value;
    return {
      active: true,
      token_type: 'refresh_token',
      owner_id: session.ownerId,
      id: session.userId,
      client_id: session.clientId,
      sid: session.id,
      iat: Math.floor(session.createdAt / 1000),
      exp: Math.floor(Math.min(session.idleExpiresAt ?? Infinity, session.expiresAt) / 1000),
      token_seq: session.tokenSeq,
    };
  }
}
