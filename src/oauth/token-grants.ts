import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessTokens } from '../auth/access-token/access-token.js';
import type { Client } from '../auth/client.js';
import { DpopProofs } from '../auth/dpop/dpop-proofs.js';
import { Login } from '../auth/login/login.js';
import { GRANT_TYPES, type GrantType, type OAuthClient } from '../auth/oauth-client/oauth-client.entity.js';
import { Refresh } from '../auth/refresh/refresh.js';
import type { Session } from '../auth/session/session.js';
import type { Granted } from '../auth/token-grant.js';
import { Clock } from '../config/clock.js';
import { errors } from '../response/error/error-catalogue.js';
import { Prepared } from '../response/prepared.js';
import type { Tenant } from '../tenancy/tenant.js';
import { type Form, optional, required } from './form.js';
import { grantedScope, scopeValues } from './scope.js';

/** @see RFC 6749 §5.1 */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer' | 'DPoP';
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token?: string;
  /** Where it is not what the client asked for. */
  readonly scope?: string;
}

/** One request to the token endpoint, by an authenticated client. */
export interface TokenRequest {
  readonly tenant: Tenant;
  readonly client: OAuthClient;
  readonly form: Form;
  readonly sender: Client;
  /** Aborted when the sender disconnects. */
  readonly signal: AbortSignal;
  /** For the proof of possession. */
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** The grants of the token endpoint, over the same engine as the documented calls. @see RFC 6749 §4.3, §4.4, §6 */
@Injectable()
export class TokenGrants {
  constructor(
    private readonly clock: Clock,
    private readonly logins: Login,
    private readonly refreshes: Refresh,
    private readonly accessTokens: AccessTokens,
    private readonly proofs: DpopProofs,
  ) {}

  /** @throws GRANT_TYPE_UNSUPPORTED, GRANT_TYPE_FORBIDDEN, SCOPE_INVALID, and what a login and a refresh throw */
  grant(request: TokenRequest): Promise<Prepared<TokenResponse>> {
    const { client, form } = request;
    const grantType = required(form, 'grant_type');
    if (!isGrantType(grantType)) throw errors.GRANT_TYPE_UNSUPPORTED();
    if (!client.grants.includes(grantType)) throw errors.GRANT_TYPE_FORBIDDEN({ detail: grantType });
    if (grantType === 'password') return this.byPassword(request);
    if (grantType === 'refresh_token') return this.byRefreshToken(request);
    return this.byClientCredentials(request);
  }

  private async byPassword(of: TokenRequest): Promise<Prepared<TokenResponse>> {
    const { tenant, client, form, sender, signal } = of;
    const credentials = {
      userName: required(form, 'username', 64),
      password: required(form, 'password', 1024),
      code: optional(form, 'code', 64),
      clientId: client.clientId,
    };
    const requested = optional(form, 'scope');
    const terms = {
      scope: grantedScope(requested, client.scopes),
      clientAuthenticated: client.type === 'confidential',
      dpopJkt: await this.keyOf(of),
    };
    const prepared = await this.logins.login(tenant, credentials, sender, signal, terms);
    // A client without that grant could not use the refresh token.
    return sent(prepared, requested, terms.scope, client.grants.includes('refresh_token'));
  }

  private async byRefreshToken(of: TokenRequest): Promise<Prepared<TokenResponse>> {
    const { tenant, client, form, sender, request, reply } = of;
    const token = required(form, 'refresh_token', 4096);
    const requested = optional(form, 'scope');
    let scope: string | null = null;
    const admit = async (session: Session): Promise<string | null> => {
      // As for a token that does not exist.
      if (!belongsTo(session, client)) throw errors.REFRESH_TOKEN_EXPIRED({ detail: 'of another client' });
      await this.proofs.admit(request, reply, tenant.project, session, token);
      scope = grantedScope(requested, scopeValues(session.scope));
      return scope;
    };
    const prepared = await this.refreshes.refresh(tenant, token, sender, admit);
    return sent(prepared, requested, scope, true);
  }

  /** For a service: there is no user, no session, and no refresh token. */
  private async byClientCredentials(of: TokenRequest): Promise<Prepared<TokenResponse>> {
    const { tenant, client, form } = of;
    const requested = optional(form, 'scope');
    const scope = grantedScope(requested, client.scopes);
    const dpopJkt = await this.keyOf(of);
    const { accessToken, expiresIn } = await this.accessTokens.signForService(
      tenant.project,
      { clientId: client.clientId, scope, dpopJkt },
      this.clock.now(),
    );
    return new Prepared<TokenResponse>({
      access_token: accessToken,
      token_type: dpopJkt === null ? 'Bearer' : 'DPoP',
      expires_in: expiresIn,
      ...scopeMember(requested, scope),
    });
  }

  /** The key that the new tokens are bound to, if any. */
  private keyOf({ request, reply, tenant, client }: TokenRequest): Promise<string | null> {
    return this.proofs.keyOf(request, reply, tenant.project, client.clientId);
  }
}

/** A session that a confidential client has opened belongs to that client; any other to the client that it names. */
export function belongsTo(session: Session, client: OAuthClient): boolean {
  return (
    session.clientId === client.clientId && (!session.clientAuthenticated || client.type === 'confidential')
  );
}

function sent(
  prepared: Prepared<Granted>,
  requested: string | undefined,
  scope: string | null,
  withRefreshToken: boolean,
): Prepared<TokenResponse> {
  const { accessToken, tokenType, expiresIn, refreshToken } = prepared.data.grant;
  return prepared.with({
    access_token: accessToken,
    token_type: tokenType,
    expires_in: expiresIn,
    ...(withRefreshToken && { refresh_token: refreshToken }),
    ...scopeMember(requested, scope),
  });
}

/** @see RFC 6749 §5.1: required if it is not the scope that was requested */
function scopeMember(requested: string | undefined, scope: string | null): { scope?: string } {
  return scope === null || scope === requested ? {} : { scope };
}

function isGrantType(text: string): text is GrantType {
  return (GRANT_TYPES as readonly string[]).includes(text);
}
