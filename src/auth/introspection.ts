import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Clock } from '../config/clock.js';
import { STALENESS_MS } from '../cache/staleness.js';
import type { Tenant } from '../tenancy/tenant.js';
import { TenantScope } from '../tenancy/tenant-scope.js';
import {
  accessTokenClaimsSchema,
  AccessTokens,
  serviceTokenClaimsSchema,
} from './access-token/access-token.js';
import { BearerSessions } from './bearer/bearer-session.js';
import { OAuthClients } from './oauth-client/oauth-clients.js';
import { isGranting } from './refresh-token/decide.js';
import { SessionJudge } from './refresh/session-judge.js';

const active = z.literal(true).describe('The token is active.');

/** What an introspection answers (RFC 7662 §2.2). */
export const introspectedSchema = z.union([
  z.object({ active: z.literal(false).describe('The token is not active. Nothing else is returned.') }).meta({
    id: 'InactiveToken',
    description: 'A token that is unknown, altered, expired, revoked or issued by another project.',
  }),
  z
    .object({
      active,
      token_type: z
        .literal(['Bearer', 'DPoP'])
        .describe('An access token. `DPoP`: it is good only with a proof by the key in `cnf`.'),
      ...accessTokenClaimsSchema.shape,
    })
    .meta({ id: 'ActiveAccessToken', description: 'The claims of an access token.' }),
  z
    .object({
      active,
      token_type: z.enum(['Bearer', 'DPoP']).describe('An access token.'),
      ...serviceTokenClaimsSchema.shape,
    })
    .meta({ id: 'ActiveServiceToken', description: 'The claims of the access token of a service.' }),
  z
    .object({
      active,
      token_type: z.literal('refresh_token').describe('A refresh token.'),
      owner_id: z.string().describe('The project (`XownerId`).'),
      id: z.string().describe('The user’s id, unique in the project.'),
      sub: z.string().describe('The same as `id`, under its registered name.'),
      scope: z.string().optional().describe('The OAuth scope of the session, where it has one.'),
      client_id: z.string().describe('The client application of the session.'),
      sid: z.string().describe('The session id.'),
      iat: z.int().describe('Time of the login, in Unix seconds.'),
      exp: z
        .int()
        .describe(
          'When the session expires, in Unix seconds: its idle or its absolute end, whichever comes first.',
        ),
      token_seq: z.int().describe('The number of the newest refresh token of the session.'),
    })
    .meta({
      id: 'ActiveRefreshToken',
      description: 'The session of a refresh token.',
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
    private readonly scope: TenantScope,
    private readonly clients: OAuthClients,
  ) {}

  /** A text with dots may also be a refresh token: one that was issued elsewhere can be a JWT. */
  async introspect(tenant: Tenant, token: string): Promise<Introspected> {
    const found = token.includes('.') ? await this.accessToken(tenant, token) : INACTIVE;
    const answer = found.active ? found : await this.refreshToken(tenant, token);
    if (answer.active) await this.scope.assertKnown(tenant);
    return answer;
  }

  private async accessToken(tenant: Tenant, token: string): Promise<Introspected> {
    const now = this.clock.now();
    const claims = await this.accessTokens.verify(tenant.project, token, now);
    if (claims === null) return this.serviceToken(tenant, token, now);
    const found = await this.bearers.find(tenant.project, claims);
    if (found === null || found.refusal !== null) return INACTIVE;
    return { active: true, token_type: claims.cnf === undefined ? 'Bearer' : 'DPoP', ...claims };
  }

  /** A service's tokens end with its registration. */
  private async serviceToken({ project }: Tenant, token: string, now: number): Promise<Introspected> {
    const claims = await this.accessTokens.verifyForService(project, token, now);
    if (claims === null || (await this.clients.find(project.ownerId, claims.sub)) === null) return INACTIVE;
    return { active: true, token_type: claims.cnf === undefined ? 'Bearer' : 'DPoP', ...claims };
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
      sub: session.userId,
      ...(session.scope && { scope: session.scope }),
      client_id: session.clientId,
      sid: session.id,
      iat: Math.floor(session.createdAt / 1000),
      exp: Math.floor(Math.min(session.idleExpiresAt ?? Infinity, session.expiresAt) / 1000),
      token_seq: session.tokenSeq,
    };
  }
}
