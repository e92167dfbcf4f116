import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { TenantProject } from '../tenancy/tenant.js';
import type { User } from '../tenancy/user.entity.js';
import { AUDIENCE, ISSUER } from './access-token-key.js';
import { KeyRings } from './key-rings.js';
import type { Session } from './session.js';

/**
 * The claims of an access token (RFC 7519), in the order in which the documented sample has them; lists are
 * joined by commas and all but the times are strings. The last three are added: a token of many tenants is
 * unsafe without them.
 */
export interface AccessTokenClaims {
  iss: string;
  aud: string;
  id: string;
  name: string;
  client_id: string;
  /** `exp` as `YYYY/M/D HH:mm:ss` in the project's time zone. */
  expires: string;
  open_id: string;
  wb_id: string;
  wx_open_id: string;
  wx_union_id: string;
  telephone: string;
  push_name: string;
  head_icon: string;
  dep_id: string;
  sys_id: string;
  merge_user_id: string;
  area_code: string;
  role_id: string;
  developer: '0' | '1';
  /** Seconds since the epoch, as `exp` and `iat`. */
  nbf: number;
  exp: number;
  iat: number;
  owner_id: string;
  /** The session. */
  sid: string;
  jti: string;
}

/** Signs and verifies access tokens. */
@Injectable()
export class AccessTokens {
  constructor(private readonly keys: KeyRings) {}

  /** @returns the token, and in how many seconds it expires */
  async sign(
    project: TenantProject,
    user: User,
    session: Pick<Session, 'id' | 'clientId' | 'expiresAt'>,
    now: number,
  ): Promise<{ accessToken: string; expiresIn: number }> {
    const iat = Math.floor(now / 1000);
    // No access token outlives its session's absolute end.
    const exp = Math.max(
      iat + 1,
      Math.min(iat + project.accessTokenSeconds, Math.floor(session.expiresAt / 1000)),
    );
    const claims: AccessTokenClaims = {
      iss: ISSUER,
      aud: AUDIENCE,
      id: user.userId,
      name: user.userName,
      client_id: session.clientId,
      expires: project.zone.formatClaim(exp * 1000),
      open_id: user.openId,
      wb_id: user.wbId,
      wx_open_id: user.wxOpenId,
      wx_union_id: user.wxUnionId,
      telephone: user.telephone,
      push_name: user.pushName,
      head_icon: user.headIcon,
      dep_id: user.depId.join(','),
      sys_id: user.sysId.join(','),
      merge_user_id: user.mergeUserId.join(','),
      area_code: user.areaCode.join(','),
      role_id: user.roleId.join(','),
      developer: user.developer === 1 ? '1' : '0',
      nbf: iat,
      exp,
      iat,
      owner_id: project.ownerId,
      sid: session.id,
      jti: randomUUID(),
    };
    const signer = await this.keys.signer(project.ownerId);
    return { accessToken: signer.sign(claims), expiresIn: exp - iat };
  }

  /**
   * @returns the claims of a token that we signed for this project, that is meant for the API and has not
   * expired; else `null`
   * @see RFC 8725 §3.1: the token names its key, and the key alone its algorithm
   */
  async verify(project: TenantProject, token: string, now: number): Promise<AccessTokenClaims | null> {
    const kid = keyIdOf(token);
    const verifier = kid === null ? null : await this.keys.verifier(project.ownerId, kid);
    if (verifier === null) return null;
    try {
      const claims = verifier.verify<AccessTokenClaims>(token, { clockTimestamp: Math.floor(now / 1000) });
      return claims.owner_id === project.ownerId ? claims : null;
    } catch {
      return null;
    }
  }
}

/** The `kid` of a token whose parts are as a signer writes them; `null` for any other text. */
function keyIdOf(token: string): string | null {
  const [header, , signature = '', ...rest] = token.split('.');
  // Of several texts for the same bytes only one is the token. The other two parts are signed as text.
  if (rest.length > 0 || Buffer.from(signature, 'base64url').toString('base64url') !== signature) return null;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header ?? '', 'base64url').toString());
    const kid = typeof parsed === 'object' && parsed !== null ? (parsed as { kid?: unknown }).kid : null;
    return typeof kid === 'string' ? kid : null;
  } catch {
    return null;
  }
}
