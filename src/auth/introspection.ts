import { Injectable } from '@nestjs/common';
import { Clock } from '../config/clock.js';
import type { Tenant } from '../tenancy/tenant.js';
import { AccessTokens } from './access-token.js';
import { BearerSessions } from './bearer-session.js';
import { Refresh } from './refresh.js';

export type Introspected = { active: false } | ({ active: true } & Readonly<Record<string, unknown>>);

const INACTIVE: Introspected = { active: false };

/**
 * Tells what a token is worth right now, and nothing of one that is worth nothing.
 *
 * @see RFC 7662 §2.2
 */
@Injectable()
export class Introspection {
  constructor(
    private readonly clock: Clock,
    private readonly accessTokens: AccessTokens,
    private readonly bearers: BearerSessions,
    private readonly refresh: Refresh,
  ) {}

  introspect(tenant: Tenant, token: string): Promise<Introspected> {
    return token.includes('.') ? this.accessToken(tenant, token) : this.refreshToken(tenant, token);
  }

  private async accessToken(tenant: Tenant, token: string): Promise<Introspected> {
    const claims = this.accessTokens.verify(token, this.clock.now());
    if (claims === null || (await this.bearers.alive(tenant.project, claims)) === null) return INACTIVE;
    return { active: true, token_type: 'Bearer', ...claims };
  }

  /** Judged as a refresh would be, without its effects. */
  private async refreshToken(tenant: Tenant, token: string): Promise<Introspected> {
    const judged = await this.refresh.judge(tenant, token, this.clock.now());
    if (judged === null || ['refused', 'reused', 'superseded'].includes(judged.decision.kind))
      return INACTIVE;
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
