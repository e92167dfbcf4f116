import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { createHmac, randomUUID } from 'node:crypto';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { Step } from '../diagnostics/step.js';
import type { TenantProject } from '../tenancy/tenant.js';
import type { User } from '../tenancy/user.entity.js';
import type { Session } from './session.js';

export const ISSUER = 'RG3';
export const AUDIENCE = 'api';

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

/** The signature of one access token. */
export const signing = new Step('bo-auth:signing');

/** Names the key without telling anything of it. */
export function keyId(secret: string): string {
  return createHmac('sha256', secret).update('kid').digest('base64url').slice(0, 11);
}

/** Signs and verifies access tokens. */
@Injectable()
export class AccessTokens {
  private readonly kid: string;

  constructor(
    private readonly jwt: JwtService,
    @Inject(CONFIG) config: Config,
  ) {
    this.kid = keyId(config.jwtSecret);
  }

  /** @returns the token, and in how many seconds it expires */
  sign(
    project: TenantProject,
    user: User,
    session: Pick<Session, 'id' | 'clientId' | 'expiresAt'>,
    now: number,
  ): { accessToken: string; expiresIn: number } {
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
    return { accessToken: signing.runSync({}, () => this.jwt.sign(claims)), expiresIn: exp - iat };
  }

  /**
   * @returns the claims of a token that we signed, that is meant for the API and has not expired; else `null`
   * @see RFC 8725 §3.1: the algorithm is ours to say, never the token's
   */
  verify(token: string, now: number): AccessTokenClaims | null {
    try {
      const { header, payload } = this.jwt.verify<{ header: { kid?: string }; payload: AccessTokenClaims }>(
        token,
        {
          complete: true,
          algorithms: ['HS256'],
          issuer: ISSUER,
          audience: AUDIENCE,
          clockTimestamp: Math.floor(now / 1000),
        },
      );
      return header.kid === this.kid ? payload : null;
    } catch {
      return null;
    }
  }
}
